"""What a referrer may know: without the patient's grant nothing; with it, what is agreed. All they read goes through here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from leads.clinic.profile import Level, clinic
from leads.consent.models import ConsentEntry
from leads.loop.models import Referral, ReferralEvent
from leads.loop.states import STATES
from leads.providers.models import Practice

LEVELS: tuple[Level, ...] = get_args(Level)
CALL_US = "Received. Please call us to hear more."
# What each level adds of an event's details to the one below it.
TOLD: Mapping[Level, frozenset[str]] = {
    "acknowledged": frozenset(),
    "attendance": frozenset({"missing", "note", "reason", "destination", "by"}),
    "stage": frozenset({"at", "stage"}),
    "full": frozenset({"outcome", "summary"}),
}
IN_WORDS = {
    "package": "Received",
    "accept": "Accepted: we are in contact",
    "decline": "Declined",
    "cancel_request": "Withdrawal asked for",
    "schedule": "Visit booked",
    "reschedule": "Visit moved",
    "no_show": "Visit missed",
    "cancel_visit": "Visit cancelled",
    "interim": "Visit attended",
    "outcome": "Closed",
    "confirm_cancel": "Withdrawn",
    "ask": "Information needed",
    "answer": "Information received",
    "resume": "Information no longer needed",
    "hand_on": "Handed on",
    "reopen": "Taken up again",
}


@dataclass(frozen=True)
class News:
    """One thing that happened, as the referrer may read it."""

    at: datetime
    event: str
    words: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A referral as its sender may see it. At `acknowledged` it is received for ever, whatever became of it."""

    level: Level
    state: str
    words: str
    since: datetime
    expected_by: datetime
    version: int
    news: Sequence[News]
    missing: Sequence[str] = ()
    note: str | None = None
    reason: str | None = None
    destination: str | None = None
    appointment_at: datetime | None = None

    @property
    def task_status(self) -> str:
        """The state as FHIR's Task.status."""
        return STATES[self.state].task

    @property
    def business_status(self) -> str:
        """The state as BSeR's business status."""
        return STATES[self.state].business


def level_for(session: Session, referral: Referral) -> Level:
    """Return how much the sender of a referral may know now.

    A grant names its recipient: one given with another clinician's referral says nothing about this one. A sender nobody has verified
    is told nothing, whatever they ticked.
    """
    if referral.practice_id is None or not _granted(session, referral):
        return "acknowledged"
    return most_for(session.scalar(select(Practice.disclosure).where(Practice.id == referral.practice_id)))


def most_for(agreed: str | None) -> Level:
    """Return how much a grant opens to a practice with which this level was agreed, None being no limit of its own."""
    most = clinic().disclosure_with_grant
    return min(most, next((level for level in LEVELS if level == agreed), most), key=LEVELS.index)


def is_granted() -> ColumnElement[bool]:
    """Return, for queries of referrals, whether the patient lets each one's sender know anything: as `level_for` has it, for lists."""
    return _newest_act(Referral.person_id, Referral.id).correlate(Referral).scalar_subquery() == "grant"


def seen(session: Session, referral: Referral) -> Seen:
    """Return a referral as its sender may see it at this moment."""
    events = session.scalars(select(ReferralEvent).where(ReferralEvent.referral_id == referral.id).order_by(ReferralEvent.version)).all()
    return seen_at(level_for(session, referral), referral, events)


def seen_at(level: Level, referral: Referral, events: Iterable[ReferralEvent]) -> Seen:
    """Return a referral as somebody at this level may see it; pure."""
    told = frozenset[str]().union(*(TOLD[each] for each in LEVELS[: LEVELS.index(level) + 1]))
    if level == "acknowledged":
        first = [each for each in events if each.event == "package"]
        news = [News(each.at, "package", CALL_US) for each in first]
        return Seen(level, "received", CALL_US, referral.received_at, referral.expected_by, 1, news)
    news = [News(each.at, each.event, IN_WORDS[each.event], _only(each.details, told)) for each in events]
    last = _only(referral.words, told)
    return Seen(
        level,
        referral.state,
        STATES[referral.state].words,
        referral.state_at,
        referral.expected_by,
        referral.version,
        news,
        missing=last.get("missing", ()),
        note=last.get("note"),
        reason=referral.reason,
        destination=last.get("destination"),
        appointment_at=referral.appointment_at if "at" in told else None,
    )


def _only(details: Mapping[str, Any] | None, told: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in (details or {}).items() if name in told}


def _granted(session: Session, referral: Referral) -> bool:
    return session.scalar(_newest_act(referral.person_id, referral.id)) == "grant"


def _newest_act(person_id: Any, referral_id: Any) -> Select[str]:
    theirs = or_(ConsentEntry.referral_id == referral_id, ConsentEntry.referral_id.is_(None))
    about = (ConsentEntry.person_id == person_id, ConsentEntry.kind == "status_to_referrer", theirs)
    return select(ConsentEntry.act).where(*about).order_by(ConsentEntry.at.desc(), ConsentEntry.id.desc()).limit(1)
