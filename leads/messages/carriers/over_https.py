"""What carriers that are spoken to over HTTPS share: one kept connection, and what their answers and silences mean."""

import math
import ssl
import time
from functools import lru_cache
from typing import Any

import httpx

from leads.messages.carriers.base import HUNG_UP, Envelope, Receipt, Silence, Unreachable

TIMEOUT = httpx.Timeout(30, connect=10)
# Providers hang up on what is idle for a minute or so; a connection that was just used is there.
SURELY_THERE = 4.0
# Nobody reached the other side: the connection was refused, or never made.
NEVER_WENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
# A gateway that got no answer, or none it could read (RFC 9110, 15.6.3 and 15.6.5), does not know what became of the mail behind it.
KNOWS_NOTHING = (502, 504)
TRY_AGAIN = (408, 425)
NOT_US = (401, 403)
WRONG_KEY, MAY_NOT_SEND = Receipt(535, "5.7.8"), Receipt(554, "5.7.13")
NO_SUCH_ADDRESS = Receipt(550, "5.1.1")


class HttpsCarrier:
    """One kept connection to a provider. A request is written when a message is offered, and goes out when its answer is wanted."""

    name = ""
    # Its request and the answer are one: of several let go together, the last would leave long after its guards were asked.
    goes_at_once = False

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.client: httpx.Client | None = None
        self.request: httpx.Request | None = None
        self.heard_at = -math.inf

    def write(self, client: httpx.Client, envelope: Envelope, mime: bytes) -> httpx.Request:
        """Return the request that sends this mail, with tracking of every kind switched off."""
        raise NotImplementedError

    def judge(self, response: httpx.Response) -> Receipt:
        """Return what an answer means; raises Silence for one that says nothing about the mail."""
        return judge(response)

    def begin(self, envelope: Envelope) -> bool:
        """Begin nothing: there is nothing to ask before the request."""
        return False

    def offer(self, envelope: Envelope, mime: bytes) -> None:
        """Write the request and see that somebody is there to take it; raises Unreachable."""
        client = self.client or self._connect()
        self.request = self.write(client, envelope, mime)
        if time.monotonic() - self.heard_at < SURELY_THERE:
            return
        try:
            # Any answer will do. Found out only after `sending` is committed, an absent provider would cost the message a try.
            client.head(self.url)
        except httpx.HTTPError as error:
            self.close()
            raise Unreachable(type(error).__name__) from None
        self.heard_at = time.monotonic()

    def release(self) -> None:
        """Do nothing yet: a request and its answer are one."""

    def answer(self) -> Receipt:
        """Send the request and return what its answer means; raises Silence when none comes to what may have gone out."""
        assert self.client is not None
        assert self.request is not None
        request, self.request = self.request, None
        try:
            response = self.client.send(request)
        except NEVER_WENT:
            self.close()
            return HUNG_UP
        except httpx.HTTPError:
            self.close()
            raise Silence from None
        self.heard_at = time.monotonic()
        return self.judge(response)

    def withdraw(self) -> None:
        """Leave the offered message: nothing of it has gone out yet."""
        self.request = None

    def close(self) -> None:
        """Hang up."""
        if self.client is not None:
            self.client.close()
        self.client, self.request, self.heard_at = None, None, -math.inf

    def _connect(self) -> httpx.Client:
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=30)
        # A redirect is an answer like any other; a proxy named in the environment would be one more who reads along.
        self.client = httpx.Client(verify=_trust(), timeout=TIMEOUT, limits=limits, trust_env=False)
        return self.client


def judge(response: httpx.Response) -> Receipt:
    """Return what a status means wherever a provider's own words say nothing more; raises Silence."""
    code = response.status_code
    if response.is_success:
        return Receipt(code)
    if code in KNOWS_NOTHING:
        raise Silence
    if code in NOT_US:
        return WRONG_KEY
    if code == httpx.codes.TOO_MANY_REQUESTS:
        return Receipt(429, "http-429")
    passing = not 400 <= code < 500 or code in TRY_AGAIN
    return Receipt(451 if passing else 554, f"http-{code}")


def said(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object an answer holds, an empty one where it holds none."""
    try:
        told = response.json()
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


@lru_cache
def _trust() -> ssl.SSLContext:
    # Reading the roots takes longer than a request does.
    return ssl.create_default_context()
