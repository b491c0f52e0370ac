"""Where a request comes from: only what our own proxies wrote is believed."""

from collections.abc import Callable

import pytest
from starlette.requests import Request

from config.settings import settings
from leads.http.source import source_of

Ask = Callable[..., bytes]


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Name the proxies that are ours."""
    return lambda proxies: monkeypatch.setitem(settings().__dict__, "handoff_trusted_proxies", proxies)


def source(peer: str, forwarded: str = "") -> bytes:
    """The source of a request that reached us from `peer`."""
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return source_of(Request({"type": "http", "method": "GET", "headers": headers, "client": (peer, 1)}))


def test_it_is_counted_by_and_cannot_be_read_back() -> None:
    assert source("203.0.113.7") == source("203.0.113.7") != source("203.0.113.8")
    assert b"203.0.113.7" not in source("203.0.113.7")


def test_a_visitor_cannot_pass_as_somebody_else() -> None:
    assert source("203.0.113.7", "198.51.100.1") == source("203.0.113.7")


def test_behind_our_proxy_it_is_the_visitor_who_counts(behind: Callable[[str], None]) -> None:
    behind("10.0.0.1")
    assert source("10.0.0.1", "203.0.113.7") == source("203.0.113.7")


def test_what_a_visitor_wrote_before_our_proxy_did_is_not_believed(behind: Callable[[str], None]) -> None:
    behind("10.0.0.1, 10.0.0.2")
    assert source("10.0.0.1", "198.51.100.1, 203.0.113.7, 10.0.0.2") == source("203.0.113.7")


def test_a_proxy_that_says_nothing_stands_for_itself(behind: Callable[[str], None]) -> None:
    behind("10.0.0.1")
    assert source("10.0.0.1") == source("10.0.0.1", "  ,")
