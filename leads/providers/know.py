"""Who sends this: finding or making the clinician behind a submission, and keeping what was typed beside what is on file."""

import uuid
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.keys import Holder
from leads.accounts.models import ApiKey
from leads.audit.trail import record
from leads.clock import now
from leads.db import lock
from leads.providers.directory import look_up
from leads.providers.edit import add_delegate, as_provider, fill
from leads.providers.models import EACH, Claim, Delegate, Practice, Provider, email_index
from leads.providers.practices import practice_of_key
from leads.providers.trust import trust


@dataclass(frozen=True)
class Said:
    """What a submission says about its sender: checked and normalised by the submission, believed by nobody yet."""

    family_name: str
    given_name: str | None = None
    npi: str | None = None
    practice: str | None = None
    phone: str | None = None
    fax: str | None = None
    email: str | None = None
    by_name: str | None = None
    by_email: str | None = None

    @property
    def details(self) -> dict[str, str | None]:
        """What becomes the clinician's own once we believe the sender; an address goes its own way (`trust`)."""
        return {"given_name": self.given_name, "family_name": self.family_name, "phone": self.phone, "fax": self.fax}


@dataclass(frozen=True)
class Known:
    """Who a submission comes from: believed where `claim.verified_at` is set, by people only where not."""

    claim: Claim
    provider: Provider
    practice: Practice | None
    delegate: Delegate | None


def know(
    session: Session, said: Said, *, channel: str, actor: str, key: ApiKey | Holder | None = None, practice: Practice | None = None
) -> Known:
    """Return who sends this; every submission leaves a claim with all that was typed.

    A practice's `key` verifies what comes by it: names and numbers beat the registry's, an address goes on file where there is none.
    A `practice` one of whose people is signed in does the same but for addresses, which wait for a call. From a stranger nothing goes
    anywhere but into the claim: an NPI and a name are public, so two may type the same and must learn and change nothing of each other.
    Raises Forbidden for a key without a practice we believe.
    """
    practice = practice_of_key(session, key) if key else practice
    trusted = practice if practice and practice.verified_at else None
    provider = provider_at(session, said, trusted, actor=actor)
    delegate = _take_over(session, provider, said, key=key, actor=actor) if trusted else None
    claim = Claim(provider_id=provider.id, channel=channel, at=now(), said={name: value for name, value in asdict(said).items() if value})
    if claim_email := said.by_email or said.email:
        claim.email, claim.email_index = claim_email, email_index(claim_email)
    if trusted:
        claim.practice_id, claim.verified_at = trusted.id, claim.at
        claim.delegate_id = delegate.id if delegate else None
    session.add(claim)
    session.flush()
    record(session, "provider.claimed", claim, actor=actor, provider=str(provider.id), channel=channel, verified=trusted is not None)
    return Known(claim, provider, trusted, delegate)


def provider_at(session: Session, said: Said, practice: Practice | None, *, actor: str) -> Provider:
    """Return the clinician of this NPI (or, without one, name) at this practice, made where there is none."""
    practice_id = practice.id if practice else None
    if said.npi:
        # Two submissions about a clinician we don't know yet may come at once; the second waits and finds the first one's row.
        lock(session, "provider", f"{said.npi}:{practice_id}")
    return _find(session, said, practice_id) or _make(session, said, practice, actor=actor)


def _find(session: Session, said: Said, practice_id: uuid.UUID | None) -> Provider | None:
    here = Provider.practice_id == practice_id if practice_id else Provider.practice_id.is_(None)
    if said.npi:
        return session.scalar(select(Provider).where(Provider.npi == said.npi, here))
    if practice_id is None:
        return None
    named = (Provider.family_name == said.family_name) & (Provider.given_name == said.given_name)
    return session.scalar(select(Provider).where(here, named, Provider.npi.is_(None)).limit(1))


def _make(session: Session, said: Said, practice: Practice | None, *, actor: str) -> Provider:
    provider = Provider(npi=said.npi, practice_id=practice.id if practice else None, sources={}, notify=EACH, created_at=now())
    entry = look_up(session, said.npi) if said.npi else None
    fill(provider, as_provider(entry) if entry else {}, source="registry")
    fill(provider, {"given_name": said.given_name, "family_name": said.family_name}, source="claimed")
    session.add(provider)
    session.flush()
    record(session, "provider.created", provider, actor=actor, listed=entry is not None)
    return provider


def _take_over(session: Session, provider: Provider, said: Said, *, key: ApiKey | Holder | None, actor: str) -> Delegate | None:
    fill(provider, said.details, source="referrer")
    if key:
        if provider.verified_at is None or (said.email and provider.email is None):
            trust(session, provider, method="key", key_id=key.id, email=None if provider.email else said.email, actor=actor)
    elif said.email and provider.email is None:
        provider.typed_email = said.email
    if not said.by_email:
        return None
    delegate = add_delegate(session, provider, name=said.by_name or said.by_email, email=said.by_email, actor=actor)
    if key and delegate.verified_at is None:
        trust(session, delegate, method="key", key_id=key.id, email=said.by_email, actor=actor)
    return delegate
