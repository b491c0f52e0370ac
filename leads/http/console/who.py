"""Who did something: the name behind how the record names them."""

import uuid
from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import ApiKey
from leads.accounts.staff import Colleague, names_of

REFERRERS = {"provider": "the referrer", "delegate": "the referrer's office", "claim": "whoever referred them"}


def who_is_who(session: Session, actors: Collection[str], *, known: Iterable[Colleague] = ()) -> dict[str, str]:
    """Return the names behind actors: colleagues by name, the person, a connected system, ourselves; who is `known` is not looked up."""
    names = {f"account:{each.id}": each.name for each in known}
    if others := _ids(set(actors) - set(names), "account"):
        names |= {f"account:{each}": name for each, name in names_of(session, others).items()}
    if systems := _ids(actors, "key"):
        names |= {f"key:{each.id}": each.name for each in session.scalars(select(ApiKey).where(ApiKey.id.in_(systems)))}
    kinds = {"system": "automatically", "person": "the person", "key": "a connected system", "account": "a colleague"} | REFERRERS
    return {actor: names.get(actor) or kinds.get(actor.partition(":")[0], actor) for actor in actors}


def _ids(actors: Collection[str], kind: str) -> list[uuid.UUID]:
    return [uuid.UUID(actor.partition(":")[2]) for actor in actors if actor.startswith(f"{kind}:")]
