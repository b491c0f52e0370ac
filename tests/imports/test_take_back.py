"""Undoing an import: what nobody has touched goes, what somebody has worked on stays and says why."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.consent.ledger import granted
from leads.db import transaction
from leads.errors import Conflict
from leads.imports.models import Import
from leads.imports.prepare import undo
from leads.inquiries.receive import Arrival, receive
from leads.people.merge import merge
from leads.people.models import Person
from leads.pipeline.contact import log_call
from leads.pipeline.models import Lead, Standing
from leads.pipeline.notes import write
from leads.safety.disclose import disclose
from tests.cast import ACTOR, make_person, submission
from tests.imports.cast import ANA, BEN, CLEO, brought_in, lines_of, states_of, work

pytestmark = pytest.mark.usefixtures("tuesday")
DEE = ("Dee", "Lang", "dee@example.com", "", "", "", "", "", "Prefers mornings.")


def undone(session: Session, held: Import) -> list[tuple[str, str | None]]:
    undo(session, held.id, actor=ACTOR)
    work(session, held)
    return [(line.state, line.why) for line in lines_of(session, held)]


def test_who_was_only_brought_in_is_removed_without_a_trace(session: Session) -> None:
    make_person(session)
    assert undone(session, brought_in(session, BEN, CLEO, DEE)) == [("undone", None)] * 3
    assert (session.scalar(select(func.count()).select_from(Person)), session.scalar(select(func.count()).select_from(Lead))) == (1, 0)


def test_whose_consent_is_on_record_is_closed_and_forgotten(session: Session) -> None:
    held = brought_in(session, ANA)
    person_id, lead_id = lines_of(session, held)[0].person_id, lines_of(session, held)[0].lead_id
    assert person_id
    assert undone(session, held) == [("closed", "consent-on-record")]
    person, lead = session.get_one(Person, person_id), session.get_one(Lead, lead_id)
    assert (person.full_name, person.email, person.phone_index, granted(session, person_id)) == ("Removed", None, None, set())
    assert (lead.stage, lead.outcome) == ("closed", "import-undone")


def test_whom_a_colleague_called_stays(session: Session) -> None:
    held = brought_in(session, BEN, DEE)
    called = lines_of(session, held)[0].lead_id
    assert called
    log_call(session, called, result="no-answer", actor=ACTOR)
    assert undone(session, held) == [("kept", "worked-on"), ("undone", None)]


def test_of_whom_a_colleague_wrote_a_note_stays(session: Session, tuesday: Callable[[timedelta], None]) -> None:
    held = brought_in(session, BEN)
    lead_id = lines_of(session, held)[0].lead_id
    assert lead_id
    tuesday(timedelta(hours=1))
    write(session, lead_id, "Called the wrong number.", actor=ACTOR)
    assert undone(session, held)[0][0] == "kept"


def test_who_is_on_hold_stays(session: Session) -> None:
    held = brought_in(session, BEN)
    line = lines_of(session, held)[0]
    assert line.person_id
    assert line.lead_id
    disclose(session, line.person_id, line.lead_id, source="inquiry", actor="system")
    assert undone(session, held)[0][0] == "kept"


def test_who_wrote_to_us_since_stays_whatever_they_consented_to(session: Session) -> None:
    held = brought_in(session, ANA)
    receive(session, submission(), Arrival("page"))
    assert undone(session, held)[0][0] == "kept"


def test_whose_record_was_merged_with_another_stays(session: Session) -> None:
    known = make_person(session)
    held = brought_in(session, ANA)
    made = lines_of(session, held)[0].person_id
    assert made
    merge(session, made, known.id, actor=ACTOR)
    assert undone(session, held)[0][0] == "kept"


@pytest.mark.committed
def test_what_is_taken_back_is_gone_when_it_is_committed(database: None) -> None:
    with transaction() as session:
        held = brought_in(session, ANA, BEN)
    with transaction() as session:
        undo(session, held.id, actor=ACTOR)
        work(session, session.get_one(Import, held.id))
    with transaction() as session:
        assert states_of(session, session.get_one(Import, held.id)) == ["closed", "undone"]
        assert session.scalar(select(func.count()).select_from(Standing)) == 0


def test_what_was_undone_is_not_undone_again(session: Session) -> None:
    held = brought_in(session, BEN)
    undone(session, held)
    with pytest.raises(Conflict):
        undo(session, held.id, actor=ACTOR)
    assert states_of(session, held) == ["undone"]
