"""Who calls: the key, the practice it belongs to, and how often that may ask for news."""

from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from leads.accounts.keys import Holder
from leads.accounts.throttle import has_room, note
from leads.errors import LeadsError, TooMany
from leads.http.api.caller import needs
from leads.http.transaction import Db
from leads.providers.models import Practice
from leads.providers.practices import practice_of_key

# Gravity: at least each business day, better hourly, not under 15 minutes.
POLL_EVERY = timedelta(minutes=15)
POLLS_AT_ONCE = 4

Key = Annotated[Holder, Depends(needs("fhir"))]


def _own_practice(session: Db, key: Key) -> Practice:
    return practice_of_key(session, key)


# Everything here is read and written within the practice of the key; without one there is nothing to see.
Own = Annotated[Practice, Depends(_own_practice)]


async def fhir_body(request: Request) -> bytes:
    """Return the body as it was sent; raises LeadsError when it does not call itself JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in ("application/fhir+json", "application/json"):
        raise LeadsError("Send FHIR as JSON, with the header Content-Type: application/fhir+json.")
    return await request.body()


Body = Annotated[bytes, Depends(fhir_body)]


def count_poll(session: Session, key: Holder) -> None:
    """Count one more search by this key; raises TooMany when they come faster than one in 15 minutes, a few at once aside."""
    within = POLL_EVERY * POLLS_AT_ONCE
    if not has_room(session, "poll", key.id.bytes, limit=POLLS_AT_ONCE, within=within):
        words = "Poll hourly; more often than every 15 minutes brings nothing. To hear at once, subscribe: POST /fhir/Subscription."
        raise TooMany(words, retry_after=int(POLL_EVERY.total_seconds()))
    note(session, "poll", key.id.bytes)
