"""`POST /webhooks/mail/{carrier}`: what became of our mail, verified on its raw bytes, kept, and answered before anything comes of it."""

from collections.abc import Sequence
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request, Response

from leads.db import transaction
from leads.errors import ConfigError, NotFound
from leads.http.webhooks import inbound, inbound_ses
from leads.http.webhooks.inbound import raw_body
from leads.inbound.events import keep
from leads.messages.carriers.events import MailEvent, NotYet, Unread
from leads.messages.carriers.known import CARRIERS, Reader

router = APIRouter(include_in_schema=False)
# Before the addresses of all other providers, which ask for a secret where this one is signed.
router.include_router(inbound_ses.router)
router.include_router(inbound.router)
log = structlog.get_logger()
# Opens and clicks: nobody here asked for them, so not even the fact is kept.
NOT_KEPT = "tracks"


@router.post("/webhooks/mail/{carrier}")
def hear(request: Request, carrier: str, raw: Annotated[bytes, Depends(raw_body)]) -> Response:
    """Keep what a carrier tells and answer 200; what is not genuine is refused, and leaves no trace."""
    read_events = _reader(carrier)
    trouble: str | None = None
    events: Sequence[MailEvent] = ()
    try:
        events = read_events(request.headers, raw)
    except ConfigError as error:
        # What is wrong with our files is for our log alone.
        log.error("carrier.misconfigured", carrier=carrier, said=error.message)
        raise NotYet("This cannot be checked at the moment; send it again.") from None
    except Unread as unread:
        # Genuine, so that to send it again would change nothing: a person looks at it.
        trouble = unread.trouble
        log.error("carrier.unread", carrier=carrier, trouble=trouble)
    if events or trouble not in (None, NOT_KEPT):
        with transaction() as session:
            keep(session, carrier, events, raw, trouble=trouble)
        request.app.state.nudge(came_back=True)
    return Response(status_code=200)


def _reader(carrier: str) -> Reader:
    known = CARRIERS.get(carrier)
    if known is None or known.read_events is None or not known.is_heard:
        raise NotFound("There is no such carrier here, or nothing is set up to believe it by.")
    return known.read_events
