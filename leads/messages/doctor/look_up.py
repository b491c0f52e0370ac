"""Asking DNS: empty where there is no such record, DnsAway where nobody answers; the two are never taken for each other."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, NamedTuple

import dns.exception
import dns.resolver

from leads.errors import LeadsError

Address = IPv4Address | IPv6Address
SECONDS = 5.0


class DnsAway(Exception):
    """Nobody answered, or not in a way that can be believed."""


class Exchange(NamedTuple):
    """A host that takes a domain's mail; an empty one says that none does (RFC 7505)."""

    preference: int
    host: str


class Dns:
    """One resolver: the machine's own, or the one at `host` or `host:port`."""

    def __init__(self, nameserver: str | None = None) -> None:
        try:
            self._resolver = dns.resolver.Resolver(configure=nameserver is None)
            if nameserver:
                host, _, port = nameserver.rpartition(":") if nameserver.count(":") == 1 else (nameserver, "", "53")
                self._resolver.nameservers, self._resolver.port = [str(ip_address(host))], _port(port)
        except (ValueError, dns.exception.DNSException):
            raise LeadsError("This names no DNS server; write its address, like 192.0.2.53 or 127.0.0.1:5353.") from None
        self._resolver.lifetime = SECONDS

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name, the strings of each joined (RFC 7208, 3.3)."""
        return [b"".join(answer.strings).decode("utf-8", "replace") for answer in self._ask(name, "TXT")]

    def exchanges(self, domain: str) -> list[Exchange]:
        """Return who takes a domain's mail, the first choice first."""
        return sorted(Exchange(each.preference, each.exchange.to_text(omit_final_dot=True).strip(".")) for each in self._ask(domain, "MX"))

    def addresses(self, host: str) -> list[Address]:
        """Return the addresses of a host."""
        return [ip_address(each.address) for kind in ("A", "AAAA") for each in self._ask(host, kind)]

    def names_of(self, address: Address) -> list[str]:
        """Return the names an address goes by."""
        return [each.target.to_text(omit_final_dot=True) for each in self._ask(address.reverse_pointer, "PTR")]

    def _ask(self, name: str, kind: str) -> Iterator[Any]:
        try:
            yield from self._resolver.resolve(name, kind, raise_on_no_answer=False, search=False).rrset or ()
        except (dns.resolver.NXDOMAIN, dns.name.LabelTooLong, dns.name.NameTooLong, dns.name.EmptyLabel):
            return
        except (dns.exception.DNSException, OSError) as error:
            raise DnsAway(f"{name} {kind}: {type(error).__name__}") from None


def _port(written: str) -> int:
    port = int(written)
    if not 0 < port < 2**16:
        raise ValueError("no port")
    return port
