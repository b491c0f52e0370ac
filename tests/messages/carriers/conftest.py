"""Each provider as a real server, and the settings by which we send to it."""

from collections.abc import Callable, Iterator

import pytest

from config.settings import settings
from leads.messages.carriers import either
from leads.messages.carriers.base import Carrier
from leads.messages.carriers.known import CARRIERS
from leads.messages.models import LANES
from leads.messages.refusals import Way, forget_refusals
from tests.provider import Provider

KEYS = {
    "ses": {"SES_ACCESS_KEY_ID": "AKIDEXAMPLE", "SES_SECRET_ACCESS_KEY": "secret", "SES_CONFIGURATION_SET": "clinic"},
    "postmark": {"POSTMARK_TOKEN": "postmark-token"},
    "sendgrid": {"SENDGRID_API_KEY": "SG.key"},
    "mailgun": {"MAILGUN_API_KEY": "key-1", "MAILGUN_DOMAIN": "mail.elmharbor.test"},
}
OVER_HTTPS = tuple(KEYS)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that takes everything until told otherwise."""
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture
def use(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts into the settings what a carrier needs to send to the provider."""

    def set_up(name: str, url: str = provider.url) -> None:
        for key, value in ({f"{name.upper()}_URL": url} | KEYS[name]).items():
            monkeypatch.setenv(key, value)
        settings.cache_clear()

    yield set_up
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture(params=OVER_HTTPS)
def carrier(request: pytest.FixtureRequest, use: Callable[[str], None]) -> Iterator[Carrier]:
    """Each of the carriers over HTTPS."""
    use(request.param)
    carrier = CARRIERS[request.param].open()
    yield carrier
    carrier.close()


@pytest.fixture(autouse=True)
def nobody_rests() -> Iterator[None]:
    """Every carrier is asked anew, and none has refused anybody."""
    either.forget_rests()
    yield
    either.forget_rests()
    for lane in LANES:
        for carrier in CARRIERS:
            forget_refusals(Way(lane, carrier))
