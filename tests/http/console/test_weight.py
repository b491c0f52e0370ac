"""A page of the console with all it links stays under 150 KB, however much there is to show."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.clock import now
from leads.pipeline.lists import NEEDS
from leads.pipeline.models import Lead, Note, Standing
from leads.todos.open import OWN, open_todo
from tests.accounts.cast import make_account
from tests.cast import make_lead, make_person
from tests.http.console.conftest import Browser
from tests.http.weight import LARGEST, weight_of

Advance = Callable[[timedelta], None]
WISH = "Ask her sister for the letter of her psychiatrist, and call the pharmacy. " * 6


def stand(session: Session, need: str, owner: Account, count: int = 12) -> None:
    """Leads of a colleague stand under a need, each with a long name and a long wish; written as the triggers would."""
    leads = [make_lead(session, make_person(session, given_name="Maximiliana", family_name="Featherstone-Haugh")) for _ in range(count)]
    for lead in leads:
        lead.assigned_to = owner.id
        open_todo(session, OWN, person_id=lead.person_id, lead_id=lead.id, due_at=now() + timedelta(days=30), note=WISH)
    session.flush()
    at = {"call-now": {"call_at": now()}, "today": {"act_at": now(), "call_at": None}}.get(need, {"call_at": None, "act_at": None})
    session.execute(update(Standing).where(Standing.id.in_([lead.id for lead in leads])).values(need=need, **at))


def test_the_worklist_stays_light_with_every_need_full(coordinator: Browser, session: Session, tuesday: Advance) -> None:
    robin = make_account(session, email="robin@example.com", name="Robin Aldersgate-Whitfield")
    for need in NEEDS:
        stand(session, need, robin, 51 if need == "today" else 12)
    session.commit()
    html = coordinator.get("/console").text
    shown = {need: html.partition(f'id="group-{need}"')[2].partition("</section>")[0].count('scope="row"') for need in NEEDS}
    assert all(shown[need] == (10 if need in ("safety", "call-now") else 5) + (need in ("to-review", "phone-instead")) for need in NEEDS), (
        shown
    )
    assert weight_of(coordinator, "/console") < LARGEST
    assert weight_of(coordinator, "/console?need=today") < LARGEST


def test_a_lead_with_a_long_story_stays_light(coordinator: Browser, session: Session, lead: Lead, tuesday: Advance) -> None:
    for number in range(90):
        words = f"Note {number}: she asks whether her sister may come along. " * 5
        session.add(Note(lead_id=lead.id, text=words, kind="note", actor="system", at=now() + timedelta(minutes=number)))
    session.commit()
    tuesday(timedelta(days=1))
    assert weight_of(coordinator, f"/console/leads/{lead.number}") < LARGEST
