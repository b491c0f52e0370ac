"""Changing what we know of a clinician: by the registry, by themselves; and who may write and follow for them."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clock import now
from leads.db import lock
from leads.errors import Conflict, FieldError, Invalid
from leads.providers.models import DAILY, EACH, Delegate, Practice, Provider, email_index
from leads.providers.names import in_words
from leads.providers.registry import RegistryEntry
from leads.providers.sign_in import sign_out_everywhere
from leads.providers.trust import checked_email
from leads.security.identifiers import normal_phone

# Whose word each source may replace. What referrers say stays, even against their own machine's defaults: only an edit changes it.
REPLACES: Mapping[str, tuple[str, ...]] = {"claimed": (), "registry": ("claimed", "registry"), "referrer": ("claimed", "registry")}
EDITABLE = ("given_name", "family_name", "credential", "phone", "fax", "email")
LEVELS = ("acknowledged", "attendance", "stage", "full")
LONGEST = 160


def fill(provider: Provider, values: Mapping[str, str | None], *, source: str) -> list[str]:
    """Take over the values this source may set: where there is none yet, or one of a weaker source; returns the fields that changed."""
    changed = []
    for field, value in values.items():
        before = getattr(provider, field)
        if value and value != before and (before is None or provider.sources.get(field) in REPLACES[source]):
            _set(provider, field, value, source)
            changed.append(field)
    return changed


def as_provider(entry: RegistryEntry) -> dict[str, str | None]:
    """Return what the registry says of a clinician, by our field names."""
    return {
        "given_name": in_words(entry.given_name) or None,
        "family_name": in_words(entry.family_name or entry.organization) or None,
        "credential": entry.credential,
        "taxonomy": entry.taxonomy,
        "phone": normal_phone(entry.phone or ""),
        "fax": normal_phone(entry.fax or ""),
    }


def refresh_from_registry(session: Session, *, actor: str) -> int:
    """Bring every provider up to the registry, but for what they or staff said themselves; returns how many changed."""
    changed = 0
    for provider, entry in session.execute(select(Provider, RegistryEntry).join(RegistryEntry, RegistryEntry.npi == Provider.npi)):
        if fields := fill(provider, as_provider(entry), source="registry"):
            record(session, "provider.refreshed", provider, actor=actor, fields=fields)
            changed += 1
    return changed


def edit_by_referrer(session: Session, provider: Provider, changes: Mapping[str, str | None], *, actor: str) -> list[str]:
    """Change what a signed-in clinician says of themselves; it wins over the registry from now on. Returns the fields that changed.

    An e-mail address is only noted as typed: it goes on file by a call (`trust`), or whoever holds a session could take it over.
    Raises Invalid naming every field that cannot be as it is given.
    """
    values = {field: (value or "").strip() or None for field, value in changes.items()}
    wrong = [error for field, value in values.items() if (error := _wrong(field, value))]
    if wrong:
        raise Invalid("Some of this cannot be kept: " + " ".join(error.message for error in wrong), errors=tuple(wrong))
    changed = []
    for field, value in values.items():
        if field == "email":
            target, value = "typed_email", checked_email(value) if value else None
        else:
            target, value = field, normal_phone(value) if value and field in ("phone", "fax") else value
        if getattr(provider, target) != value:
            _set(provider, target, value, "referrer")
            changed.append(field)
    if changed:
        record(session, "provider.edited", provider, actor=actor, fields=changed)
    return changed


def prefer(session: Session, who: Provider | Delegate, notify: str, *, actor: str) -> None:
    """Have this person told of each change, or by one digest each morning; raises Invalid for anything else."""
    if notify not in (EACH, DAILY):
        words = f"Choose {EACH} (a mail for each change) or {DAILY} (one digest each morning)."
        raise Invalid(words, errors=(FieldError("notify", "unknown_choice", words),))
    if who.notify != notify:
        who.notify = notify
        record(session, "notify.changed", who, actor=actor, notify=notify)


def limit_disclosure(session: Session, practice: Practice, level: str | None, *, actor: str) -> None:
    """Tell this practice at most so much, even where the patient's grant allows more; None lifts the limit. Raises Invalid otherwise."""
    if level is not None and level not in LEVELS:
        words = f"Choose one of {', '.join(LEVELS)}."
        raise Invalid(words, errors=(FieldError("disclosure", "unknown_choice", words),))
    if practice.disclosure != level:
        practice.disclosure = level
        record(session, "disclosure.limited", practice, actor=actor, level=level)


def add_delegate(session: Session, provider: Provider, *, name: str, email: str, actor: str, whole_practice: bool = False) -> Delegate:
    """Return the delegate of this address, added where there is none; the address is typed, and on file only once it is trusted.

    They submit and follow for this clinician, or with `whole_practice` for all of the practice. Raises Invalid or Conflict.
    """
    if provider.practice_id is None:
        raise Conflict("Only a clinician of a practice we know can have delegates.")
    address = checked_email(email)
    lock(session, "delegate", f"{provider.practice_id}:{email_index(address).hex()}")
    follows = None if whole_practice else provider.id
    if (known := _delegate(session, provider, address)) is not None:
        return known
    delegate = Delegate(practice_id=provider.practice_id, provider_id=follows, notify=EACH, created_at=now(), added_by=actor)
    delegate.name, delegate.typed_email = name.strip()[:LONGEST], address
    session.add(delegate)
    session.flush()
    record(session, "delegate.added", delegate, actor=actor, provider=str(provider.id), whole_practice=whole_practice)
    return delegate


def remove_delegate(session: Session, delegate: Delegate, *, actor: str) -> None:
    """End what a delegate may do; what they did stays on record."""
    if delegate.removed_at is None:
        delegate.removed_at = now()
        sign_out_everywhere(session, delegate)
        record(session, "delegate.removed", delegate, actor=actor)


def _delegate(session: Session, provider: Provider, address: str) -> Delegate | None:
    # A typed address has no index: an office has a handful of delegates, and they are read in full.
    query = select(Delegate).where(Delegate.practice_id == provider.practice_id, Delegate.removed_at.is_(None))
    for delegate in session.scalars(query.order_by(Delegate.created_at)):
        if address in (delegate.email, delegate.typed_email) and delegate.provider_id in (None, provider.id):
            return delegate
    return None


def _set(provider: Provider, field: str, value: str | None, source: str) -> None:
    setattr(provider, field, value)
    # A new mapping: SQLAlchemy does not see a change inside the old one.
    provider.sources = provider.sources | {field: source}


def _wrong(field: str, value: str | None) -> FieldError | None:
    if field not in EDITABLE:
        return FieldError(field, "unknown_field", f"{field} is not one of {', '.join(EDITABLE)}.")
    if field == "family_name" and not value:
        return FieldError(field, "missing", "Please give the family name.")
    if value and len(value) > LONGEST:
        return FieldError(field, "too_long", f"Please write at most {LONGEST} characters.")
    if value and field in ("phone", "fax") and normal_phone(value) is None:
        return FieldError(field, "no_phone", "This number cannot be dialled. Give it with area code, such as 203-555-0123.")
    return None
