"""The clinic's own provider lets in whom we know, and no token made for another purpose, browser or client does."""

import time
from collections.abc import Iterator

import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr
from sqlalchemy.orm import Session

from config.settings import settings
from leads.access.invite import invite
from leads.accounts import oidc
from leads.accounts.models import Account
from leads.accounts.staff import disable_account
from leads.errors import ConfigError, Invalid, Unauthenticated
from tests.accounts.cast import make_account
from tests.accounts.oidc_provider import CLIENT, SECRET, Provider, running

BROWSER = "the secret of Casey's browser"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """The provider, named in our settings."""
    with running() as made:
        monkeypatch.setattr(settings(), "handoff_oidc_issuer", made.issuer)
        monkeypatch.setattr(settings(), "handoff_oidc_client_id", CLIENT)
        monkeypatch.setattr(settings(), "handoff_oidc_client_secret", SecretStr(SECRET))
        yield made
    oidc.provider.cache_clear()


@pytest.fixture
def casey(session: Session) -> Account:
    """A coordinator who has an account here."""
    return make_account(session)


def sign_in(session: Session, provider: Provider, *, browser: str = BROWSER, code: str = "good", state: str | None = None) -> Account:
    """There and back."""
    given = provider.authorize(oidc.begin(session, BROWSER, next_path="/console"))
    return oidc.finish(session, browser, code=code, state=given if state is None else state)[0]


def test_whoever_is_known_comes_in(session: Session, provider: Provider, casey: Account) -> None:
    assert sign_in(session, provider) is casey


def test_the_provider_is_asked_with_pkce_state_and_nonce_and_shown_our_secret(session: Session, provider: Provider, casey: Account) -> None:
    sign_in(session, provider)
    assert (provider.asked["code_challenge_method"], provider.asked["scope"]) == ("S256", "openid email")
    assert len({provider.asked["state"], provider.asked["nonce"], provider.asked["code_challenge"]}) == 3
    assert provider.auth == "warm-handoff:a%3Asecret%26more"


def test_whoever_is_invited_comes_in_without_a_password(session: Session, provider: Provider) -> None:
    robin = invite(session, email="robin@example.com", name="Robin", roles=["coordinator"])
    provider.claims = {"email": "Robin@example.com", "sub": "robin-1"}
    assert sign_in(session, provider) is robin


def test_from_the_second_time_on_the_subject_counts_whatever_the_address_became(
    session: Session, provider: Provider, casey: Account
) -> None:
    sign_in(session, provider)
    provider.claims = {"email": "married@example.com", "email_verified": False}
    assert sign_in(session, provider) is casey


def test_another_subject_with_the_same_address_stays_outside(session: Session, provider: Provider, casey: Account) -> None:
    sign_in(session, provider)
    provider.claims = {"sub": "somebody-else"}
    with pytest.raises(Unauthenticated, match="invited"):
        sign_in(session, provider)


@pytest.mark.parametrize(
    "claims",
    [{"email": "stranger@example.com"}, {"email_verified": False}, {"email_verified": "true"}, {"email": None}],
    ids=["a stranger", "an address nobody verified", "a word for true", "no address"],
)
def test_whom_the_provider_does_not_vouch_for_or_we_do_not_know_stays_outside(
    session: Session, provider: Provider, casey: Account, claims: dict[str, object]
) -> None:
    provider.claims = claims
    with pytest.raises(Unauthenticated, match="invited"):
        sign_in(session, provider)
    assert casey.oidc_subject is None


def test_a_closed_account_stays_closed(session: Session, provider: Provider, casey: Account) -> None:
    sign_in(session, provider)
    disable_account(session, casey)
    with pytest.raises(Unauthenticated):
        sign_in(session, provider)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another client"},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "http://127.0.0.1:1"},
        {"exp": int(time.time()) - 3600},
        {"nbf": int(time.time()) + 3600},
    ],
    ids=["nonce", "audience", "authorized party", "issuer", "expired", "not yet"],
)
def test_a_token_that_was_not_made_for_this_sign_in_is_refused(
    session: Session, provider: Provider, casey: Account, claims: dict[str, object]
) -> None:
    provider.claims = claims
    with pytest.raises(Unauthenticated, match="not completed"):
        sign_in(session, provider)


@pytest.mark.parametrize("claim", ["nonce", "aud", "iss", "exp", "sub"])
def test_a_token_that_lacks_what_it_must_say_is_refused(session: Session, provider: Provider, casey: Account, claim: str) -> None:
    provider.without = (claim,)
    with pytest.raises(Unauthenticated, match="not completed"):
        sign_in(session, provider)


def test_a_token_signed_by_another_key_is_refused(session: Session, provider: Provider, casey: Account) -> None:
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    with pytest.raises(Unauthenticated, match="not completed"):
        sign_in(session, provider)


@pytest.mark.parametrize("state", ["", "another"])
def test_an_answer_to_another_question_is_refused(session: Session, provider: Provider, casey: Account, state: str) -> None:
    with pytest.raises(Unauthenticated):
        sign_in(session, provider, state=state)


def test_an_answer_in_another_browser_or_a_second_time_is_refused(session: Session, provider: Provider, casey: Account) -> None:
    with pytest.raises(Invalid):
        sign_in(session, provider, browser="another browser")
    state = provider.authorize(oidc.begin(session, BROWSER, next_path="/console"))
    oidc.finish(session, BROWSER, code="good", state=state)
    with pytest.raises(Invalid):
        oidc.finish(session, BROWSER, code="good", state=state)


def test_a_code_the_provider_does_not_know_is_refused_in_words(session: Session, provider: Provider, casey: Account) -> None:
    with pytest.raises(Unauthenticated, match="not completed"):
        sign_in(session, provider, code="stolen")


def test_a_provider_that_calls_itself_another_is_named(session: Session, provider: Provider) -> None:
    provider.calls_itself = "https://evil.example"
    with pytest.raises(ConfigError, match="HANDOFF_OIDC_ISSUER"):
        oidc.begin(session, BROWSER, next_path="/console")
