"""Practices: made by a key's issue, a call or staff, never by a form; and the keys that belong to one each."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.keys import Holder, create_key, spelled_out
from leads.accounts.models import ApiKey
from leads.audit.trail import SYSTEM, record
from leads.clock import now
from leads.db import lock
from leads.errors import FieldError, Forbidden, Invalid, NotFound
from leads.providers.directory import practice_called
from leads.providers.models import Practice
from leads.providers.names import plain
from leads.providers.trust import trust
from leads.security.identifiers import normal_phone

NEEDS_PRACTICE = ("referrals:write", "referrals:read", "fhir")
LONGEST = 160


def make_practice(session: Session, name: str, *, phone: str | None = None, actor: str) -> Practice:
    """Return a new practice, believed by nobody yet; raises Invalid for a name or number of no use."""
    name = " ".join(name.split())
    if not plain(name) or len(name) > LONGEST:
        words = f"A practice needs a name of 1 to {LONGEST} characters."
        raise Invalid(words, errors=(FieldError("practice", "length", words),))
    practice = Practice(name=name, name_key=plain(name), created_at=now())
    practice.phone = normal_phone(phone) if phone else None
    session.add(practice)
    session.flush()
    record(session, "practice.created", practice, actor=actor)
    return practice


def practice_at(session: Session, name: str, number: str) -> Practice | None:
    """Return the practice of this name that is reached at this number, or None: two practices may share a name, hardly both."""
    dialled = normal_phone(number)
    same_name = session.scalars(select(Practice).where(Practice.name_key == plain(name)).order_by(Practice.created_at))
    return next((practice for practice in same_name if practice.phone == dialled), None)


def create_practice_key(
    session: Session, name: str, scopes: Iterable[str], *, practice: str | None = None, actor: str = SYSTEM
) -> tuple[ApiKey, str, Practice | None]:
    """Return a new key, its text and the practice it belongs to.

    `practice` is an id or a name, found or made; what refers or reads referrals needs one, by default one called like the key. The
    key's issue verifies the practice. Raises NotFound for an unknown id, Conflict where several bear the name, Invalid.
    """
    wanted = spelled_out(scopes)
    called = practice or (name if any(scope in NEEDS_PRACTICE for scope in wanted) else None)
    if called is None:
        return (*create_key(session, name, wanted, actor=actor), None)
    owner = _found_or_made(session, called, actor=actor)
    key, text = create_key(session, name, wanted, practice_id=owner.id, actor=actor)
    trust(session, owner, method="key", key_id=key.id, actor=actor)
    return key, text, owner


def practice_of_key(session: Session, key: ApiKey | Holder) -> Practice:
    """Return the practice a key belongs to; raises Forbidden where it has none, or one we no longer believe."""
    practice = session.get(Practice, key.practice_id) if key.practice_id else None
    if practice is None:
        words = "This key belongs to no practice. Ask the clinic for one that does (handoff keys create --practice)."
        raise Forbidden(words, code="no_practice")
    if practice.verified_at is None:
        raise Forbidden("The practice of this key is not verified any more. Please call the clinic.", code="practice_not_verified")
    return practice


def practices_of(session: Session, keys: Iterable[ApiKey]) -> dict[uuid.UUID, str]:
    """Return the practice's name of each key that belongs to one, by the key's id."""
    ids = {key.id: key.practice_id for key in keys if key.practice_id}
    names = {practice.id: practice.name for practice in session.scalars(select(Practice).where(Practice.id.in_(ids.values())))}
    return {key_id: names[practice_id] for key_id, practice_id in ids.items()}


def _found_or_made(session: Session, called: str, *, actor: str) -> Practice:
    lock(session, "practice", plain(called))
    found = practice_called(session, called)
    if found is None and _is_id(called):
        raise NotFound(f"No practice has the id {called}: see `handoff providers list`.")
    return found or make_practice(session, called, actor=actor)


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
