"""Who may have sent this? For our own staff: clinicians on file here before those of the public registry."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.people.names import answers, plain_words
from leads.providers.directory import choices
from leads.providers.models import Practice, Provider
from leads.providers.names import asked_for
from leads.providers.npi import valid_npi

# Clinicians on file; beyond so many a name must be asked for by NPI.
READ = 10_000
Choice = dict[str, str | None]


def look_up(session: Session, typed: str, *, limit: int = 8) -> Sequence[Choice]:
    """Return what a form may offer for an NPI or a name, given or family name first: on file, with the practice, before the registry's."""
    on_file = [_choice(provider, practice) for provider, practice in _on_file(session, typed)][:limit]
    known = {each["npi"] for each in on_file if each["npi"]}
    return [*on_file, *(each for each in choices(session, typed, limit=limit) if each["npi"] not in known)][:limit]


def _on_file(session: Session, typed: str) -> Sequence[tuple[Provider, Practice]]:
    query = select(Provider, Practice).join(Practice, Practice.id == Provider.practice_id)
    if valid_npi(typed.strip()):
        return [(row[0], row[1]) for row in session.execute(query.where(Provider.npi == typed.strip()).order_by(Practice.name))]
    words = plain_words(asked_for(typed))
    if not words or len(max(words, key=len)) < 3:
        return ()
    # Their names are public and stand in the clear; accents and double names are why they are compared here.
    columns = select(Provider.id, Provider.given_name, Provider.family_name).where(Provider.practice_id.is_not(None)).limit(READ)
    named = [provider_id for provider_id, given, family in session.execute(columns) if answers(words, given, family)]
    found = session.execute(query.where(Provider.id.in_(named)).order_by(Provider.family_name, Provider.given_name, Practice.name))
    return [(row[0], row[1]) for row in found]


def _choice(provider: Provider, practice: Practice) -> Choice:
    return {
        "npi": provider.npi,
        "name": provider.full_name,
        "given_name": provider.given_name,
        "family_name": provider.family_name,
        "practice": practice.name,
        "phone": provider.phone or practice.phone,
        "fax": provider.fax or practice.fax,
    }
