"""The line to the mail server is encrypted by a certificate that is its own, or it is said what it is."""

import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from config.settings import settings
from leads.messages.doctor.relay import check_lines, check_relay
from tests.leaving_peer import certificate
from tests.smtp_server import ScriptedServer


@contextmanager
def greeting(tls: ssl.SSLContext) -> Iterator[str]:
    """A server that speaks TLS from the first byte and says yes to everything; yields its URL."""

    class Peer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            # A client that does not believe the certificate leaves in the middle of its being shown.
            with suppress(OSError), tls.wrap_socket(self.request, server_side=True) as peer, peer.makefile("rwb", buffering=0) as line:
                line.write(b"220 hello\r\n")
                while command := line.readline():
                    line.write(b"221 bye\r\n" if command.lower().startswith(b"quit") else b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Peer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"smtps://localhost:{server.server_address[1]}"
        server.shutdown()


At = Callable[[str | None], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[At]:
    """Sets the mail server."""

    def set_url(url: str | None) -> None:
        if url:
            monkeypatch.setenv("SMTP_URL", url)
        settings.cache_clear()

    monkeypatch.delenv("SMTP_URL", raising=False)
    yield set_url
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], ssl.SSLContext]:
    """Makes a server's TLS whose certificate is believed, and good for so many days."""

    def make(days: int) -> ssl.SSLContext:
        tls, ours = certificate(tmp_path, days=days)
        trusting = ssl.create_default_context(cafile=str(ours))
        monkeypatch.setattr("ssl.create_default_context", lambda: trusting)
        return tls

    return make


@pytest.mark.parametrize(("days", "state"), [(90, "ok"), (5, "advice")])
def test_an_encrypted_line_by_a_certificate_that_is_believed_is_well(
    at: At, trusted: Callable[[int], ssl.SSLContext], days: int, state: str
) -> None:
    with greeting(trusted(days)) as url:
        at(url)
        found = check_relay()
    assert found.state == state
    assert "TLSv1.3" in found.says


def test_a_certificate_nobody_vouches_for_is_told(at: At, tmp_path: Path) -> None:
    with greeting(certificate(tmp_path)[0]) as url:
        at(url)
        found = check_relay()
    assert (found.state, "self-signed" in found.says) == ("wrong", True)


def test_a_server_that_does_not_encrypt_is_told(at: At, server: ScriptedServer) -> None:
    at(f"{server.url}?starttls=1")
    assert check_relay().state == "wrong"


@pytest.mark.parametrize(
    ("url", "state", "why"),
    [
        (None, "wrong", "No mail server is set"),
        ("smtp://relay.example.com:25", "wrong", "in the clear"),
        ("smtp://192.0.2.1:25", "wrong", "in the clear"),
        ("smtp://127.0.0.1:2525", "ok", "on this very machine"),
        ("smtps://127.0.0.1:1", "unknown", "could not be reached"),
    ],
)
def test_each_other_line_is_told_for_what_it_is(at: At, url: str | None, state: str, why: str) -> None:
    at(url)
    found = check_relay()
    assert found.state == state
    assert why in found.says


def test_each_carrier_has_its_line(at: At, configure: Callable[..., None]) -> None:
    at("smtp://127.0.0.1:2525")
    configure(carriers={"default": ["smtp"], "reminder": ["postmark", "ses"]})
    assert [(each.about, each.state) for each in check_lines()] == [("postmark", "ok"), ("ses", "ok"), ("127.0.0.1:2525", "ok")]
