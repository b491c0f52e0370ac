"""A life lived through with the engine itself: a real database, the clock put on to whatever is next, each mail taken by a carrier."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from leads.clinic.profile import Mail, clinic
from leads.clock import frozen, local_to_utc, now
from leads.messages.carriers.base import Envelope, Receipt
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.pace import Pace
from leads.pipeline.facts import facts_about
from leads.pipeline.models import Lead
from leads.pipeline.unsubscribe import stop_topic
from leads.sequences.answer import replied
from leads.sequences.assume import Assumption, assumption
from leads.sequences.definitions import Sequence
from leads.sequences.hand_over import due, finish, finish_all, open_due
from leads.sequences.models import Enrolment
from leads.sequences.place import Appointment
from leads.sequences.rest import pause
from leads.sequences.retime import appointment_changed, facts_changed
from leads.sequences.stop import stop_for
from leads.todos.models import Todo
from tests.cast import make_confirmed_person, make_lead
from tests.sequences.conftest import enrolled, publish_only
from tests.sequences.worlds import Life

TOO_MANY = 300


@dataclass
class Recorder:
    """A carrier that takes everything and writes down what it took, and when."""

    name: str = "recorder"
    goes_at_once: bool = False
    took: list[tuple[str, datetime, str]] = field(default_factory=list)
    offered: tuple[Envelope, bytes] | None = None

    def begin(self, envelope: Envelope) -> bool:
        return False

    def offer(self, envelope: Envelope, mime: bytes) -> None:
        self.offered = envelope, mime

    def release(self) -> None:
        """The clock stands still: what is said of it is said with the answer."""

    def answer(self) -> Receipt:
        assert self.offered is not None
        envelope, mime = self.offered
        subject = str(message_from_bytes(mime, policy=default)["Subject"])
        self.took.append((str(envelope.message_id), now(), subject))
        return Receipt(250, "2.0.0")

    def withdraw(self) -> None:
        self.offered = None

    def close(self) -> None:
        self.offered = None


@contextmanager
def begun(session: Session, sequence: Sequence, life: Life) -> Iterator["Lived"]:
    """Yield a life at its start, enrolled; all of it is undone in the end."""
    with pytest.MonkeyPatch.context() as patched, frozen(life.start), session.begin_nested() as attempt:
        a_day, a_week = life.caps
        caps = {"caps": {"a_day": a_day, "a_week": a_week}}
        patched.setitem(clinic().__dict__, "mail", Mail.model_validate(clinic().mail.model_dump() | caps))
        # How fast a backlog goes is the pace's matter, and by the clock of the world.
        patched.setattr(Pace, "place_late", lambda _: 0.0)
        publish_only(session, patched, sequence)
        yield Lived(session, life)
        attempt.rollback()


class Lived:
    """One life under way."""

    def __init__(self, session: Session, life: Life) -> None:
        self.session, self.life, self.carrier = session, life, Recorder()
        person = make_confirmed_person(session, **({} if life.phone else {"phone": None}))
        self.lead: Lead = make_lead(session, person, office=life.office)
        visit = (
            {"appointment": {"id": "v", "version": 1, "starts_at": (now() + life.visit_in).isoformat()}}
            if life.visit_in is not None
            else {}
        )
        self.version = 1 if visit else 0
        self.enrolment: Enrolment = enrolled(session, self.lead, "story", **facts_about(session, self.lead), **visit)
        session.flush()

    def live(self) -> Iterator[None]:
        """Live to the end, with a stop after whatever has happened."""
        left = [assumption(said) for said in self.life.events]
        for _ in range(TOO_MANY):
            while left and self.on_day(left[0].day) <= now():
                self.happens(left.pop(0))
                self.session.flush()
                yield
            for each in due(self.session):
                open_due(self.session, each)
            self.session.flush()
            drain(LANES, carrier=self.carrier)
            self.session.expire_all()
            yield
            coming = [*self.waiting(), *(self.on_day(each.day) for each in left)]
            if not coming:
                return
            self.until(min(coming))
        raise AssertionError("it never ends")

    def until(self, moment: datetime) -> None:
        """Put the clock on."""
        from leads import clock

        clock._frozen[-1] = max(moment, now())

    def waiting(self) -> list[datetime]:
        """Return when mails and to-dos that wait are due."""
        rows = select(Message.due_at).where(Message.state == "planned", Message.enrolment_id == self.enrolment.id)
        steps = select(Enrolment.next_todo_at).where(Enrolment.ended_at.is_(None), Enrolment.next_todo_at.is_not(None))
        return [moment for moment in self.session.scalars(union_all(rows, steps)) if moment]

    def on_day(self, day: int, at: time | None = None) -> datetime:
        """Return the moment of a day after the start, at the start's own time of day."""
        zone = clinic().office(self.life.office).zone
        here = self.life.start.astimezone(zone)
        return local_to_utc(here.date() + timedelta(days=day), at or here.time(), zone)

    def happens(self, event: Assumption) -> None:
        """Let an assumption come true, by the verbs that the real events call."""
        session, lead, whose = self.session, self.lead, self.lead.person_id
        match event.kind:
            case "replies":
                replied(session, whose, lead_id=lead.id, actor="system")
            case "pauses":
                pause(session, whose, self.on_day(event.other or 0, time(0)), reason="asked", actor="system")
            case "moves":
                self._moves_to(event.what)
            case "withdraws":
                stop_topic(session, whose, event.what)
            case "asks-to-stop":
                stop_topic(session, whose, None)
            case "misses-visit":
                facts_changed(session, lead.id, {"visit.missed": True}, actor="system")
            case "does":
                for todo_id in session.scalars(select(Todo.id).where(Todo.step.is_not(None), Todo.done_at.is_(None))).all():
                    finish(session, todo_id, actor="system", outcome="done")
            case _:
                self._visit(event)

    def _moves_to(self, stage: str | None) -> None:
        self.lead.stage = stage or ""
        stop_for(self.session, f"stage:{stage}", lead_id=self.lead.id, actor="system")
        # Whoever gets there was spoken with.
        finish_all(self.session, "call", lead_id=self.lead.id, actor="system", outcome="reached")

    def _visit(self, event: Assumption) -> None:
        self.version += 1
        if event.kind == "books":
            self._moves_to("booked")
        visit = None if event.kind == "cancels-visit" else Appointment("v", self.version, self.on_day(event.other or 0))
        facts = facts_about(self.session, self.lead)
        appointment_changed(self.session, visit, person_id=self.lead.person_id, lead_id=self.lead.id, facts=facts, actor="system")
        if event.kind == "cancels-visit" and self.lead.stage == "booked":
            self._moves_to("qualified")

    def sent(self) -> list[tuple[str, int, datetime, str]]:
        """Return step, occurrence, moment and subject of every mail that went."""
        rows = {str(row.id): row for row in self.session.scalars(select(Message).where(Message.enrolment_id == self.enrolment.id))}
        return sorted((rows[id].step or "", rows[id].occurrence, at, subject) for id, at, subject in self.carrier.took)
