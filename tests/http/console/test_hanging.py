"""What hangs on a lead is read once and at once, however much of it there is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.ledger import hold, pause
from leads.http.console.hanging import hanging_on
from leads.inquiries.receive import Arrival, receive
from leads.people.models import Person
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead, Note
from leads.scans.settle import give_to
from leads.todos.open import open_todo
from tests.cast import ACTOR, make_lead, submission
from tests.http.console.conftest import Browser
from tests.scans.cast import make_scan
from tests.statements import reads_counted

# Of these four are of who is signed in, of the tabs and of the worklist; what hangs on the lead is asked for in two round trips.
MOST = 16


@pytest.fixture
def asked(session: Session, tuesday: object) -> Lead:
    """Ana's lead as her inquiry made it."""
    receipt = receive(session, submission(), Arrival("page"))
    session.commit()
    return by_number(session, receipt.number)


def test_the_page_of_an_ordinary_lead_takes_few_statements(coordinator: Browser, asked: Lead) -> None:
    with reads_counted() as statements:
        page = coordinator.get(f"/console/leads/{asked.number}").text
    assert "Lead opened" in page
    assert len(statements) <= MOST, "\n\n".join(statements)


def test_more_of_the_same_takes_no_more_statements(coordinator: Browser, session: Session, asked: Lead) -> None:
    def statements(notes: int) -> int:
        session.add_all([Note(lead_id=asked.id, text=f"Number {each}.", kind="note", actor=ACTOR, at=now()) for each in range(notes)])
        open_todo(session, f"kind-{notes}", person_id=asked.person_id, lead_id=asked.id, due_at=now())
        session.commit()
        with reads_counted() as seen:
            coordinator.get(f"/console/leads/{asked.number}")
        return len(seen)

    assert statements(notes=1) == statements(notes=20)


def test_tables_without_a_row_of_the_lead_are_not_read(session: Session, tuesday: object) -> None:
    lead = make_lead(session)
    person = session.get_one(Person, lead.person_id)
    with reads_counted() as statements:
        hanging_on(session, lead, person)
    _, _, *read = (each.partition("\nFROM ")[2].split()[0] for each in statements)
    assert read == ["confirmations", "consents"]


def test_what_hangs_on_somebody_elses_lead_is_not_among_it(session: Session, tuesday: object) -> None:
    lead, other = make_lead(session), make_lead(session)
    for each in (lead, other):
        hold(session, each.person_id, reason="inquiry")
        open_todo(session, "look", person_id=each.person_id, lead_id=each.id, due_at=now())
    its = hanging_on(session, lead, session.get_one(Person, lead.person_id))
    assert {each.person_id for each in its.holds} == {lead.person_id}
    assert {each.lead_id for each in its.todos} == {lead.id}


def test_an_older_page_tells_less_of_the_story_and_as_much_of_what_stands(
    coordinator: Browser, session: Session, asked: Lead, tuesday: Callable[[timedelta], None]
) -> None:
    before = now() - timedelta(days=1)
    give_to(session, make_scan(session).id, asked, actor=ACTOR)
    pause(session, asked.person_id, now() + timedelta(days=9), reason="asked", actor=ACTOR)
    session.commit()
    page = coordinator.get(f"/console/leads/{asked.number}", params={"before": before.isoformat()}).text
    for standing in ("I would like to know more.", "fax.pdf", "Pause ends early"):
        assert standing in page
    assert "Lead opened" not in page
    assert "Mails paused until" not in page
