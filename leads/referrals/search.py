"""Whom a clinician or a practice has sent us, for our own staff: found by the referrer's name or NPI."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from leads.loop.models import Referral
from leads.people.names import answers, plain_words
from leads.pipeline.models import Lead
from leads.providers.models import Practice, Provider
from leads.providers.names import asked_for
from leads.providers.npi import valid_npi

# Clinicians who ever referred somebody; beyond so many a name must be asked for by NPI.
READ = 10_000


def referred_by(session: Session, typed: str, *, limit: int) -> Sequence[Lead]:
    """Return the newest leads that came from a clinician of this NPI or name, or from a practice whose name begins so."""
    words = plain_words(asked_for(typed))
    if valid_npi(typed.strip()):
        whose: ColumnElement[bool] = Referral.provider_id.in_(select(Provider.id).where(Provider.npi == typed.strip()))
    elif words and len(max(words, key=len)) > 2:
        practices = select(Practice.id).where(Practice.name_key.startswith(" ".join(words), autoescape=True))
        whose = or_(Referral.provider_id.in_(_named(session, words)), Referral.practice_id.in_(practices))
    else:
        return ()
    wanted = select(Lead).where(Lead.id.in_(select(Referral.lead_id).where(whose))).order_by(Lead.serial.desc()).limit(limit)
    return session.scalars(wanted).all()


def _named(session: Session, words: Sequence[str]) -> list[object]:
    # Their names are public and stand in the clear; accents and double names are why they are compared here.
    sent = exists().where(Referral.provider_id == Provider.id)
    known = session.execute(select(Provider.id, Provider.given_name, Provider.family_name).where(sent).limit(READ))
    return [provider_id for provider_id, given, family in known if answers(words, given, family)]
