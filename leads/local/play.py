"""Playing a synthetic person's story through the real verbs, at the times at which it happened."""

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads import clock, db
from leads.accounts.models import Account
from leads.appointments.follow import move_lead
from leads.clinic.profile import clinic
from leads.consent.ledger import open_holds
from leads.inquiries.receive import Arrival, receive
from leads.inquiries.submission import Submission
from leads.local.demo import Character
from leads.local.visit import book_ahead, book_visit, keep_visit, miss_visit
from leads.messages.carriers.base import Carrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.pipeline.confirm import confirm_address
from leads.pipeline.contact import log_call
from leads.pipeline.models import Lead
from leads.pipeline.unsubscribe import stop_topic
from leads.safety.release import Disposition, release

ROLES = ("coordinator", "clinician", "supervisor")
WAY = ("new", "contacted", "screening", "qualified", "booked", "in_care")
Event = tuple[datetime, Callable[[Session], object]]


def play(character: Character, carrier: Carrier, *, until: datetime, actor: str) -> None:
    """Live through one story up to `until`; its mails go out at their times, and all of it is committed at once."""
    with db.engine().connect() as connection, connection.begin(), db.joined_to(connection):
        with clock.frozen(character.wrote_at), db.transaction() as session:
            lead_id = _write(session, character)
        events = sorted(_events(character, lead_id, actor, until=until), key=lambda event: event[0])
        for at, happen in [event for event in events if event[0] < until]:
            mails_until(at, lead_id, carrier)
            with clock.frozen(at), db.transaction() as session:
                happen(session)
        mails_until(until, lead_id, carrier)


def first_account(session: Session) -> str:
    """Return the actor in whose name the demo's coordinators act."""
    account_id = session.scalar(select(Account.id).order_by(Account.created_at).limit(1))
    return f"account:{account_id}" if account_id else "system"


def _write(session: Session, character: Character) -> uuid.UUID:
    receive(session, Submission.model_validate(character.asked), Arrival("page"))
    return session.scalars(select(Lead.id).order_by(Lead.serial.desc()).limit(1)).one()


def mails_until(moment: datetime, lead_id: uuid.UUID, carrier: Carrier) -> None:
    """Send a lead's mails that are due up to a moment, each at its time."""
    while True:
        with db.transaction() as session:
            due = session.scalar(select(func.min(Message.due_at)).where(Message.lead_id == lead_id, Message.state == "planned"))
        if due is None or due > moment:
            return
        with clock.frozen(due + timedelta(seconds=1)):
            drain(LANES, carrier=carrier)


def _events(character: Character, lead_id: uuid.UUID, actor: str, *, until: datetime) -> list[Event]:
    wrote, events = character.wrote_at, list[Event]()
    if character.confirms_after is not None:
        events.append((wrote + character.confirms_after, lambda session: _confirm(session, lead_id)))
    if character.called_after is not None:
        events.append((at_work(wrote + character.called_after), lambda session: _call(session, lead_id, character.reached, actor)))
        events += _journey(character, lead_id, actor, until=until)
    if character.stops_after is not None:
        events.append((wrote + character.stops_after, lambda session: _stop(session, lead_id)))
    return events


def _journey(character: Character, lead_id: uuid.UUID, actor: str, *, until: datetime) -> list[Event]:
    at, moments = character.wrote_at + (character.called_after or timedelta()), dict[str, datetime]()
    for stage, step in zip(WAY[2 : WAY.index(character.goes_to) + 1], character.steps, strict=False):
        at += step
        moments[stage] = at_work(at)
    events = [(moment, _step(character, lead_id, stage, moments, actor, until)) for stage, moment in moments.items()]
    if character.outcome is not None:
        closes = at_work(at + character.steps[-1])
        events.append((closes, lambda session: _move(session, lead_id, "closed", actor, character.outcome)))
    elif (booked := moments.get("booked")) and character.goes_to == "booked" and not _is_ahead(booked, until):
        events.append((at_work(booked + timedelta(days=7)), lambda session: miss_visit(session, lead_id, actor=actor)))
    return events


def _step(
    character: Character, lead_id: uuid.UUID, stage: str, moments: Mapping[str, datetime], actor: str, until: datetime
) -> Callable[[Session], object]:
    """Return what brings a lead to a stage: a visit to `booked`, its being kept to `in_care`, a button to all others."""
    if stage == "in_care":
        return lambda session: keep_visit(session, lead_id, actor=actor)
    if stage != "booked":
        return lambda session: _move(session, lead_id, stage, actor, None)
    if character.goes_to == "booked" and _is_ahead(moments[stage], until):
        return lambda session: _book(session, lead_id, actor, after=until)
    return lambda session: _book(session, lead_id, actor, before=moments.get("in_care"))


def _is_ahead(booked: datetime, until: datetime) -> bool:
    # Who booked lately has their visit still before them; who booked long ago and did not come has missed it.
    return until - booked < timedelta(days=40)


def _book(session: Session, lead_id: uuid.UUID, actor: str, *, before: datetime | None = None, after: datetime | None = None) -> None:
    if session.get_one(Lead, lead_id).stage != "qualified":
        return
    if after is None or book_ahead(session, lead_id, after=after, actor=actor) is None:
        book_visit(session, lead_id, actor=actor, before=before)


def at_work(moment: datetime) -> datetime:
    """Return a few minutes of office hours later: nobody moves a lead at night."""
    return clock.add_business_time(clinic().office(None).calendar, moment, 9)


def _confirm(session: Session, lead_id: uuid.UUID) -> None:
    lead = session.get_one(Lead, lead_id)
    message = session.scalar(select(Message).where(Message.lead_id == lead_id, Message.template == "inquiry-received"))
    if message is not None and message.state == "sent":
        confirm_address(session, lead_id, method="button", actor=f"person:{lead.person_id}")


def _call(session: Session, lead_id: uuid.UUID, reached: bool, actor: str) -> None:
    lead = session.get_one(Lead, lead_id)
    if open_holds(session, lead.person_id) and reached:
        found = Disposition("safety-plan", "Spoke by phone. No danger now; a plan is agreed.")
        release(session, lead.person_id, actor=actor, roles=ROLES, disposition=found)
    log_call(session, lead_id, result="reached" if reached else "no-answer", note=None, actor=actor)


def _move(session: Session, lead_id: uuid.UUID, to: str, actor: str, outcome: str | None) -> None:
    lead = session.get_one(Lead, lead_id)
    if lead.stage == "new" and to not in ("contacted", "screening", "closed"):
        return
    move_lead(session, lead_id, to, version=lead.version, actor=actor, roles=ROLES, outcome=outcome)


def _stop(session: Session, lead_id: uuid.UUID) -> None:
    lead = session.get_one(Lead, lead_id)
    stop_topic(session, lead.person_id, "education")
