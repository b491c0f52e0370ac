"""Freezes a sequence as a version when its file has changed, so that an enrolment stays on what it began with."""

import hashlib
import json
import uuid

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from leads.audit.trail import SYSTEM, record
from leads.clock import now
from leads.db import lock
from leads.errors import NotFound
from leads.round_trips import Asked, Statement
from leads.sequences.definitions import Sequence, sequences
from leads.sequences.models import SequenceVersion

_read: dict[uuid.UUID, Sequence] = {}
_hashed: dict[str, tuple[Sequence, str]] = {}
VERSION = Statement.of(
    select(SequenceVersion.id).where(SequenceVersion.key == bindparam("key"), SequenceVersion.content_hash == bindparam("content_hash"))
)


def publish(session: Session, *, actor: str = SYSTEM) -> list[SequenceVersion]:
    """Freeze every sequence whose file says something it never said before; returns the new versions."""
    newest = [(_known(session, sequence), sequence) for sequence in sequences().values()]
    return [_freeze(session, sequence, actor=actor) for version, sequence in newest if version is None]


def current_version(session: Session, key: str) -> SequenceVersion:
    """Return the version that is what the file says now, frozen if need be; raises NotFound for an unknown key."""
    sequence = _sequence(key)
    return _known(session, sequence) or _freeze(session, sequence)


def ask_version(key: str) -> Asked:
    """Return the question for the id of `current_version`, to be asked beside others; it has no answer while nobody has frozen it."""
    return VERSION, {"key": key, "content_hash": _hash(_sequence(key))}


def version_numbered(session: Session, key: str, number: int | None) -> SequenceVersion:
    """Return a version of a sequence, by default what its file says now; raises NotFound with the numbers there are."""
    newest = current_version(session, key)
    versions = {each.number: each for each in session.scalars(select(SequenceVersion).where(SequenceVersion.key == key))}
    if number is None:
        return newest
    if number not in versions:
        raise NotFound(f"{key} has no version {number}; there are {', '.join(map(str, sorted(versions)))}.")
    return versions[number]


def definition_of(session: Session, version_id: uuid.UUID) -> Sequence:
    """Return a sequence as it was when this version was published."""
    # A version never changes, and to read it takes longer than to plan by it.
    if version_id not in _read:
        _read[version_id] = Sequence.model_validate(session.get_one(SequenceVersion, version_id).definition)
    return _read[version_id]


def _sequence(key: str) -> Sequence:
    if key not in sequences():
        raise NotFound(f"There is no sequence {key}; there are {', '.join(sequences())}.")
    return sequences()[key]


def _known(session: Session, sequence: Sequence) -> SequenceVersion | None:
    same = (SequenceVersion.key == sequence.key, SequenceVersion.content_hash == _hash(sequence))
    return session.scalar(select(SequenceVersion).where(*same))


def _freeze(session: Session, sequence: Sequence, *, actor: str = SYSTEM) -> SequenceVersion:
    # Two processes start at once and both find the file changed: the second waits here and then finds the first one's row.
    lock(session, "publish", sequence.key)
    if known := _known(session, sequence):
        return known
    highest = session.scalar(select(func.max(SequenceVersion.number)).where(SequenceVersion.key == sequence.key)) or 0
    version = SequenceVersion(
        key=sequence.key,
        number=highest + 1,
        content_hash=_hash(sequence),
        definition=sequence.as_json(),
        published_at=now(),
    )
    session.add(version)
    session.flush()
    record(session, "sequence.published", version, actor=actor, sequence=sequence.key, number=version.number)
    return version


def _hash(sequence: Sequence) -> str:
    hashed, digest = _hashed.get(sequence.key, (None, ""))
    if hashed is not sequence:
        digest = hashlib.sha256(json.dumps(sequence.as_json(), sort_keys=True).encode()).hexdigest()
        _hashed[sequence.key] = sequence, digest
    return digest
