"""Granting, withdrawing, confirming, suppressing, holding and pausing; and the one question: may we e-mail this person?"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM, record, record_about
from leads.clock import now
from leads.consent.models import FOR_GOOD, GRANTS, Choice, Confirmation, ConsentEntry, Hold, Pause, Suppression
from leads.db import lock, new_id
from leads.errors import Invalid, NotFound
from leads.round_trips import Statement, together
from leads.security.fields import seal

NOT_SAFE = "not-safe"
# The source of an entry by which a kind stands as if nobody had ever spoken of it: a merge of two records was undone.
NEVER_SAID = "merge-void"
LAST_WORDS = Statement.of(
    select(ConsentEntry.kind, ConsentEntry.act, ConsentEntry.source)
    .where(ConsentEntry.person_id == bindparam("person"))
    .ext(distinct_on(ConsentEntry.kind))
    .order_by(ConsentEntry.kind, ConsentEntry.at.desc(), ConsentEntry.id.desc())
)
IS_HELD = Statement.of(select(exists().where(Hold.person_id == bindparam("person"), Hold.released_at.is_(None))))
IS_CONFIRMED = Statement.of(
    select(exists().where(Confirmation.person_id == bindparam("person"), Confirmation.address_index == bindparam("address")))
)
RESTS = Statement.of(
    select(func.max(Pause.until)).where(Pause.person_id == bindparam("person"), Pause.ended_at.is_(None), Pause.until > bindparam("at"))
)
Grant = Literal["contact", "education", "unencrypted_email", "status_to_referrer"]


@dataclass(frozen=True)
class Spoken:
    """How a grant, a withdrawal or another choice came about: which words, from where, by what means, and what proves it."""

    source: str
    method: str
    wording: str | None = None
    evidence: str | None = None
    referral_id: uuid.UUID | None = None


def grant(session: Session, person_id: uuid.UUID, kind: str, how: Spoken, *, actor: str) -> ConsentEntry:
    """Record a grant; raises Invalid for a kind that does not exist."""
    return _enter(session, person_id, kind, "grant", how, actor)


def withdraw(session: Session, person_id: uuid.UUID, kind: str, how: Spoken, *, actor: str) -> ConsentEntry:
    """Record a withdrawal; what was granted before stays on record."""
    return _enter(session, person_id, kind, "withdraw", how, actor)


class LastWords(NamedTuple):
    """Which kinds a person's last word was yes to, and which no."""

    granted: frozenset[str]
    withdrawn: frozenset[str]

    @classmethod
    def of(cls, rows: Iterable[Sequence[Any]]) -> "LastWords":
        """Return what the answer to LAST_WORDS says."""
        entries = [(kind, act, source) for kind, act, source in rows]
        yes = frozenset(kind for kind, act, _ in entries if act == "grant")
        return cls(yes, frozenset(kind for kind, act, source in entries if act == "withdraw" and source != NEVER_SAID))


def last_words(session: Session, person_id: uuid.UUID) -> LastWords:
    """Return what the newest entry of each kind says."""
    [rows] = together(session, (LAST_WORDS, {"person": person_id}))
    return LastWords.of(rows)


def granted(session: Session, person_id: uuid.UUID) -> set[str]:
    """Return the kinds whose newest entry is a grant."""
    return set(last_words(session, person_id).granted)


def withdrawn(session: Session, person_id: uuid.UUID) -> set[str]:
    """Return the kinds whose newest entry is a withdrawal: the person's last word on them was no."""
    return set(last_words(session, person_id).withdrawn)


def newest_grant(session: Session, person_id: uuid.UUID, kind: str) -> ConsentEntry | None:
    """Return the newest grant of a kind, whether or not it was withdrawn later."""
    given = (ConsentEntry.person_id == person_id, ConsentEntry.kind == kind, ConsentEntry.act == "grant")
    return session.scalar(select(ConsentEntry).where(*given).order_by(ConsentEntry.at.desc(), ConsentEntry.id.desc()).limit(1))


def choose(session: Session, person_id: uuid.UUID, act: str, what: str, how: Spoken, *, actor: str, value: str | None = None) -> Choice:
    """Put a choice on record for good; what it makes hold is written by the verb that calls this."""
    proof = {"wording": how.wording, "source": how.source, "method": how.method, "evidence": how.evidence}
    choice = Choice(person_id=person_id, act=act, what=what, value=value, actor=actor, at=now(), **proof)
    session.add(choice)
    return choice


def confirm(session: Session, person_id: uuid.UUID, address_index: bytes, *, method: str, actor: str, evidence: str | None = None) -> bool:
    """Record that an address is the person's own; returns False when that was known already."""
    # The button may be pressed twice at once: the unique index lets one of the two in.
    row_id = new_id()
    cell = seal(evidence, table="confirmations", column="evidence", row_id=row_id) if evidence else None
    values = {
        "id": row_id,
        "person_id": person_id,
        "address_index": address_index,
        "method": method,
        "actor": actor,
        "at": now(),
        "evidence_cell": cell,
    }
    statement = insert(Confirmation).values(values).on_conflict_do_nothing().returning(Confirmation.id)
    is_new = session.execute(statement).first() is not None
    if is_new:
        record_about(session, "address.confirmed", "people", person_id, actor=actor, method=method)
    return is_new


def is_confirmed(session: Session, person_id: uuid.UUID, address_index: bytes | None) -> bool:
    """True when this person proved that this address is theirs."""
    [[(known,)]] = together(session, (IS_CONFIRMED, {"person": person_id, "address": address_index}))
    return bool(known)


def suppress(
    session: Session,
    *,
    reason: str,
    actor: str,
    person_id: uuid.UUID | None = None,
    address_index: bytes | None = None,
    topic: str | None = None,
    how: Spoken | None = None,
) -> Suppression:
    """Stop a topic (all of them where none is named) for a person, or an address whoever it belongs to; again changes nothing.

    `how` is the proof of it where somebody chose it; without one the reason is all that is on record.
    """
    if person_id is not None:
        lock(session, "person", person_id)
    same = (Suppression.person_id.is_not_distinct_from(person_id), Suppression.address_index.is_not_distinct_from(address_index))
    known = session.scalar(select(Suppression).where(*same, Suppression.topic.is_not_distinct_from(topic), Suppression.lifted_at.is_(None)))
    if known is not None:
        return known
    stop = Suppression(person_id=person_id, address_index=address_index, topic=topic, reason=reason, actor=actor, at=now())
    session.add(stop)
    record(session, "suppression.added", stop, actor=actor, reason=reason, topic=topic, person=str(person_id))
    if person_id is not None:
        choose(session, person_id, "stop", _what(stop), how or _unsaid(actor, reason), actor=actor)
    return stop


def lift(session: Session, *, person_id: uuid.UUID, topic: str | None, actor: str, how: Spoken | None = None) -> int:
    """Lift a person's own stop of a topic; returns how many stops that ended.

    A stop of the address itself stays, and so does one for good.
    """
    # The button may be pressed twice at once: the second must find nothing left to lift.
    lock(session, "person", person_id)
    of_person = (Suppression.person_id == person_id, Suppression.address_index.is_(None), Suppression.lifted_at.is_(None))
    own = (*of_person, Suppression.reason.not_in(FOR_GOOD))
    stops = session.scalars(select(Suppression).where(*own, Suppression.topic.is_not_distinct_from(topic))).all()
    for stop in stops:
        stop.lifted_at, stop.lifted_by = now(), actor
        record(session, "suppression.lifted", stop, actor=actor, topic=topic, person=str(person_id))
        choose(session, person_id, "allow", _what(stop), how or _unsaid(actor, "lifted"), actor=actor)
    return len(stops)


def is_not_safe(session: Session, person_id: uuid.UUID) -> bool:
    """True while it is on record that writing to an address of this person is not safe."""
    stop = exists().where(Suppression.person_id == person_id, Suppression.reason == NOT_SAFE, Suppression.lifted_at.is_(None))
    return bool(session.scalar(select(stop)))


def lift_not_safe(session: Session, person_id: uuid.UUID, *, actor: str, evidence: str) -> int:
    """Lift the stop of somebody who said that it is not safe to write to an address, after speaking with them; returns how many.

    Raises Invalid without words: whoever holds the phone must be the person, and say so.
    """
    if not evidence.strip():
        raise Invalid("Say with whom you spoke, and what they said about writing to this address.")
    lock(session, "person", person_id)
    own = (Suppression.person_id == person_id, Suppression.reason == NOT_SAFE, Suppression.lifted_at.is_(None))
    stops = session.scalars(select(Suppression).where(*own)).all()
    for stop in stops:
        stop.lifted_at, stop.lifted_by = now(), actor
        record(session, "suppression.lifted", stop, actor=actor, reason=NOT_SAFE, person=str(person_id))
        choose(session, person_id, "allow", _what(stop), Spoken("spoken", "spoken", evidence=evidence.strip()), actor=actor)
    return len(stops)


def suppressed_topics(session: Session, person_id: uuid.UUID) -> set[str | None]:
    """Return the topics this person stopped; None among them means all."""
    return set(session.scalars(select(Suppression.topic).where(Suppression.person_id == person_id, Suppression.lifted_at.is_(None))))


def hold(session: Session, person_id: uuid.UUID, *, reason: str, actor: str = SYSTEM) -> Hold:
    """Put a person on hold: no automatic mail of any kind. A second reason is a second hold."""
    lock(session, "person", person_id)
    raised = Hold(person_id=person_id, reason=reason, raised_by=actor, raised_at=now())
    session.add(raised)
    record(session, "hold.raised", raised, actor=actor, reason=reason, person=str(person_id))
    return raised


def open_holds(session: Session, person_id: uuid.UUID) -> list[Hold]:
    """Return the holds nobody has released yet, oldest first."""
    return list(session.scalars(select(Hold).where(Hold.person_id == person_id, Hold.released_at.is_(None)).order_by(Hold.raised_at)))


def release(session: Session, person_id: uuid.UUID, *, actor: str, code: str, disposition: str) -> list[Hold]:
    """Release every open hold of a person with a disposition, coded and in words; raises NotFound where there is none, Invalid."""
    if not disposition.strip():
        raise Invalid("Say what was found and agreed before you release the hold.")
    # A disclosure at this very moment comes first and is seen here, or comes after and holds anew.
    lock(session, "person", person_id)
    holds = open_holds(session, person_id)
    if not holds:
        raise NotFound("There is no hold to release.")
    for each in holds:
        each.released_at, each.released_by, each.disposition_code, each.disposition = now(), actor, code, disposition
        record(session, "hold.released", each, actor=actor, person=str(person_id), disposition=code)
    return holds


def pause(session: Session, person_id: uuid.UUID, until: datetime, *, reason: str, actor: str, how: Spoken | None = None) -> Pause:
    """Let a person rest from all sequences until a moment; a newer pause replaces an older one."""
    lock(session, "person", person_id)
    _end_pauses(session, person_id, actor=actor)
    rest = Pause(person_id=person_id, until=until, reason=reason, actor=actor, at=now())
    session.add(rest)
    record(session, "pause.started", rest, actor=actor, reason=reason, person=str(person_id))
    choose(session, person_id, "rest", "pause", how or _unsaid(actor, reason), actor=actor, value=until.isoformat(timespec="seconds"))
    return rest


def end_pause(session: Session, person_id: uuid.UUID, *, actor: str, how: Spoken | None = None) -> int:
    """End a person's pause before its date; returns how many were running."""
    lock(session, "person", person_id)
    ended = _end_pauses(session, person_id, actor=actor)
    if ended:
        choose(session, person_id, "resume", "pause", how or _unsaid(actor, "ended"), actor=actor)
    return ended


def _end_pauses(session: Session, person_id: uuid.UUID, *, actor: str) -> int:
    running = session.scalars(select(Pause).where(Pause.person_id == person_id, Pause.ended_at.is_(None))).all()
    for rest in running:
        rest.ended_at = now()
        record(session, "pause.ended", rest, actor=actor, person=str(person_id))
    return len(running)


def paused_until(session: Session, person_id: uuid.UUID) -> datetime | None:
    """Return until when the person rests, or None."""
    [[(until,)]] = together(session, (RESTS, {"person": person_id, "at": now()}))
    return until  # type: ignore[no-any-return]


def _what(stop: Suppression) -> str:
    if stop.address_index is not None:
        return "address"
    return f"topic:{stop.topic}" if stop.topic else "all"


def _unsaid(actor: str, reason: str) -> Spoken:
    # Nobody said it in so many words: the kind of actor and our own reason are what there is to tell.
    return Spoken(source=actor.partition(":")[0], method=reason)


def _enter(session: Session, person_id: uuid.UUID, kind: str, act: str, how: Spoken, actor: str) -> ConsentEntry:
    if kind not in GRANTS:
        raise Invalid(f"There is no consent called {kind}; there are {', '.join(GRANTS)}.")
    entry = ConsentEntry(
        person_id=person_id,
        kind=kind,
        act=act,
        referral_id=how.referral_id,
        wording=how.wording,
        source=how.source,
        method=how.method,
        evidence=how.evidence,
        actor=actor,
        at=now(),
    )
    session.add(entry)
    record(session, f"consent.{act}", entry, actor=actor, kind=kind, wording=how.wording, person=str(person_id))
    return entry
