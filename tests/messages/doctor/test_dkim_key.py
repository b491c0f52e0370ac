"""The key that others find is held against the one that signs, and where it is another, the record to publish is printed."""

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from leads.messages.doctor.dkim_key import check_dkim
from leads.messages.doctor.look_up import Dns
from leads.messages.doctor.sample import check_sample
from leads.messages.mail_keys import record_of, signing_keys
from tests.dns_server import DnsServer
from tests.messages.doctor.conftest import DOMAIN

RSA = f"hr1._domainkey.{DOMAIN}"
THEIRS = f"s1._domainkey.{DOMAIN}"


def states(dns: Dns) -> list[str]:
    return [each.state for each in check_dkim(dns)]


def public(bits: int) -> str:
    # Nobody signs with it: how long it is is all that is looked at.
    key = generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def test_the_keys_that_sign_are_the_published_ones(dns: Dns) -> None:
    assert states(dns) == ["ok", "ok"]


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (None, "not published"),
        ("v=DKIM1; k=rsa; p=", "revoked"),
        ("v=DKIM1; k=rsa; p=AAAA", "Another key"),
        ("hello", "no key"),
        ("v=DKIM2; p=AAAA", "no key"),
    ],
)
def test_another_key_is_named_with_the_record_that_belongs_there(dns: Dns, dns_server: DnsServer, record: str | None, why: str) -> None:
    dns_server.zone[RSA, "TXT"] = [record] if record else []
    rsa, ed25519 = check_dkim(dns)
    assert (rsa.state, ed25519.state) == ("wrong", "ok")
    assert why in rsa.says
    assert rsa.publish == record_of(signing_keys()[0])


def test_two_keys_under_one_name_are_one_too_many(dns: Dns, dns_server: DnsServer) -> None:
    dns_server.zone[RSA, "TXT"].append("v=DKIM1; p=AAAA")
    assert states(dns) == ["wrong", "ok"]


def test_blanks_and_an_order_of_its_own_are_the_same_key(dns: Dns, dns_server: DnsServer) -> None:
    key = record_of(signing_keys()[0]).value.partition("p=")[2]
    dns_server.zone[RSA, "TXT"] = [f"p={key[:50]} {key[50:]} ; k = rsa; t=s;"]
    assert states(dns) == ["ok", "ok"]


def test_a_key_that_is_only_a_test_is_told(dns: Dns, dns_server: DnsServer) -> None:
    dns_server.zone[RSA, "TXT"] = [record_of(signing_keys()[0]).value + "; t=y"]
    assert states(dns) == ["advice", "ok"]


def test_silence_is_no_missing_key(dns: Dns, dns_server: DnsServer) -> None:
    dns_server.failing.add(RSA)
    assert states(dns) == ["unknown", "ok"]


@pytest.mark.parametrize(
    ("record", "state"),
    [(lambda: public(2048), "ok"), (lambda: public(1024), "advice"), (lambda: "AAAA", "wrong"), (lambda: "", "wrong")],
)
def test_a_mail_services_key_is_looked_at_too(
    dns: Dns, dns_server: DnsServer, configure: Callable[..., None], record: Callable[[], str], state: str
) -> None:
    configure(dkim={"sign": False, "relay": ["s1"]})
    dns_server.zone[THEIRS, "TXT"] = [f"k=rsa; p={record()}"]
    assert states(dns) == [state]


def test_a_mail_services_key_that_is_not_there_or_not_told_is_missed(
    dns: Dns, dns_server: DnsServer, configure: Callable[..., None]
) -> None:
    configure(dkim={"sign": False, "relay": ["s1"]})
    assert states(dns) == ["wrong"]
    dns_server.failing.add(THEIRS)
    assert states(dns) == ["unknown"]


def test_mail_that_nobody_signs_is_not_well(dns: Dns, configure: Callable[..., None]) -> None:
    configure(dkim={"sign": False})
    (found,) = check_dkim(dns)
    assert (found.state, "handoff mail-keys make" in found.says) == ("wrong", True)


def test_a_missing_private_key_is_said_and_stops_nothing_else(dns: Dns, configure: Callable[..., None]) -> None:
    configure(dkim={"sign": True, "rsa": "nowhere"})
    (found,) = check_dkim(dns)
    assert "nowhere.pem: there is no such key" in found.says


def test_a_mail_of_ours_holds_by_what_is_published(dns: Dns) -> None:
    assert [(each.check, each.state) for each in check_sample(dns)] == [("format", "ok"), ("signature", "ok")]


@pytest.mark.parametrize(("record", "state"), [("v=DKIM1; k=rsa; p=AAAA", "wrong"), (None, "wrong")])
def test_a_mail_of_ours_fails_by_another_key(dns: Dns, dns_server: DnsServer, record: str | None, state: str) -> None:
    dns_server.zone[RSA, "TXT"] = [record] if record else []
    assert check_sample(dns)[1].state == state


def test_a_mail_that_cannot_be_made_is_said(dns: Dns, configure: Callable[..., None]) -> None:
    configure(dkim={"sign": True, "rsa": "nowhere"})
    assert [each.state for each in check_sample(dns)] == ["wrong"]
