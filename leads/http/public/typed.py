"""Reading what somebody typed into a form: bounded, and never as a file."""

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from leads.errors import LeadsError, TooLarge

MOST = 64 * 1024
MOST_FIELDS = 100


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a URL-encoded body, the last of a name winning; raises TooLarge beyond 64 KB."""
    body = b""
    # Read by hand: the multipart reader puts a large upload on disk, where nobody looks for a patient's words.
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST:
            raise TooLarge("This is more than we can take in at once.")
    try:
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise LeadsError("This request could not be read.") from None


Typed = Annotated[dict[str, str], Depends(read_form)]
