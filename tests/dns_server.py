"""A real DNS server on loopback that holds the zone a test writes, and fails in the ways a test chooses."""

import socketserver
import threading
from contextlib import suppress
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Zone = dict[tuple[str, str], list[str]]


class DnsServer:
    """Answers from `zone`, by name and type; a name in `failing` is answered with SERVFAIL, one in `silent` not at all."""

    def __init__(self, zone: Zone | None = None) -> None:
        self.zone: Zone = zone or {}
        self.failing: set[str] = set()
        self.silent: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                if (answer := outer.answer(data)) is not None:
                    sock.sendto(answer, self.client_address)

        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.nameserver = f"127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Answer no more."""
        with suppress(OSError):
            self._server.shutdown()
            self._server.server_close()

    def answer(self, query: bytes) -> bytes | None:
        """The answer to a query as it goes over the wire."""
        asked = dns.message.from_wire(query)
        question = asked.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        response: Any = dns.message.make_response(asked)
        response.flags |= dns.flags.RA
        if name in self.silent:
            return None
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif values := self.zone.get((name, kind)):
            texts = [_quoted(value) if kind == "TXT" else value for value in values]
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
        elif not any(known == name for known, _ in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        wire: bytes = response.to_wire(max_size=65535)
        return wire


def _quoted(text: str) -> str:
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, max(len(text), 1), 255))
