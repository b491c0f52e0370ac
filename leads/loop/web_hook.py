"""Knocking at a web address outside: HTTPS only, no redirect, no address of anybody's own network."""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from leads.errors import Invalid
from leads.loop.subscribe import require_allowed

SECONDS = 10.0
# Two ways to write an IPv4 address as one of version 6, by which a private one would pass for public.
IN_DISGUISE = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("2002::/16"))


@dataclass(frozen=True)
class Answer:
    """What came of knocking: taken or not, and a word for the record, which never repeats what the other side said."""

    taken: bool
    word: str


class _Pinned(http.client.HTTPSConnection):
    """A connection to the very address that was looked at: asked again, a name may suddenly mean another one."""

    def __init__(self, host: str, port: int, address: str) -> None:
        super().__init__(host, port, timeout=SECONDS, context=ssl.create_default_context())
        self.address = address

    def connect(self) -> None:
        raw = socket.create_connection((self.address, self.port), self.timeout)
        self.sock = self._context.wrap_socket(raw, server_hostname=self.host)  # type: ignore[attr-defined]


def knock_at(endpoint: str, headers: Iterable[str], body: bytes) -> Answer:
    """Send a notification to a subscriber and return what came of it; never raises for what the other side does."""
    try:
        # Looked at each time: the operator may have taken the host off the list since.
        require_allowed(endpoint)
    except Invalid:
        return Answer(False, "not-allowed")
    given = dict(header.split(":", 1) for header in headers)
    return post_to(endpoint, {name: value.strip() for name, value in given.items()} | {"Content-Type": "application/fhir+json"}, body)


def post_to(endpoint: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Post to an https address that the operator has chosen and return what came of it; never raises for what the other side does."""
    parts = urlsplit(endpoint)
    host, port = (parts.hostname or "").lower(), parts.port or 443
    try:
        address = public_address(host, port)
    except (OSError, UnicodeError):
        return Answer(False, "no-address")
    if address is None:
        return Answer(False, "private-address")
    return _send(_Pinned(host, port, address), endpoint, headers, body)


def public_address(host: str, port: int) -> str | None:
    """Return an address of a host, None where one of them is not public: one look must decide for all of them."""
    found = [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    return found[0] if found and all(is_public(each) for each in found) else None


def is_public(address: str) -> bool:
    """True for an address on the open internet."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    if mapped is not None:
        return is_public(str(mapped))
    return parsed.is_global and not parsed.is_multicast and not any(parsed in network for network in IN_DISGUISE)


def _send(connection: _Pinned, endpoint: str, headers: Mapping[str, str], body: bytes) -> Answer:
    parts = urlsplit(endpoint)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, dict(headers))
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(False, "no-tls" if isinstance(error, ssl.SSLError) else "no-answer")
    finally:
        connection.close()
    # A redirect is an answer like any other that is no 2xx: we follow none.
    return Answer(200 <= status < 300, str(status))
