"""What hangs on a lead: first in which tables there is anything, for most leads have something in few of them; then all of that at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.appointments.models import Appointment, AppointmentEvent
from leads.audit.models import AuditEntry
from leads.consent.models import Confirmation, ConsentEntry, Hold, Pause, Suppression
from leads.http.console import words
from leads.http.console.looks import Looked
from leads.http.console.parts import PARTS, reads
from leads.inbound.mail_models import InboundMail
from leads.inquiries.models import Inquiry
from leads.loop.models import Referral, ReferralEvent
from leads.messages.models import Message
from leads.people.models import Merge, Person
from leads.pipeline.models import Lead, Note, StageChange
from leads.questions import Question
from leads.round_trips import Statement, together
from leads.safety.models import Alarm
from leads.scans.models import Scan
from leads.screening.models import Screening
from leads.sequences.models import Enrolment
from leads.todos.models import Todo

ALWAYS = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Hanging:
    """A lead, its person, and the rows of both: to be looked at, not to be changed.

    Of what there may be much (see `parts`) these are the newest `before` a moment, or the newest of all; of the rest it is everything.
    """

    lead: Lead
    person: Person
    before: datetime | None
    reads: Sequence[Looked]
    alarms: Sequence[Alarm] = ()
    answers: Sequence[InboundMail] = ()
    confirmations: Sequence[Confirmation] = ()
    consents: Sequence[ConsentEntry] = ()
    done: Sequence[Todo] = ()
    enrolments: Sequence[Enrolment] = ()
    holds: Sequence[Hold] = ()
    inquiries: Sequence[Inquiry] = ()
    mails: Sequence[Message] = ()
    merges: Sequence[Merge] = ()
    notes: Sequence[Note] = ()
    pauses: Sequence[Pause] = ()
    referral_events: Sequence[ReferralEvent] = ()
    referrals: Sequence[Referral] = ()
    scans: Sequence[Scan] = ()
    screenings: Sequence[Screening] = ()
    stages: Sequence[StageChange] = ()
    steered: Sequence[AuditEntry] = ()
    stood: Sequence[AuditEntry] = ()
    suppressions: Sequence[Suppression] = ()
    todos: Sequence[Todo] = ()
    used: Sequence[AuditEntry] = ()
    visit_events: Sequence[AppointmentEvent] = ()
    visits: Sequence[Appointment] = ()


def hanging_on(session: Session, lead: Lead, person: Person, *, before: datetime | None = None) -> Hanging:
    """Return what hangs on a lead and its person, in two round trips."""
    asked = {"lead": lead.id, "person": person.id, "before": before or ALWAYS, "zone": words.zone_of(lead.office).key}
    ((found,),) = together(session, (_which(), asked))
    there = [name for name, is_there in zip(PARTS, found, strict=True) if is_there]
    read, *rows = together(session, (_reads(), asked), *((_questions()[name].statement, asked) for name in there))
    parts: dict[str, Any] = {name: _questions()[name].answered(each) for name, each in zip(there, rows, strict=True)}
    return Hanging(lead, person, before, [Looked(*each) for each in read], **parts)


@lru_cache
def _which() -> Statement:
    return Statement.of(select(*(part.any for part in PARTS.values())))


@lru_cache
def _questions() -> Mapping[str, Question[Any]]:
    return {name: Question.of(part.model, part.query) for name, part in PARTS.items()}


@lru_cache
def _reads() -> Statement:
    return Statement.of(reads())
