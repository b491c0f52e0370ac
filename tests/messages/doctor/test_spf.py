"""SPF as a receiver works it out, with right records and each kind of wrong one."""

from ipaddress import ip_address

import pytest

from leads.messages.doctor.look_up import Dns
from leads.messages.doctor.spf import Walk, WrongRecord, check_spf
from tests.dns_server import DnsServer
from tests.messages.doctor.conftest import DOMAIN, FOUR, SIX

OURS = (ip_address(FOUR), ip_address(SIX))


def publish(server: DnsServer, *records: str, at: str = DOMAIN) -> None:
    server.zone[at, "TXT"] = list(records)


def result(dns: Dns, address: str = FOUR) -> str:
    return Walk(dns, ip_address(address)).result_of(DOMAIN)


def test_what_is_published_right_is_well(dns: Dns) -> None:
    assert [each.state for each in check_spf(dns, DOMAIN, OURS)] == ["ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
        ("v=spf1 ip4:198.51.100.0/24 -all", "fail"),
        ("v=spf1 ip4:198.51.100.0/24 ~all", "softfail"),
        ("v=spf1 ip4:198.51.100.0/24 ?all", "neutral"),
        ("v=spf1 ip4:198.51.100.0/24", "neutral"),
        ("v=spf1 a -all", "pass"),
        ("v=spf1 a:other.test -all", "fail"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 mx/24 -all", "pass"),
        ("v=spf1 a:near.test/24//64 -all", "pass"),
        ("V=SPF1 IP4:192.0.2.25 -ALL", "pass"),
        ("v=spf1 -ip4:192.0.2.25 +all", "fail"),
        ("v=spf1 include:good.test -all", "pass"),
        ("v=spf1 include:bad.test -all", "fail"),
        ("v=spf1 redirect=good.test", "pass"),
        ("v=spf1 -all redirect=good.test", "fail"),
        ("v=spf1 unknown-modifier=x ip4:192.0.2.25 -all", "pass"),
    ],
)
def test_a_record_says_of_an_address_what_the_standard_says(dns: Dns, dns_server: DnsServer, record: str, expected: str) -> None:
    publish(dns_server, "v=spf1 ip4:192.0.2.25 -all", at="good.test")
    publish(dns_server, "v=spf1 -all", at="bad.test")
    dns_server.zone["near.test", "A"] = ["192.0.2.99"]
    dns_server.zone["other.test", "A"] = ["198.51.100.9"]
    publish(dns_server, record)
    assert result(dns) == expected


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (("v=spf1 -all", "v=spf1 mx -all"), "2 SPF records"),
        (("v=spf1 include:nobody.test -all",), "includes nobody.test, which has no SPF record"),
        (("v=spf1 redirect=nobody.test",), "refers to nobody.test"),
        (("v=spf1 ipv4:192.0.2.25 -all",), "“ipv4:192.0.2.25” is no term"),
        (("v=spf1 ip4:192.0.2.999 -all",), "192.0.2.999 is no network"),
        (("v=spf1 ip4:2001:db8::1 -all",), "no IPv4 network"),
        (("v=spf1 include -all",), "“include” is no term"),
        ((f"v=spf1 include:{DOMAIN} -all",), "more than 10 times"),
        (("v=spf1 a:x1.test a:x2.test a:x3.test -all",), "do not exist, x3.test among them"),
        (("v=spf1 " + " ".join(f"mx:{DOMAIN}" for _ in range(11)) + " -all",), "more than 10 times"),
    ],
)
def test_a_record_receivers_give_up_on_is_named_with_what_to_publish(
    dns: Dns, dns_server: DnsServer, records: tuple[str, ...], why: str
) -> None:
    publish(dns_server, *records)
    found = check_spf(dns, DOMAIN, OURS)
    assert [each.state for each in found] == ["wrong"]
    assert why in found[0].says
    assert found[0].publish == (DOMAIN, "TXT", f"v=spf1 ip4:{FOUR} ip6:{SIX} -all")


def test_no_record_is_told_with_the_one_to_publish(dns: Dns, dns_server: DnsServer) -> None:
    publish(dns_server, "v=spf10 -all", "other")
    assert check_spf(dns, DOMAIN, [], ["amazonses.com"])[0].publish == (DOMAIN, "TXT", "v=spf1 include:amazonses.com -all")
    assert check_spf(dns, DOMAIN, [])[0].publish == (DOMAIN, "TXT", "v=spf1 mx -all")


def test_an_address_that_may_not_send_is_named(dns: Dns, dns_server: DnsServer) -> None:
    publish(dns_server, f"v=spf1 ip4:{FOUR} -all")
    found = check_spf(dns, DOMAIN, OURS)
    assert [each.state for each in found] == ["ok", "ok", "wrong"]
    assert f"{SIX} may not send" in found[2].says
    assert found[2].publish == (DOMAIN, "TXT", f"v=spf1 ip6:{SIX} ip4:{FOUR} -all")


@pytest.mark.parametrize(("record", "state"), [(f"v=spf1 ip4:{FOUR} ip6:{SIX} +all", "wrong"), (f"v=spf1 ip4:{FOUR} ip6:{SIX}", "advice")])
def test_a_record_that_forbids_nobody_is_not_well(dns: Dns, dns_server: DnsServer, record: str, state: str) -> None:
    publish(dns_server, record)
    found = check_spf(dns, DOMAIN, OURS)[0]
    assert found.state == state
    assert found.publish == (DOMAIN, "TXT", f"v=spf1 ip4:{FOUR} ip6:{SIX} -all")


def test_macros_are_not_guessed_at(dns: Dns, dns_server: DnsServer) -> None:
    publish(dns_server, "v=spf1 exists:%{i}._spf.elmharbor.test -all")
    assert check_spf(dns, DOMAIN, OURS)[0].state == "advice"


@pytest.mark.parametrize("how", ["failing", "silent"])
def test_a_server_that_does_not_answer_is_not_taken_for_no_record(dns: Dns, dns_server: DnsServer, how: str) -> None:
    getattr(dns_server, how).add(DOMAIN)
    assert [each.state for each in check_spf(dns, DOMAIN, OURS)] == ["unknown"]


def test_a_loop_ends(dns: Dns, dns_server: DnsServer) -> None:
    publish(dns_server, f"v=spf1 redirect={DOMAIN}")
    with pytest.raises(WrongRecord, match="more than 10"):
        result(dns)
