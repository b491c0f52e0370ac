"""Where a request comes from, as a keyed hash: enough to count by, nothing to keep."""

from fastapi import Request

from config.settings import settings
from leads.security.fields import blind_index


def source_of(request: Request) -> bytes:
    """Return the blind index of the sender's network address."""
    return blind_index("source", address_of(request))


def address_of(request: Request) -> str:
    """Return the sender's network address, as far as our own proxies vouch for it."""
    trusted = {proxy.strip() for proxy in settings().handoff_trusted_proxies.split(",") if proxy.strip()}
    peer = request.client.host if request.client else ""
    hops = [hop.strip() for hop in request.headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    # Only what our own proxies wrote is believed: the rightmost address that is none of theirs.
    while peer in trusted and hops:
        peer = hops.pop()
    return peer
