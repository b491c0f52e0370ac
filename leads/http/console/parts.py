"""What a lead's page shows of each table: whose rows, and of those that a lead may have many of the newest before a moment only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Exists,
    Select,
    String,
    Uuid,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from leads.appointments.models import Appointment, AppointmentEvent
from leads.audit.models import AuditEntry
from leads.consent.models import Confirmation, ConsentEntry, Hold, Pause, Suppression
from leads.db import Base
from leads.http.console.steered import STEERED, STOOD, USED
from leads.inbound.mail_models import InboundMail
from leads.inquiries.models import Inquiry
from leads.loop.models import Attachment, Referral, ReferralEvent
from leads.messages.models import Message
from leads.people.models import Merge, Person
from leads.pipeline.models import Note, StageChange
from leads.safety.models import Alarm
from leads.scans.models import Scan
from leads.screening.models import Screening
from leads.sequences.models import Enrolment
from leads.todos.models import Todo

A_PAGE = 40
# Somebody looked at every few minutes must not make each look slower than the one before.
MOST_READS = 400
LEAD, PERSON = (bindparam(name, type_=Uuid()) for name in ("lead", "person"))
BEFORE, ZONE = bindparam("before", type_=DateTime(timezone=True)), bindparam("zone", type_=String())
# What a mail was taken for that tells something of the person or the referrer.
WROTE = {
    "reply": "They wrote by mail",
    "opt-out": "They asked by mail for no more mail",
    "out-of-office": "They are away: an absence note came",
    "referrer": "The referrer wrote by mail",
}


@dataclass(frozen=True, eq=False)
class Part:
    """The rows of a table that hang on a lead: all of them in an order, or the newest by one of their moments."""

    model: type[Base]
    whose: ColumnElement[bool]
    newest_by: InstrumentedAttribute[Any] | None = None
    order: Sequence[Any] = ()
    without: Sequence[str] = ()

    @property
    def any(self) -> Exists:
        """Whether there are any."""
        return exists().where(self.whose)

    @property
    def query(self) -> Select[*tuple[Any, ...]]:
        """The rows themselves."""
        wanted = select(*(each for each in self.model.__table__.c if each.name not in self.without)).where(self.whose)
        if self.newest_by is None:
            return wanted.order_by(*self.order or (self.model.id,))
        wanted = wanted.where(self.newest_by < BEFORE).order_by(self.newest_by.desc(), *self.order)
        # A number that the planner sees, so that it reads no more of an index than that.
        return wanted.limit(literal_column(str(A_PAGE + 1)))


def _one_of(column: Any, codes: Iterable[str]) -> ColumnElement[bool]:
    return _among(column, literal(sorted(codes), ARRAY(String())))


def _among(column: Any, values: Any) -> ColumnElement[bool]:
    # As an array, which an index is looked up by; `IN (SELECT …)` beside anything else would read the whole table.
    return column == func.any(values)  # type: ignore[no-any-return]


def _ids(*queries: Select[Any]) -> Any:
    return func.array(union_all(*queries).scalar_subquery(), type_=ARRAY(Uuid()))


VISITS, REFERRALS, MAILS = (select(each.id).where(each.lead_id == LEAD) for each in (Appointment, Referral, Message))
# Each has an index of its own; asked for together, all to-dos there are would be read.
TODOS = [select(Todo.id).where(Todo.lead_id == LEAD, each) for each in (Todo.done_at.is_(None), Todo.done_at.is_not(None))]
RESTS, STOPS = (select(each.id).where(each.person_id == PERSON) for each in (Pause, Suppression))
SCANS = select(Scan.id).where(Scan.lead_id == LEAD)
SCREENINGS = select(Screening.id).where(Screening.person_id == PERSON, Screening.lead_id == LEAD)
# What was said under a record that was merged into this one stands in its own ledger.
FAMILY = _ids(select(PERSON), select(Person.id).where(Person.merged_into == PERSON))
USABLE = _ids(select(PERSON), SCREENINGS)
CONCERNED = _ids(select(PERSON), select(LEAD), RESTS, STOPS, *TODOS)
# Asked in this order: what something happened to after what happened, for more of both may come while they are read.
PARTS: Mapping[str, Part] = {
    "alarms": Part(Alarm, Alarm.lead_id == LEAD),
    "answers": Part(
        InboundMail,
        (InboundMail.lead_id == LEAD) & _one_of(InboundMail.kind, WROTE) & (InboundMail.state == "done"),
        newest_by=InboundMail.received_at,
        without=("raw",),
    ),
    "confirmations": Part(Confirmation, Confirmation.person_id == PERSON),
    "consents": Part(ConsentEntry, _among(ConsentEntry.person_id, FAMILY), newest_by=ConsentEntry.at),
    # Calls say more as calls: their to-dos would tell everything twice.
    "done": Part(
        Todo,
        (Todo.lead_id == LEAD) & Todo.done_at.is_not(None) & or_(Todo.kind != "call", Todo.urgent),
        newest_by=Todo.done_at,
    ),
    "enrolments": Part(Enrolment, Enrolment.lead_id == LEAD, order=(Enrolment.started_at,)),
    "holds": Part(Hold, Hold.person_id == PERSON, order=(Hold.raised_at,)),
    "inquiries": Part(Inquiry, Inquiry.lead_id == LEAD, newest_by=Inquiry.received_at),
    "steered": Part(AuditEntry, _among(AuditEntry.subject_id, _ids(MAILS)) & _one_of(AuditEntry.action, STEERED), newest_by=AuditEntry.at),
    "mails": Part(Message, Message.lead_id == LEAD, order=(Message.due_at, Message.id), without=("facts",)),
    "merges": Part(Merge, or_(Merge.kept_id == PERSON, Merge.other_id == PERSON), without=("before",)),
    "notes": Part(Note, Note.lead_id == LEAD, newest_by=Note.at),
    "pauses": Part(Pause, Pause.person_id == PERSON),
    "referral_events": Part(
        ReferralEvent,
        _among(ReferralEvent.referral_id, _ids(REFERRALS)),
        newest_by=ReferralEvent.at,
        order=(ReferralEvent.version.desc(),),
    ),
    "referrals": Part(Referral, Referral.lead_id == LEAD, order=(Referral.received_at, Referral.id)),
    # A list of scans would be half a gigabyte with their content, and shows none of it.
    "scans": Part(Scan, Scan.lead_id == LEAD, order=(Scan.brought_at, Scan.id), without=("content",)),
    "screenings": Part(Screening, Screening.person_id == PERSON, order=(Screening.submitted_at, Screening.id)),
    "stages": Part(StageChange, StageChange.lead_id == LEAD, newest_by=StageChange.at),
    "stood": Part(
        AuditEntry,
        _among(AuditEntry.subject_id, CONCERNED) & _one_of(AuditEntry.action, STOOD) & AuditEntry.actor.like("account:%"),
        newest_by=AuditEntry.at,
    ),
    "suppressions": Part(Suppression, Suppression.person_id == PERSON),
    "todos": Part(Todo, (Todo.lead_id == LEAD) & Todo.done_at.is_(None), order=(Todo.urgent.desc(), Todo.due_at)),
    "used": Part(
        AuditEntry,
        _among(AuditEntry.subject_id, USABLE) & _one_of(AuditEntry.action, USED) & AuditEntry.actor.like("person%"),
        newest_by=AuditEntry.at,
    ),
    "visit_events": Part(
        AppointmentEvent,
        _among(AppointmentEvent.appointment_id, _ids(VISITS)),
        newest_by=AppointmentEvent.at,
        order=(AppointmentEvent.version.desc(),),
    ),
    "visits": Part(Appointment, Appointment.lead_id == LEAD, order=(Appointment.starts_at,)),
}


# What a look was at, by the action that the trail names it with; whatever hangs on a lead, and the person's record itself.
LOOKS_AT = {
    "message.read": "mail",
    "screening.read": "screening",
    "screening.exported": "screening",
    "attachment.read": "document",
    "scan.read": "document",
    "referral.read": "referral",
    "referral.link_opened": "status",
}


def reads() -> Select[Any]:
    """Return the query of who looked at a person's record and what hangs on it: for each day when last, who, at what, and how often."""
    at: tuple[Any, ...] = (AuditEntry.actor, AuditEntry.at)
    hanging = _ids(MAILS, SCREENINGS, REFERRALS, SCANS, select(Attachment.id).where(Attachment.referral_id.in_(REFERRALS)))
    of_record = (AuditEntry.subject_id == PERSON, AuditEntry.action == "person.read")
    of_rest = (_among(AuditEntry.subject_id, hanging), _one_of(AuditEntry.action, LOOKS_AT))
    what: Any = case(LOOKS_AT, value=AuditEntry.action)
    # Each with a limit of its own, so that the one is not looked up for the other's sake.
    newest = union_all(
        _newest(select(*at, literal("record").label("what")).where(*of_record)), _newest(select(*at, what.label("what")).where(*of_rest))
    ).subquery()
    counted = select(func.max(newest.c.at), newest.c.actor, newest.c.what, func.count())
    by_day = counted.group_by(newest.c.actor, newest.c.what, func.date_trunc("day", func.timezone(ZONE, newest.c.at)))
    return by_day.order_by(func.max(newest.c.at).desc()).limit(literal_column(str(A_PAGE + 1)))


def _newest(looks: Select[Any]) -> Select[Any]:
    newest: Any = looks.where(AuditEntry.at < BEFORE).order_by(AuditEntry.at.desc()).limit(literal_column(str(MOST_READS))).subquery()
    return select(newest)
