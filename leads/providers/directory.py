"""Looking clinicians up: in the public registry by NPI or name, and in what we have on file."""

import re
import uuid
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import ColumnElement, Executable, Integer, Select, String, bindparam, func, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from leads.clinic.profile import clinic
from leads.errors import Conflict, NotFound
from leads.providers.models import Claim, Delegate, Practice, Provider, email_index
from leads.providers.names import asked_for, in_words, plain
from leads.providers.npi import valid_npi
from leads.providers.registry import KEY, RegistryEntry
from leads.security.identifiers import normal_phone

MOST = 20
LEAST_LETTERS = 2
STATE_AND_ZIP = re.compile(r"\b([A-Z]{2}) \d{5}\b")


def look_up(session: Session, npi: str) -> RegistryEntry | None:
    """Return the registry's entry for an NPI, a deactivated one too (see `deactivated_on`), or None."""
    return session.get(RegistryEntry, npi)


def search(session: Session, words: str, *, state: str | None = None, limit: int = 10) -> list[RegistryEntry]:
    """Return active entries whose name begins with `words`, given or family name first, those of `state` (ours by default) before others.

    Both names may be typed, the last one in part: `rivera a`, `Ana Riv`, `Dr. Ana Rivera`, an organisation's name. At most 20.
    """
    key = asked_for(words)
    if len(key) < LEAST_LETTERS:
        return []
    limit, state = max(1, min(limit, MOST)), state or home_state() or ""
    asked = {"low": key, "high": key + "\U0010ffff", "state": state, "limit": limit}
    found = {entry.npi: entry for entry in session.scalars(_beginning(), asked)}
    return sorted(found.values(), key=lambda entry: (entry.state != state, entry.family_first))[:limit]


def choices(session: Session, typed: str, *, limit: int = 10) -> list[dict[str, str | None]]:
    """Return what a form may offer for an NPI or a name: a few fields of the public registry, never anything of ours."""
    if valid_npi(typed.strip()):
        entry = look_up(session, typed.strip())
        return [_choice(entry)] if entry and entry.deactivated_on is None else []
    return [_choice(entry) for entry in search(session, typed, limit=limit)]


def practice_called(session: Session, which: str) -> Practice | None:
    """Return the practice of this id or name, or None; raises Conflict where several bear the name."""
    found = session.scalars(select(Practice).where(_id_or(which, Practice.id, Practice.name_key == plain(which))).limit(2)).all()
    if len(found) > 1:
        raise Conflict(f"Several practices are called {which}: give the id that `handoff providers list` shows.")
    return found[0] if found else None


def provider_of(session: Session, which: str) -> Provider:
    """Return the provider of this id, or the one on file with this NPI; raises NotFound, or Conflict where it has several practices."""
    condition = _id_or(which, Provider.id, (Provider.npi == which) & Provider.practice_id.is_not(None))
    found = session.scalars(select(Provider).where(condition).limit(2)).all()
    if len(found) > 1:
        raise Conflict(f"The NPI {which} is on file at several practices: give the id that `handoff providers list` shows.")
    if not found:
        raise NotFound(f"Nobody with the id or NPI {which} is on file: see `handoff providers list`.")
    return found[0]


def on_file(session: Session, email: str) -> list[Provider | Delegate]:
    """Return the providers and delegates who have this address on file, verified and not removed; often none, sometimes a whole office."""
    index = email_index(email)
    providers = session.scalars(select(Provider).where(Provider.email_index == index, Provider.verified_at.is_not(None)))
    delegates = session.scalars(
        select(Delegate).where(Delegate.email_index == index, Delegate.verified_at.is_not(None), Delegate.removed_at.is_(None))
    )
    return [*providers, *delegates]


def all_providers(session: Session) -> Sequence[tuple[Provider, Practice]]:
    """Return every clinician of a practice, by name; who only wrote in as a stranger is in `waiting`."""
    query = select(Provider, Practice).join(Practice, Practice.id == Provider.practice_id)
    return [(row[0], row[1]) for row in session.execute(query.order_by(Provider.family_name, Provider.given_name, Provider.id))]


def delegates_of(session: Session, provider: Provider) -> Sequence[Delegate]:
    """Return who follows for this clinician: their own delegates and those of the whole practice, none that was removed."""
    theirs = or_(Delegate.provider_id == provider.id, Delegate.provider_id.is_(None))
    query = select(Delegate).where(Delegate.practice_id == provider.practice_id, theirs, Delegate.removed_at.is_(None))
    return session.scalars(query.order_by(Delegate.created_at, Delegate.id)).all()


def told(session: Session, provider: Provider) -> list[Provider | Delegate]:
    """Return who hears of this clinician's referrals: they and their delegates, as far as an address of theirs is on file."""
    everyone: list[Provider | Delegate] = [provider, *delegates_of(session, provider)]
    return [who for who in everyone if who.verified_at and who.email_index]


def waiting(session: Session, *, npi: str | None = None) -> Sequence[Claim]:
    """Return the claims nobody has verified or refused, oldest first: whom a coordinator has to call."""
    query: Select[Claim] = select(Claim).where(Claim.verified_at.is_(None), Claim.refused_at.is_(None))
    if npi is not None:
        query = query.where(Claim.provider_id.in_(select(Provider.id).where(Provider.npi == npi)))
    return session.scalars(query.order_by(Claim.at, Claim.id)).all()


def claim_of(session: Session, which: str) -> Claim | None:
    """Return the claim of this id, or None."""
    try:
        return session.get(Claim, uuid.UUID(which))
    except ValueError:
        return None


def listed(session: Session) -> int:
    """Return how many NPIs the registry holds."""
    return session.scalar(select(func.count()).select_from(RegistryEntry)) or 0


@lru_cache
def home_state() -> str | None:
    """Return the state of the clinic's own postal address, such as CT, or None."""
    found = STATE_AND_ZIP.search(clinic().practice.postal_address)
    return found[1] if found else None


@lru_cache
def _beginning() -> Executable:
    """Return the query for names in [low, high), built once: four short walks of an index, ours and others, either name first."""
    # A range instead of LIKE: after five runs the prepared statement gets a plan for any value, and only a range keeps the index in it.
    low, high, limit = bindparam("low", type_=KEY), bindparam("high", type_=KEY), bindparam("limit", type_=Integer)
    here = RegistryEntry.state == bindparam("state", type_=String)
    walks = [
        select(RegistryEntry)
        .where(RegistryEntry.deactivated_on.is_(None), where, column >= low, column < high)
        .order_by(column)
        .limit(limit)
        for where in (here, ~func.coalesce(here, False))
        for column in (RegistryEntry.family_first, RegistryEntry.given_first)
    ]
    return select(RegistryEntry).from_statement(union_all(*walks))


def _choice(entry: RegistryEntry) -> dict[str, str | None]:
    return {
        "npi": entry.npi,
        "name": entry.full_name,
        "given_name": in_words(entry.given_name) or None,
        "family_name": in_words(entry.family_name) or None,
        "organization": in_words(entry.organization) or None,
        "credential": entry.credential,
        "city": in_words(entry.city) or None,
        "state": entry.state,
        "phone": normal_phone(entry.phone or ""),
        "fax": normal_phone(entry.fax or ""),
    }


def _id_or(which: str, column: InstrumentedAttribute[uuid.UUID], otherwise: ColumnElement[bool]) -> ColumnElement[bool]:
    try:
        return column == uuid.UUID(which)
    except ValueError:
        return otherwise
