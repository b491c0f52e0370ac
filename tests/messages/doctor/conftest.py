"""A clinic that sends from two addresses of its own, a zone in which all is well, and the server that holds it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import settings
from leads.messages.doctor import look_up
from leads.messages.doctor.look_up import Dns
from leads.messages.mail_keys import make_keys, record_of, signing_keys
from tests.dns_server import DnsServer, Zone

DOMAIN = "mail.elmharbor.test"
FOUR, SIX = "192.0.2.25", "2001:db8::25"
SIX_NAME = "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the keys of these tests lie."""
    return tmp_path_factory.mktemp("doctor-keys")


@pytest.fixture
def sending(key_folder: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """We sign, and send from two addresses."""
    monkeypatch.setenv("HANDOFF_MAIL_KEYS_DIR", str(key_folder))
    settings.cache_clear()
    configure(dkim={"sign": True}, sends_from=[FOUR, SIX])
    if not list(key_folder.iterdir()):
        make_keys()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def zone(sending: None) -> Zone:
    """Everything published as it should be."""
    keys = {(record.name, "TXT"): [record.value] for record in map(record_of, signing_keys())}
    return keys | {
        (DOMAIN, "TXT"): ["some-verification=1", f"v=spf1 ip4:{FOUR} ip6:{SIX} -all"],
        (f"_dmarc.{DOMAIN}", "TXT"): ["v=DMARC1; p=reject; rua=mailto:reports@elmharbor.test"],
        (DOMAIN, "MX"): [f"10 mx.{DOMAIN}."],
        (f"mx.{DOMAIN}", "A"): [FOUR],
        (DOMAIN, "A"): [FOUR],
        (DOMAIN, "AAAA"): [SIX],
        ("25.2.0.192.in-addr.arpa", "PTR"): [f"{DOMAIN}."],
        (SIX_NAME, "PTR"): [f"{DOMAIN}."],
    }


@pytest.fixture
def dns_server(zone: Zone) -> Iterator[DnsServer]:
    """A server that holds that zone."""
    server = DnsServer(zone)
    yield server
    server.stop()


@pytest.fixture
def dns(dns_server: DnsServer, monkeypatch: pytest.MonkeyPatch) -> Dns:
    """Somebody who asks it, and has little patience."""
    monkeypatch.setattr(look_up, "SECONDS", 0.4)
    return Dns(dns_server.nameserver)
