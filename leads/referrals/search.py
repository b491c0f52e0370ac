"""Whom a clinician or a practice has sent us, for our own staff: found by the referrer's name or NPI."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Uuid, and_, exists, func, literal, or_, select
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
    """Return the leads that came last from a clinician of this NPI or name, or from a practice whose name begins so; the newest first."""
    words = plain_words(asked_for(typed))
    if valid_npi(typed.strip()):
        known = session.scalars(select(Provider.id).where(Provider.npi == typed.strip())).all()
        sent = _sent_last(session, Referral.provider_id, known, limit)
    elif words and len(max(words, key=len)) > 2:
        practices = session.scalars(select(Practice.id).where(Practice.name_key.startswith(" ".join(words), autoescape=True))).all()
        sent = {
            *_sent_last(session, Referral.provider_id, _named(session, words), limit),
            *_sent_last(session, Referral.practice_id, practices, limit),
        }
    else:
        return ()
    wanted = select(Lead).where(Lead.id == func.any(literal(list(sent), ARRAY(Uuid()))))
    return session.scalars(wanted.order_by(Lead.serial.desc()).limit(limit)).all() if sent else ()


def _sent_last(session: Session, column: Any, ids: Sequence[uuid.UUID], limit: int) -> set[uuid.UUID]:
    """Return the leads of the newest referrals of these senders: of those who sent thousands, the others are not read."""
    if not ids:
        return set()
    theirs = select(Referral.lead_id).where(column == func.any(literal(list(ids), ARRAY(Uuid())))).order_by(Referral.received_at.desc())
    # A lead may have come twice, from two of them.
    return set(session.scalars(theirs.limit(2 * limit)))


def _named(session: Session, words: Sequence[str]) -> list[uuid.UUID]:
    # Their names are public and stand in the clear; accents and double names are why they are compared here. But those that are written
    # without accents and apostrophes, and nowhere hold what was typed, are not read at all.
    read = func.lower(func.concat_ws(" ", Provider.given_name, Provider.family_name))
    holds_all = and_(*(read.contains(word, autoescape=True) for word in words))
    may_answer = or_(holds_all, read.regexp_match("[^[:ascii:]]|['`]"))
    sent = exists().where(Referral.provider_id == Provider.id)
    known = session.execute(select(Provider.id, Provider.given_name, Provider.family_name).where(may_answer, sent).limit(READ))
    return [provider_id for provider_id, given, family in known if answers(words, given, family)]
