"""Whom a clinician or a practice has sent us, for our own staff: found by the referrer's name or NPI."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from leads.loop.models import Referral
from leads.people.names import answers, plain_words
from leads.pipeline.models import Lead
from leads.providers.models import Practice, Provider
from leads.providers.names import asked_for
from leads.providers.npi import valid_npi

# Clinicians who referred somebody and may be called so; beyond so many a name must be asked for by NPI.
READ = 10_000


def referred_by(session: Session, typed: str, *, limit: int) -> Sequence[Lead]:
    """Return the newest leads that came from a clinician of this NPI or name, or from a practice whose name begins so."""
    words = plain_words(asked_for(typed))
    if valid_npi(typed.strip()):
        whose = _among(Referral.provider_id, _ids(select(Provider.id).where(Provider.npi == typed.strip())))
    elif words and len(max(words, key=len)) > 2:
        practices = select(Practice.id).where(Practice.name_key.startswith(" ".join(words), autoescape=True))
        named = literal(_named(session, words), ARRAY(Uuid()))
        whose = or_(_among(Referral.provider_id, named), _among(Referral.practice_id, _ids(practices)))
    else:
        return ()
    sent = _among(Lead.id, _ids(select(Referral.lead_id).where(whose)))
    return session.scalars(select(Lead).where(sent).order_by(Lead.serial.desc()).limit(limit)).all()


def _ids(query: Select[uuid.UUID]) -> Any:
    return func.array(query.scalar_subquery(), type_=ARRAY(Uuid()))


def _among(column: Any, ids: Any) -> ColumnElement[bool]:
    # As an array, which an index is looked up by: beside an OR, `IN (SELECT …)` would read every referral there is.
    return column == func.any(ids)  # type: ignore[no-any-return]


def _named(session: Session, words: Sequence[str]) -> list[uuid.UUID]:
    # Their names are public and stand in the clear; accents and double names are why they are compared here. But those that are written
    # without accents and apostrophes, and nowhere hold what was typed, are not read at all.
    read = func.lower(func.concat_ws(" ", Provider.given_name, Provider.family_name))
    may_answer = or_(read.contains(max(words, key=len), autoescape=True), read.regexp_match("[^[:ascii:]]|['`]"))
    sent = exists().where(Referral.provider_id == Provider.id)
    known = session.execute(select(Provider.id, Provider.given_name, Provider.family_name).where(may_answer, sent).limit(READ))
    return [provider_id for provider_id, given, family in known if answers(words, given, family)]
