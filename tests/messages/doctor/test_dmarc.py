"""The policy receivers find for From's domain, and whether what vouches for our mail is of the same name."""

from collections.abc import Callable

import pytest

from leads.messages.doctor.dmarc import check_dmarc, is_aligned
from leads.messages.doctor.finding import Finding
from leads.messages.doctor.look_up import Dns
from tests.dns_server import DnsServer
from tests.messages.doctor.conftest import DOMAIN

HERE, ABOVE = f"_dmarc.{DOMAIN}", "_dmarc.elmharbor.test"


def findings(dns: Dns, server: DnsServer, *records: str, at: str = HERE) -> list[Finding]:
    del server.zone[HERE, "TXT"]
    server.zone[at, "TXT"] = list(records)
    return list(check_dmarc(dns))


def test_a_firm_policy_and_one_name_throughout_is_well(dns: Dns) -> None:
    assert [(each.check, each.state) for each in check_dmarc(dns)] == [("dmarc", "ok"), ("alignment", "ok"), ("alignment", "ok")]


@pytest.mark.parametrize(
    ("record", "state", "why"),
    [
        ("v=DMARC1; p=none; rua=mailto:a@elmharbor.test", "advice", "only watches"),
        ("v=DMARC1; p=quarantine", "advice", "Nobody gets the reports"),
        ("v=DMARC1; p=quarantine; rua=mailto:a@elmharbor.test", "ok", "set aside"),
        ("v=DMARC1; p=maybe", "wrong", "p=maybe"),
        ("v=DMARC1", "wrong", "(nothing)"),
        ("v=spf1 -all", "wrong", "no DMARC policy"),
    ],
)
def test_each_policy_is_read_for_what_it_does(dns: Dns, dns_server: DnsServer, record: str, state: str, why: str) -> None:
    found = findings(dns, dns_server, record)[0]
    assert found.state == state
    assert why in found.says


def test_none_is_told_with_the_one_to_begin_with(dns: Dns, dns_server: DnsServer) -> None:
    (found,) = findings(dns, dns_server, "something else")
    assert found.publish == (HERE, "TXT", f"v=DMARC1; p=none; rua=mailto:care@{DOMAIN}")


def test_two_are_as_good_as_none(dns: Dns, dns_server: DnsServer) -> None:
    (found,) = findings(dns, dns_server, "v=DMARC1; p=none", "v=DMARC1; p=reject")
    assert (found.state, "2 DMARC policies" in found.says) == ("wrong", True)


def test_the_policy_of_the_domain_above_counts_by_what_it_says_of_those_below(dns: Dns, dns_server: DnsServer) -> None:
    assert findings(dns, dns_server, "v=DMARC1; p=reject; sp=quarantine; rua=mailto:a@elmharbor.test", at=ABOVE)[0].says.endswith(
        "(p=quarantine)."
    )


def test_silence_is_no_missing_policy(dns: Dns, dns_server: DnsServer) -> None:
    dns_server.silent.add(HERE)
    assert [each.state for each in check_dmarc(dns)] == ["unknown"]


@pytest.mark.parametrize(
    ("other", "organization", "strict", "aligned"),
    [
        (DOMAIN, DOMAIN, True, True),
        (f"bounce.{DOMAIN}", DOMAIN, False, True),
        (f"bounce.{DOMAIN}", DOMAIN, True, False),
        ("elmharbor.test", "elmharbor.test", False, True),
        ("news.elmharbor.test", "elmharbor.test", False, True),
        ("elmharbor.example.com", "elmharbor.test", False, False),
        ("xmail.elmharbor.test", DOMAIN, False, False),
        (f"x{DOMAIN}", DOMAIN, False, False),
    ],
)
def test_a_domain_vouches_for_its_own_organization_only(other: str, organization: str, strict: bool, aligned: bool) -> None:
    assert is_aligned(DOMAIN, other, organization, strict=strict) is aligned


@pytest.mark.parametrize(("dkim", "state"), [({"sign": True}, "advice"), ({"sign": False}, "wrong")])
def test_a_return_path_of_another_name_is_bad_only_where_no_signature_vouches(
    dns: Dns, configure: Callable[..., None], dkim: dict[str, bool], state: str
) -> None:
    configure(domain="bounces.example.com", dkim=dkim)
    assert list(check_dmarc(dns))[-1].state == state
