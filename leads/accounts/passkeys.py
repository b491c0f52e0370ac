"""Passkeys (WebAuthn Level 3): registered, named, shown and removed; one counts as both factors, since the device asks who holds it."""

import json
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from config.settings import settings
from leads.accounts import ceremony
from leads.accounts.factor_models import Passkey
from leads.accounts.models import Account
from leads.audit.trail import record, record_about
from leads.clinic.profile import clinic
from leads.clock import real_now
from leads.errors import FieldError, Invalid, NotFound

REGISTER, SIGN_IN = "passkey-new", "passkey-in"
MOST, LONGEST_NAME = 10, 60
NOT_TAKEN = "This passkey was not accepted. Try again, or sign in with your password."
REFUSED = (WebAuthnException, ValueError, KeyError, TypeError)


def options_to_register(session: Session, account: Account, browser: str) -> str:
    """Return what the browser needs to make a passkey, as JSON; the challenge stays on our side and is good once."""
    known = passkeys_of(session, account.id)
    if len(known) >= MOST:
        raise Invalid(f"An account has at most {MOST} passkeys. Remove one first.")
    options = generate_registration_options(
        rp_id=_host(),
        rp_name=clinic().practice.name,
        user_id=account.id.bytes,
        user_name=account.email or "",
        user_display_name=account.name or "",
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential_id) for each in known],
    )
    ceremony.keep(session, REGISTER, browser, {"challenge": options.challenge.hex(), "account": str(account.id)})
    return options_to_json(options)


def register(session: Session, account: Account, browser: str, answer: str, *, name: str) -> Passkey:
    """Keep the passkey a browser made; raises Invalid when the answer does not fit the challenge, the site or the account."""
    kept = ceremony.take(session, REGISTER, browser)
    if kept["account"] != str(account.id):
        raise Invalid(NOT_TAKEN)
    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=bytes.fromhex(kept["challenge"]),
            expected_rp_id=_host(),
            expected_origin=settings().public_url,
            require_user_verification=True,
        )
    except REFUSED:
        raise Invalid(NOT_TAKEN, errors=(FieldError("passkey", "refused", NOT_TAKEN),)) from None
    if session.scalar(select(Passkey.id).where(Passkey.credential_id == found.credential_id)) is not None:
        raise Invalid("This passkey is registered already.")
    made = Passkey(account_id=account.id, credential_id=found.credential_id, public_key=found.credential_public_key)
    made.sign_count, made.made_at, made.name = found.sign_count, real_now(), " ".join(name.split())[:LONGEST_NAME] or "Passkey"
    session.add(made)
    session.flush()
    record(session, "account.passkey_added", account, actor=f"account:{account.id}")
    return made


def options_to_sign_in(session: Session, browser: str) -> str:
    """Return what the browser needs to show a passkey, as JSON; it names no account, so that it tells nothing."""
    options = generate_authentication_options(rp_id=_host(), user_verification=UserVerificationRequirement.REQUIRED)
    ceremony.keep(session, SIGN_IN, browser, {"challenge": options.challenge.hex()})
    return options_to_json(options)


def prove(session: Session, browser: str, answer: str) -> Account | None:
    """Return the account whose passkey answered, with the device's word that it saw its holder; None for any other answer."""
    kept = ceremony.take(session, SIGN_IN, browser)
    known = _answering(session, answer)
    account = session.get(Account, known.account_id) if known else None
    if known is None or account is None or account.disabled_at is not None:
        record_about(session, "account.passkey_refused", "accounts", None)
        return None
    try:
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=bytes.fromhex(kept["challenge"]),
            expected_rp_id=_host(),
            expected_origin=settings().public_url,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=True,
        )
    except REFUSED:
        # A count that went back is a copied key: refused, and on record.
        record(session, "account.passkey_refused", account)
        return None
    known.sign_count, known.used_at = found.new_sign_count, real_now()
    return account


def passkeys_of(session: Session, account_id: uuid.UUID) -> Sequence[Passkey]:
    """Return an account's passkeys, the oldest first."""
    return session.scalars(select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.id)).all()


def rename(session: Session, account: Account, passkey_id: uuid.UUID, name: str) -> None:
    """Give a passkey another name; raises NotFound for somebody else's, Invalid for no name."""
    chosen = " ".join(name.split())
    if not 0 < len(chosen) <= LONGEST_NAME:
        told = f"A name of 1 to {LONGEST_NAME} characters, such as “office laptop”."
        raise Invalid(told, errors=(FieldError("name", "length", told),))
    _own(session, account, passkey_id).name = chosen


def remove(session: Session, account: Account, passkey_id: uuid.UUID) -> None:
    """Forget a passkey; raises NotFound for somebody else's."""
    session.delete(_own(session, account, passkey_id))
    record(session, "account.passkey_removed", account, actor=f"account:{account.id}")


def _own(session: Session, account: Account, passkey_id: uuid.UUID) -> Passkey:
    found = session.get(Passkey, passkey_id)
    if found is None or found.account_id != account.id:
        raise NotFound("There is no such passkey.")
    return found


def _answering(session: Session, answer: str) -> Passkey | None:
    try:
        said: Any = json.loads(answer)
        which = base64url_to_bytes(said["id"])
    except REFUSED:
        return None
    return session.scalar(select(Passkey).where(Passkey.credential_id == which).with_for_update())


def _host() -> str:
    return urlsplit(settings().public_url).hostname or ""
