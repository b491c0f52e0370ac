"""The way out is tried as a mail program does it; what stands between it and a single POST is named."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from config.settings import settings
from leads.messages.doctor.way_out import check_way_out

Answers = dict[str, int]


class Site:
    """A site that answers the way out with a code a method, and says `ok` of its health where it is ours."""

    def __init__(self) -> None:
        self.codes: Answers = {"GET": 404, "HEAD": 404, "POST": 404}
        self.health, self.posted = "ok\n", b""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.health if self.path == "/healthz" else ""
                self._say(200 if body else site.codes[self.command], body)

            do_HEAD = do_GET

            def do_POST(self) -> None:
                site.posted = self.rfile.read(int(self.headers["Content-Length"]))
                self._say(site.codes["POST"], "")

            def _say(self, code: int, body: str) -> None:
                self.send_response(code)
                self.send_header("Location", "/")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode() if self.command != "HEAD" else b"")

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    """Such a site."""
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def public(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Our public address: that site, or another one."""

    def set_url(url: str) -> None:
        monkeypatch.setenv("HANDOFF_PUBLIC_URL", url)
        settings.cache_clear()

    set_url(site.url)
    yield set_url
    monkeypatch.undo()
    settings.cache_clear()


def test_a_single_post_with_nothing_between_is_well(site: Site, public: object) -> None:
    (found,) = check_way_out()
    assert found.state == "ok"
    assert site.posted == b"List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    ("method", "code", "why"),
    [
        ("POST", 302, "sent elsewhere"),
        ("POST", 405, "expected 404"),
        ("POST", 401, "asks for a sign-in"),
        ("POST", 500, "expected 404"),
        ("GET", 301, "sent elsewhere"),
        ("GET", 200, "expected 404"),
        ("HEAD", 403, "asks for a sign-in"),
    ],
)
def test_what_stands_between_is_named(site: Site, public: object, method: str, code: int, why: str) -> None:
    site.codes[method] = code
    (found,) = check_way_out()
    assert found.state == "wrong"
    assert found.says.startswith(method)
    assert why in found.says


def test_another_site_at_our_address_is_told(site: Site, public: object) -> None:
    site.health = "welcome"
    assert [each.says for each in check_way_out()] == [f"Another site answers at {site.url}; have it lead here."]


def test_an_address_without_https_is_told_and_not_asked(public: Callable[[str], None]) -> None:
    public("http://care.example.com")
    (found,) = check_way_out()
    assert "not https" in found.says


def test_an_address_where_nobody_answers_is_told(public: Callable[[str], None]) -> None:
    public("http://127.0.0.1:1")
    (found,) = check_way_out()
    assert (found.state, "does not answer" in found.says) == ("wrong", True)


def test_the_discreet_host_is_tried_too(site: Site, public: object, configure: Callable[..., None]) -> None:
    configure(discreet_url="http://localhost:1")
    assert [each.state for each in check_way_out()] == ["ok", "wrong"]
