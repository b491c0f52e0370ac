"""Bounces and answers find their way, and the addresses we send from go by a name that leads back to them."""

from collections.abc import Callable

import pytest

from leads.messages.doctor.look_up import Dns
from leads.messages.doctor.names import check_names, check_ways_in
from tests.dns_server import DnsServer
from tests.messages.doctor.conftest import DOMAIN, FOUR, SIX, SIX_NAME

FOUR_NAME = "25.2.0.192.in-addr.arpa"


def test_names_that_lead_back_are_well(dns: Dns) -> None:
    assert [(each.about, each.state) for each in check_names(dns)] == [(FOUR, "ok"), (SIX, "ok")]


def test_an_address_without_a_name_is_told_with_the_record(dns: Dns, dns_server: DnsServer) -> None:
    del dns_server.zone[SIX_NAME, "PTR"]
    found = list(check_names(dns))[1]
    assert (found.state, found.publish) == ("wrong", (SIX_NAME, "PTR", f"{DOMAIN}."))


def test_a_name_that_leads_elsewhere_is_told(dns: Dns, dns_server: DnsServer) -> None:
    dns_server.zone[FOUR_NAME, "PTR"] = ["customer-25.provider.test."]
    found = next(iter(check_names(dns)))
    assert (found.state, found.publish) == ("wrong", ("customer-25.provider.test", "A", FOUR))


def test_a_greeting_that_leads_elsewhere_is_told(dns: Dns, dns_server: DnsServer) -> None:
    dns_server.zone[FOUR_NAME, "PTR"] = ["out.provider.test."]
    dns_server.zone["out.provider.test", "A"] = [FOUR]
    dns_server.zone[DOMAIN, "A"] = ["198.51.100.1"]
    found = next(iter(check_names(dns)))
    assert (found.check, found.state, found.publish) == ("helo", "wrong", (DOMAIN, "A", FOUR))


def test_where_a_mail_service_sends_its_addresses_are_its_own(dns: Dns, configure: Callable[..., None]) -> None:
    configure(sends_from=[])
    assert [each.state for each in check_names(dns)] == ["advice"]


def test_each_domain_that_gets_mail_is_looked_at_once(dns: Dns, dns_server: DnsServer, configure: Callable[..., None]) -> None:
    assert [(each.about, each.state) for each in check_ways_in(dns)] == [(DOMAIN, "ok")]
    configure(reply_to="care@elmharbor.test")
    assert [(each.about, each.state) for each in check_ways_in(dns)] == [(DOMAIN, "ok"), ("elmharbor.test", "wrong")]


@pytest.mark.parametrize(("exchange", "why"), [([], "would be lost"), (["0 ."], "takes no mail"), (["10 gone.test."], "has no address")])
def test_a_domain_whose_mail_nobody_takes_is_told(dns: Dns, dns_server: DnsServer, exchange: list[str], why: str) -> None:
    dns_server.zone[DOMAIN, "MX"] = exchange
    (found,) = check_ways_in(dns)
    assert (found.state, why in found.says) == ("wrong", True)


@pytest.mark.parametrize("name", [DOMAIN, FOUR_NAME])
def test_silence_is_unknown(dns: Dns, dns_server: DnsServer, name: str) -> None:
    dns_server.failing.add(name)
    assert "unknown" in [each.state for each in (*check_ways_in(dns), *check_names(dns))]
