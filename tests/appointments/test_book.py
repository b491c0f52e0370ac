"""Booking: the slot, the lead, the mails and the referrer go together, or nothing does."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.book import book, confirm, offer
from leads.appointments.find import events_of
from leads.appointments.move import move
from leads.appointments.slots import outside
from leads.audit.models import AuditEntry
from leads.clock import now
from leads.consent.ledger import hold
from leads.errors import Conflict, Invalid, StaleVersion
from leads.messages.models import Message
from leads.todos.models import Todo
from tests.appointments.visits import NEXT_WEEK, at_once, booked, moment, ready, slot, templates, todos
from tests.cast import ACTOR, make_confirmed_person, make_lead, make_person

Advance = Callable[[timedelta], None]


def test_a_booked_visit_moves_its_lead(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    visit = book(session, lead.id, slot(), actor=ACTOR)
    assert (visit.state, visit.version, lead.stage) == ("booked", 1, "booked")


def test_the_patient_hears_at_once_and_is_reminded(session: Session, tuesday: Advance) -> None:
    booked(session)
    assert at_once(session) == ["visit-booked"]
    assert {"visit-prepare", "visit-tomorrow", "visit-today"} <= set(templates(session))


def test_the_mail_knows_all_a_calendar_needs(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    mail = session.scalars(select(Message).where(Message.template == "visit-booked")).one()
    assert mail.facts == {
        "visit_at": "2026-10-13T13:00:00+00:00",
        "visit_ends": "2026-10-13T14:00:00+00:00",
        "office": "new-haven",
        "appointment": str(visit.id),
        "ics_sequence": 0,
    }
    assert mail.useful_until == visit.starts_at


def test_the_lead_goes_to_the_office_of_its_visit(session: Session, tuesday: Advance) -> None:
    lead = ready(session, office="none")
    book(session, lead.id, slot(10, calendar="clinician-c"), actor=ACTOR)
    assert lead.office == "woodbury"


def test_every_step_is_on_record(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    (event,) = events_of(session, visit.id)
    assert (event.event, event.by, event.version) == ("booked", ACTOR, 1)
    assert session.scalar(select(AuditEntry).where(AuditEntry.action == "appointment.booked", AuditEntry.subject_id == visit.id))


@pytest.mark.parametrize(
    ("stage", "way_out"), [("screening", "A clinician says"), ("in_care", "not booked here"), ("closed", "Open it again")]
)
def test_a_lead_that_is_not_ready_is_refused_with_the_way_out(session: Session, tuesday: Advance, stage: str, way_out: str) -> None:
    with pytest.raises(Conflict, match=way_out):
        book(session, ready(session, stage=stage).id, slot(), actor=ACTOR)


def test_a_second_visit_is_refused(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    with pytest.raises(Conflict, match="has a visit already, Tuesday, October 13, 9:00 AM"):
        book(session, visit.lead_id, slot(10), actor=ACTOR)


def test_a_slot_just_taken_names_the_next_free_ones(session: Session, tuesday: Advance) -> None:
    booked(session)
    other = ready(session, person=make_person(session, email="other@example.com"))
    with pytest.raises(Conflict, match=r"9:00 AM has just been taken. Free next: Tuesday, October 13, 10:00 AM; .*11:00 AM") as refusal:
        book(session, other.id, slot(), actor=ACTOR)
    assert refusal.value.code == "slot_taken"
    assert other.stage == "qualified"


def test_a_time_at_which_no_visit_begins_is_refused(session: Session, tuesday: Advance) -> None:
    chosen = slot()._replace(starts_at=moment(NEXT_WEEK, 9, 30))
    with pytest.raises(Invalid, match="No visit begins then"):
        book(session, ready(session).id, chosen, actor=ACTOR)


def test_a_time_that_has_passed_is_refused(session: Session, tuesday: Advance) -> None:
    with pytest.raises(Invalid, match="This time has passed"):
        book(session, ready(session).id, outside("woodbury", now()), actor=ACTOR)


def test_a_visit_agreed_elsewhere_needs_no_calendar(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    visit = book(session, lead.id, outside("woodbury", moment(NEXT_WEEK, 20)), actor=ACTOR)
    assert (visit.calendar, visit.office, lead.stage) == (None, "woodbury", "booked")


def test_a_lead_somebody_changed_is_not_booked(session: Session, tuesday: Advance) -> None:
    lead = ready(session, version=4)
    with pytest.raises(StaleVersion):
        book(session, lead.id, slot(), actor=ACTOR, version=3)


def test_during_a_hold_somebody_calls_instead(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    hold(session, lead.person_id, reason="test")
    book(session, lead.id, slot(), actor=ACTOR)
    assert at_once(session) == []
    assert "call-visit" in todos(session)


def test_each_mail_that_a_hold_silenced_is_named(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    hold(session, lead.person_id, reason="test")
    visit = book(session, lead.id, slot(), actor=ACTOR)
    move(session, visit.id, slot(10), version=1, actor=ACTOR)
    notes = "\n".join(note or "" for note in (todo.note for todo in session.scalars(select(Todo).where(Todo.kind == "call-visit"))))
    assert "visit-booked" in notes
    assert "visit-moved" in notes


def test_an_offer_keeps_its_slot_and_leaves_the_lead(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    visit = offer(session, lead.id, slot(), actor=ACTOR)
    assert (visit.state, lead.stage, at_once(session)) == ("offered", "qualified", ["visit-offered"])
    assert visit.offered_until == now() + timedelta(hours=48)
    other = ready(session, person=make_person(session, email="other@example.com"))
    with pytest.raises(Conflict, match="just been taken"):
        book(session, other.id, slot(), actor=ACTOR)


def test_an_offer_stands_no_longer_than_its_time(session: Session, tuesday: Advance) -> None:
    visit = offer(session, ready(session).id, slot(13, day=NEXT_WEEK.replace(day=7), calendar="clinician-b"), actor=ACTOR)
    assert visit.offered_until == visit.starts_at


def test_a_second_offer_is_refused(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    offer(session, lead.id, slot(), actor=ACTOR)
    with pytest.raises(Conflict, match="has an offer already"):
        offer(session, lead.id, slot(10), actor=ACTOR)


def test_nobody_is_offered_what_they_cannot_read(session: Session, tuesday: Advance) -> None:
    lead = ready(session, person=make_person(session, email=None))
    with pytest.raises(Conflict, match="no e-mail address"):
        offer(session, lead.id, slot(), actor=ACTOR)


def test_an_offer_becomes_the_visit_that_is_booked(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    offered = offer(session, lead.id, slot(), actor=ACTOR)
    visit = book(session, lead.id, slot(11), actor=ACTOR)
    assert visit.id == offered.id
    assert (visit.starts_at, visit.offered_until) == (moment(NEXT_WEEK, 11), None)
    assert at_once(session) == ["visit-booked"]


def test_a_patient_says_yes_to_an_offer(session: Session, tuesday: Advance) -> None:
    lead = ready(session)
    visit = offer(session, lead.id, slot(), actor=ACTOR)
    confirm(session, visit.id, version=visit.version, actor=f"person:{lead.person_id}")
    assert (visit.state, visit.confirmed_at, lead.stage) == ("booked", now(), "booked")


def test_yes_said_twice_is_one_yes(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    confirm(session, visit.id, version=1, actor=ACTOR)
    assert confirm(session, visit.id, version=1, actor=ACTOR).version == 2


def test_an_offer_that_is_over_cannot_be_taken(session: Session, tuesday: Advance) -> None:
    visit = offer(session, ready(session).id, slot(), actor=ACTOR)
    tuesday(timedelta(hours=48))
    with pytest.raises(Conflict, match="not kept any more"):
        confirm(session, visit.id, version=visit.version, actor=ACTOR)


def test_yes_to_a_visit_that_was_moved_meanwhile_is_refused(session: Session, tuesday: Advance) -> None:
    visit = booked(session)
    move(session, visit.id, slot(10), version=1, actor=ACTOR)
    with pytest.raises(StaleVersion):
        confirm(session, visit.id, version=1, actor=ACTOR)


def test_a_lead_that_became_booked_before_there_were_calendars_gets_its_visit(session: Session, tuesday: Advance) -> None:
    lead = make_lead(session, make_confirmed_person(session), stage="booked")
    assert book(session, lead.id, slot(), actor=ACTOR).state == "booked"
