"""A lead's referrals on its page: who sent them, what they say, what they changed, and what may be done now or why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import Level
from leads.consent.as_said import AsSaid
from leads.consent.may_email import Kind, Standings
from leads.http.console import words
from leads.loop.disclosure import level_for
from leads.loop.models import Amendment, Referral, ReferralEvent
from leads.loop.states import STATES, allowed
from leads.messages.templates import catalogue
from leads.pipeline.models import Lead
from leads.providers.directory import look_up
from leads.providers.know import Said
from leads.providers.models import Claim, Practice, Provider
from leads.providers.registry import RegistryEntry
from leads.referrals.amend import differences, waiting
from leads.referrals.attach import Listed, attachments_of
from leads.referrals.decline import TO_PATIENT
from leads.referrals.journey import is_all_it_has
from leads.sequences.in_words import in_words

VERBS = {"ask": "Ask for information", "decline": "Decline", "hand_on": "Hand on"}
ASIDE = ("provider", "submitted_by", "patient", "office", "urgency", "current_risk", "part2", "consent_said")


@dataclass(frozen=True)
class Change:
    """What a sender sent in later, beside what stands: by field, in words."""

    amendment: Amendment
    rows: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Shown:
    """One referral as its section of the page needs it."""

    referral: Referral
    provider: Provider
    practice: Practice | None
    claim: Claim
    listed: RegistryEntry | None
    level: Level
    said: Sequence[tuple[str, str]]
    answer: str | None
    changes: Sequence[Change]
    attachments: Sequence[Listed]
    offers: frozenset[str]
    not_now: Sequence[str]
    is_all: bool

    @property
    def is_unsettled(self) -> bool:
        """True while nobody has called to find out who sent it."""
        return self.claim.verified_at is None and self.claim.refused_at is None

    @property
    def sender(self) -> Said:
        """Who sent it, as they typed it."""
        return Said(**(self.claim.said or {"family_name": ""}))

    @property
    def missing(self) -> Sequence[str]:
        """What we asked for and still wait for."""
        return list((self.referral.words or {}).get("missing", ()))

    @property
    def note(self) -> str | None:
        """The words that went with what happened last."""
        return (self.referral.words or {}).get("note")

    @property
    def standing(self) -> str:
        """Where it stands, in words."""
        return STATES[self.referral.state].words


def why_no_mail(standings: Standings) -> str | None:
    """Return in words why the patient cannot be sent a decision, or None where they can."""
    meta = catalogue()[TO_PATIENT].meta
    against = standings.may_email(Kind(meta.topic, meta.lane, meta.level))
    return in_words(against) if against else None


def shown(session: Session, referral: Referral, lead: Lead) -> Shown:
    """Return what the page shows of one referral of a lead."""
    provider = session.get_one(Provider, referral.provider_id)
    offers = frozenset(allowed(referral.state, "recipient"))
    standing = STATES[referral.state].words.lower()
    return Shown(
        referral=referral,
        provider=provider,
        practice=session.get(Practice, referral.practice_id) if referral.practice_id else None,
        claim=session.get_one(Claim, referral.claim_id),
        listed=look_up(session, provider.npi) if provider.npi else None,
        level=level_for(session, referral),
        said=_said(referral.received or {}),
        answer=_answer(session, referral),
        changes=[_change(referral, each) for each in waiting(session, referral.id)],
        attachments=attachments_of(session, referral.id),
        offers=offers,
        not_now=[f"{label}: not now ({standing})" for verb, label in VERBS.items() if verb not in offers],
        is_all=lead.closed_at is None and is_all_it_has(session, referral, lead),
    )


def _said(received: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    rows = [(field_words(name), value_words(value, name)) for name, value in received.items() if name not in ASIDE and value]
    said = received.get("consent_said")
    return [*rows, ("What the patient agreed to, said by", AsSaid(**said).evidence)] if said else rows


def _change(referral: Referral, amendment: Amendment) -> Change:
    found = differences(referral.received or {}, amendment.received or {})
    return Change(amendment, [(field_words(name), value_words(old, name), value_words(new, name)) for name, (old, new) in found.items()])


def _answer(session: Session, referral: Referral) -> str | None:
    given = select(ReferralEvent).where(ReferralEvent.referral_id == referral.id, ReferralEvent.event == "answer")
    newest = session.scalar(given.order_by(ReferralEvent.version.desc()).limit(1))
    return (newest.details or {}).get("answer") if newest else None


def field_words(name: str) -> str:
    """Return a dotted field name as people read it: `Patient: birth date`."""
    *within, last = name.replace("_", " ").split(".")
    return ": ".join((*within, last)).capitalize()


def value_words(value: Any, name: str = "") -> str:
    """Return what was said in a field as people read it; a list, or a treatment that was tried, on lines of their own."""
    if name == "contraindications":
        return "\n".join(words.choice_name(code) for code in value or ()) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{each} weeks" if name == "weeks" else str(each) for name, each in value.items() if each not in (None, ""))
    if isinstance(value, list | tuple):
        return "\n".join(value_words(each) for each in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value in (None, "") else str(value)
