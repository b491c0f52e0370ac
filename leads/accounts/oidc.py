"""Signing in with the clinic's own provider: OpenID Connect, authorization code with PKCE (RFC 7636), state and nonce."""

import secrets
import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlencode

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts import ceremony
from leads.accounts.models import Account
from leads.accounts.staff import account_index
from leads.audit.trail import record, record_about
from leads.errors import ConfigError, Unauthenticated
from leads.security.fields import blind_index

KIND, PATH = "oidc", "/console/oidc/back"
PATIENCE = httpx.Timeout(10.0)
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
LEEWAY = 60
NOT_KNOWN = "Nobody here has invited the account you signed in with, or its e-mail address is not verified there. Ask an administrator."
NOT_TAKEN = "The sign-in was not completed. Please try again."


@dataclass(frozen=True)
class Provider:
    """What a provider says about itself (OpenID Connect Discovery 1.0), as far as we need it."""

    issuer: str
    authorize: str
    token: str
    keys: str


@lru_cache
def provider(issuer: str) -> Provider:
    """Return what the provider says of itself; raises ConfigError when it cannot be asked or is another than it is said to be."""
    try:
        answer = httpx.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=PATIENCE, verify=_trust())
        told = answer.raise_for_status().json()
        found = Provider(told["issuer"], told["authorization_endpoint"], told["token_endpoint"], told["jwks_uri"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        raise ConfigError(f"HANDOFF_OIDC_ISSUER: {issuer} does not answer as an OpenID Connect provider.") from None
    # A provider that speaks for another issuer is the mix-up attack (RFC 9700, 4.4).
    if found.issuer.rstrip("/") != issuer.rstrip("/"):
        raise ConfigError(f"HANDOFF_OIDC_ISSUER: the provider calls itself {found.issuer}; write that.")
    return found


def begin(session: Session, browser: str, *, next_path: str) -> str:
    """Return the address at the provider to send the browser to; state, nonce and verifier stay on our side, for one answer."""
    here, there = settings(), provider(settings().handoff_oidc_issuer)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    ceremony.keep(session, KIND, browser, {"state": state, "verifier": verifier, "nonce": nonce, "next": next_path})
    asked = {
        "response_type": "code",
        "client_id": here.handoff_oidc_client_id,
        "redirect_uri": f"{here.public_url}{PATH}",
        "scope": "openid email",
        "state": state,
        "nonce": nonce,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    return f"{there.authorize}{'&' if '?' in there.authorize else '?'}{urlencode(asked)}"


def finish(session: Session, browser: str, *, code: str, state: str) -> tuple[Account, str]:
    """Return the account behind the provider's answer and where they were going; raises Invalid or Unauthenticated."""
    kept = ceremony.take(session, KIND, browser)
    if not state or not secrets.compare_digest(kept["state"].encode(), state.encode()):
        raise Unauthenticated(NOT_TAKEN, code="oidc_state")
    claims = _claims(code, kept)
    account = _account(session, claims)
    if account is None:
        record_about(session, "account.oidc_refused", "accounts", None)
        raise Unauthenticated(NOT_KNOWN, code="oidc_unknown")
    return account, kept["next"]


def _claims(code: str, kept: dict[str, Any]) -> CodeIDToken:
    here = settings()
    there = provider(here.handoff_oidc_issuer)
    try:
        token = jwt.decode(_exchange(there, code, kept["verifier"]), _keys(there), algorithms=ALGORITHMS)
        expected = {"iss": {"essential": True, "value": there.issuer}, "aud": {"essential": True, "value": here.handoff_oidc_client_id}}
        claims = CodeIDToken(token.claims, token.header, expected, {"nonce": kept["nonce"], "client_id": here.handoff_oidc_client_id})
        claims.validate(leeway=LEEWAY)
    # What the provider or the library did not like may hold parts of a token: none of it is shown or logged.
    except (JoseError, httpx.HTTPError, ValueError, KeyError, TypeError, OSError):
        raise Unauthenticated(NOT_TAKEN, code="oidc_refused") from None
    return claims


def _account(session: Session, claims: CodeIDToken) -> Account | None:
    subject = blind_index("oidc-subject", f"{claims['iss']}\n{claims['sub']}")
    known = session.scalar(select(Account).where(Account.oidc_subject == subject))
    if known is not None:
        return known if known.disabled_at is None else None
    # The first time only, and only by an address the provider vouches for; from then on the subject counts, whatever the address becomes.
    if claims.get("email_verified") is not True or not isinstance(claims.get("email"), str):
        return None
    invited = session.scalar(select(Account).where(Account.email_index == account_index(claims["email"])).with_for_update())
    if invited is None or invited.disabled_at is not None or invited.oidc_subject is not None:
        return None
    invited.oidc_subject = subject
    record(session, "account.oidc_linked", invited, actor=f"account:{invited.id}")
    return invited


def _exchange(there: Provider, code: str, verifier: str) -> str:
    """Return the ID token that the provider gives for a code."""
    here = settings()
    secret = here.handoff_oidc_client_secret.get_secret_value() if here.handoff_oidc_client_secret else ""
    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{here.public_url}{PATH}",
        "code_verifier": verifier,
    }
    # Both halves are form-encoded before they are joined (RFC 6749, 2.3.1), or a secret with a colon names another client.
    who = (quote_plus(here.handoff_oidc_client_id), quote_plus(secret))
    answer = httpx.post(there.token, data=asked, auth=who, timeout=PATIENCE, verify=_trust()).raise_for_status().json()
    return str(answer["id_token"])


def _keys(there: Provider) -> KeySet:
    # Asked each time: a provider that changed its keys would otherwise lock everybody out until we restart.
    return KeySet.import_key_set(httpx.get(there.keys, timeout=PATIENCE, verify=_trust()).raise_for_status().json())


@lru_cache
def _trust() -> ssl.SSLContext:
    # Reading the roots takes longer than a request does, and somebody waits to be let in.
    return httpx.create_ssl_context()
