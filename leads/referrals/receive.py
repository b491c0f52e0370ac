"""A referral arrives: person, lead, referral, sender, promise and what the sender is told are kept in one transaction."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from leads.accounts.keys import Holder
from leads.accounts.models import ApiKey
from leads.accounts.throttle import count
from leads.audit.trail import SYSTEM, record
from leads.clinic.profile import clinic
from leads.clock import now
from leads.db import LOCKS, lock, lock_name
from leads.loop.history import begin
from leads.loop.models import Amendment, Referral
from leads.people.add import Manner, recognise
from leads.people.match import CANDIDATES, indexes_of
from leads.people.models import Person
from leads.pipeline.begin import begin_lead
from leads.pipeline.deadlines import expected_by
from leads.pipeline.find import open_lead_of
from leads.pipeline.models import Lead
from leads.providers.know import Known, know
from leads.providers.models import Practice, Provider
from leads.providers.practices import practice_of_key
from leads.referrals.admit import admit, grant_as_said
from leads.referrals.submission import Written
from leads.referrals.watch import watch
from leads.security.fields import blind_index
from leads.todos.open import open_todo

CRIES_OVER_THE_LIMIT = 5
# The same words again are the same referral: for a practice while it is open or fresh, for strangers within a day.
FRESH_FOR, STRANGERS_FOR = timedelta(days=7), timedelta(days=1)
SOONER = {"stat": timedelta(0), "asap": timedelta(hours=2)}


@dataclass(frozen=True)
class Arrival:
    """How a referral came: by which channel, from which source (a keyed hash), by whose key or sign-in, under what identifier."""

    channel: str
    source: bytes | None = None
    key: ApiKey | Holder | None = None
    practice: Practice | None = None
    placer: tuple[str, str] | None = None
    actor: str = SYSTEM


@dataclass(frozen=True)
class Receipt:
    """What the sender is told: the referral's id and number, and by when we answer; and what became of what they sent."""

    id: uuid.UUID
    number: str
    expected_by: datetime
    state: str
    is_new: bool
    is_verified: bool
    amendment_id: uuid.UUID | None = None


def receive(session: Session, asked: Written, arrival: Arrival) -> Receipt:
    """Keep a referral and all that follows from it; raises TooMany when its source sends too often, Forbidden for a key of no use.

    The same words from the same sender are the referral they were the first time. Other words about the same patient, or under the same
    identifier of theirs, wait as an amendment for a person: never a silent merge.
    """
    _count(session, asked, arrival)
    practice = practice_of_key(session, arrival.key) if arrival.key else arrival.practice
    # Two of one sender's submissions may come at once: the second one finds what the first has kept.
    lock(session, "referrer", practice.id if practice else asked.provider.npi or asked.provider.practice)
    content = hash_of(asked)
    if known := _sent_before(session, arrival, practice, content):
        return _again(session, known, asked, arrival, content)
    person, is_known = _person(session, asked)
    if practice and (known := _open_one(session, asked, person, practice)):
        return _again(session, known, asked, arrival, content)
    referral = _keep(session, asked, arrival, person, content)
    begin(session, referral, actor=arrival.actor)
    if referral.is_verified:
        admit(session, referral, asked, is_known=is_known, actor=arrival.actor)
    else:
        _todo(session, referral, "verify-referrer", referral.expected_by, arrival)
        grant_as_said(session, referral, asked, actor=arrival.actor)
    watch(session, referral, asked, actor=arrival.actor)
    return _receipt(referral, is_new=True)


def hash_of(asked: Written) -> bytes:
    """Return a keyed hash of all that a submission says; the same words give the same, in whatever order they came."""
    return blind_index("referral", json.dumps(asked.model_dump(mode="json"), sort_keys=True, ensure_ascii=False))


def placer_index(system: str, value: str) -> bytes:
    """Return the blind index of a sender's own identifier for a referral (FHIR: PLAC)."""
    return blind_index("placer", json.dumps([system, value]))


def _count(session: Session, asked: Written, arrival: Arrival) -> None:
    if arrival.source is not None:
        # Somebody in danger must not be turned away because others wrote from the same place.
        limit = clinic().limits.submissions_per_hour_per_source * (CRIES_OVER_THE_LIMIT if asked.current_risk else 1)
        count(session, "submission", arrival.source, limit=limit, within=timedelta(hours=1))


def _sent_before(session: Session, arrival: Arrival, practice: Practice | None, content: bytes) -> Referral | None:
    """Return the referral these words, or this identifier, stand for already."""
    if practice is None:
        fresh = Referral.received_at > now() - STRANGERS_FOR
        return _first(session, Referral.practice_id.is_(None), Referral.content_hash == content, fresh)
    mine = Referral.practice_id == practice.id
    if arrival.placer is not None:
        return _first(session, mine, Referral.placer_index == placer_index(*arrival.placer))
    lives = or_(Referral.closed_at.is_(None), Referral.received_at > now() - FRESH_FOR)
    return _first(session, mine, Referral.content_hash == content, lives)


def _open_one(session: Session, asked: Written, person: Person, practice: Practice) -> Referral | None:
    """Return this clinician's open referral of this person: what comes now is said about that one."""
    theirs = (Referral.practice_id == practice.id, Referral.person_id == person.id, Referral.closed_at.is_(None))
    return _first(session, *theirs, Provider.id == Referral.provider_id, Provider.npi == asked.provider.npi)


def _first(session: Session, *which: ColumnElement[bool]) -> Referral | None:
    return session.scalar(select(Referral).where(*which).order_by(Referral.received_at, Referral.id).limit(1))


def _again(session: Session, known: Referral, asked: Written, arrival: Arrival, content: bytes) -> Receipt:
    if known.content_hash == content:
        return _receipt(known, is_new=False)
    waiting = select(Amendment).where(Amendment.referral_id == known.id, Amendment.content_hash == content, Amendment.decided_at.is_(None))
    amendment = session.scalar(waiting.limit(1)) or _amend(session, known, asked, arrival, content)
    return _receipt(known, is_new=False, amendment_id=amendment.id)


def _amend(session: Session, known: Referral, asked: Written, arrival: Arrival, content: bytes) -> Amendment:
    amendment = Amendment(referral_id=known.id, channel=arrival.channel, content_hash=content, at=now())
    amendment.received = asked.model_dump(mode="json")
    session.add(amendment)
    session.flush()
    record(session, "referral.amendment_received", amendment, actor=arrival.actor, referral=str(known.id))
    _todo(session, known, "amendment", expected_by(known.office, now()), arrival)
    # Danger doesn't wait for somebody to compare two versions.
    watch(session, known, asked, actor=arrival.actor)
    return amendment


def _person(session: Session, asked: Written) -> tuple[Person, bool]:
    who = asked.identity
    indexes = indexes_of(who)
    names = sorted(lock_name("identity", index) for index in indexes.values() if index)
    session.execute(LOCKS, {"names": names})
    manner = Manner(language=asked.patient.language, safe_voicemail=asked.patient.safe_voicemail, safe_email=asked.patient.safe_email)
    return recognise(session, who, manner, session.scalars(CANDIDATES, indexes).all())


def _keep(session: Session, asked: Written, arrival: Arrival, person: Person, content: bytes) -> Referral:
    # The claim keeps what was typed; what is believed of it stands in the rows it names.
    known = know(session, asked.said, channel=arrival.channel, actor=arrival.actor, key=arrival.key, practice=arrival.practice)
    lead = _lead(session, asked, arrival, person)
    session.flush()
    referral = _row(asked, arrival, known, lead, content)
    session.add(referral)
    session.flush()
    soon = referral.received_at + SOONER[asked.urgency] if asked.urgency in SOONER else referral.expected_by
    _todo(session, referral, "call", min(soon, referral.expected_by), arrival, urgent=asked.urgency == "stat")
    return referral


def _lead(session: Session, asked: Written, arrival: Arrival, person: Person) -> Lead:
    session.flush()
    return open_lead_of(session, person.id) or begin_lead(session, person, office=asked.office, source="referral", actor=arrival.actor)


def _row(asked: Written, arrival: Arrival, known: Known, lead: Lead, content: bytes) -> Referral:
    at = now()
    referral = Referral(
        lead_id=lead.id,
        person_id=lead.person_id,
        claim_id=known.claim.id,
        provider_id=known.provider.id,
        practice_id=known.practice.id if known.practice else None,
        delegate_id=known.delegate.id if known.delegate else None,
        api_key_id=arrival.key.id if arrival.key else None,
        channel=arrival.channel,
        content_hash=content,
        placer_index=placer_index(*arrival.placer) if arrival.placer else None,
        office=asked.office,
        urgency=asked.urgency,
        current_risk=asked.current_risk,
        part2=asked.part2,
        received_at=at,
        expected_by=expected_by(asked.office, at),
        state="received",
        state_at=at,
        changed_at=at,
        version=1,
    )
    referral.received = asked.model_dump(mode="json")
    referral.placer = {"system": arrival.placer[0], "value": arrival.placer[1]} if arrival.placer else None
    return referral


def _todo(session: Session, referral: Referral, kind: str, due_at: datetime, arrival: Arrival, *, urgent: bool = False) -> None:
    whose, lead = referral.person_id, referral.lead_id
    open_todo(session, kind, person_id=whose, lead_id=lead, due_at=due_at, urgent=urgent, actor=arrival.actor)


def _receipt(referral: Referral, *, is_new: bool, amendment_id: uuid.UUID | None = None) -> Receipt:
    zone = clinic().office(referral.office).zone
    promise = referral.expected_by.astimezone(zone)
    return Receipt(referral.id, referral.number, promise, referral.state, is_new, referral.is_verified, amendment_id)
