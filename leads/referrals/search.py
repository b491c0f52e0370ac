"""Whom a clinician or a practice has sent us, for our own staff: found by the referrer's name or NPI."""

import uuid
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import ARRAY, Uuid, bindparam, exists, func, select, text, true, union
from sqlalchemy.orm import Session

from leads.loop.models import Referral
from leads.people.names import answers, plain_words
from leads.providers.models import NAME_WORDS, OTHER_SIGNS, Practice, Provider
from leads.providers.names import asked_for
from leads.providers.npi import valid_npi
from leads.round_trips import Statement, together

# Clinicians who referred somebody and may be called so; beyond so many a name must be asked for by NPI.
READ = 10_000


def referred_by(session: Session, typed: str, *, limit: int) -> Sequence[uuid.UUID]:
    """Return the leads that came last from a clinician of this NPI or name, or from a practice whose name begins so; the newest first."""
    words = plain_words(asked_for(typed))
    if valid_npi(typed.strip()):
        return _sent_last(session, session.scalars(select(Provider.id).where(Provider.npi == typed.strip())).all(), (), limit)
    if not words or len(max(words, key=len)) < 3:
        return ()
    begun = " & ".join(f"'{word}':*" for word in words)
    called, practices = together(session, (_called(), {"begun": begun}), (_practices(), {"begins": " ".join(words)}))
    providers = [provider_id for provider_id, given, family in called if answers(words, given, family)]
    return _sent_last(session, providers, [practice_id for (practice_id,) in practices], limit)


def _sent_last(session: Session, providers: Sequence[uuid.UUID], practices: Sequence[uuid.UUID], limit: int) -> Sequence[uuid.UUID]:
    # A lead may have come twice, from two of them.
    senders = ((Referral.provider_id, providers), (Referral.practice_id, practices))
    asked = [(_newest_of(column), {"ids": list(ids), "most": 2 * limit}) for column, ids in senders if ids]
    sent = chain(*together(session, *asked)) if asked else ()
    newest = sorted(((at, lead_id) for lead_id, at in sent), reverse=True)
    return list(dict.fromkeys(lead_id for _, lead_id in newest))[:limit]


@lru_cache
def _called() -> Statement:
    # Their names are public and stand in the clear: an index knows how their words begin. Accents and apostrophes it does not know, so
    # that whoever has other signs in their name is read too, and all are compared here.
    names = select(Provider.id, Provider.given_name, Provider.family_name).where(exists().where(Referral.provider_id == Provider.id))
    begun = text(f"{NAME_WORDS} @@ to_tsquery('simple', :begun)").bindparams(bindparam("begun"))
    return Statement.of(union(names.where(begun), names.where(text(OTHER_SIGNS))).limit(READ))


@lru_cache
def _practices() -> Statement:
    return Statement.of(select(Practice.id).where(func.starts_with(Practice.name_key, bindparam("begins"))))


@lru_cache
def _newest_of(column: Any) -> Statement:
    """The leads of the newest referrals of some senders: of those who sent thousands, the others are not read."""
    sender = func.unnest(bindparam("ids", type_=ARRAY(Uuid()))).table_valued("id").render_derived(name="sender")
    each = select(Referral.lead_id, Referral.received_at).order_by(Referral.received_at.desc(), Referral.lead_id.desc())
    theirs = each.where(column == sender.c.id).limit(bindparam("most")).lateral()
    newest = select(theirs.c.lead_id, theirs.c.received_at).select_from(sender.join(theirs, true()))
    return Statement.of(newest.order_by(theirs.c.received_at.desc(), theirs.c.lead_id.desc()).limit(bindparam("most")))
