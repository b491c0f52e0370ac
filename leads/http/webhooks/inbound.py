"""`POST /webhooks/mail/inbound/{carrier}`: a provider that takes our mail brings it, as it came, with a secret both know."""

import hmac
import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from config.settings import settings
from leads.db import transaction
from leads.errors import Invalid, NotFound, TooLarge, Unauthenticated
from leads.inbound.take_in import LARGEST, Arrived, TooBig, take_in

router = APIRouter(include_in_schema=False)
MOST_FIELDS = 50


class Brought(NamedTuple):
    """A mail as a provider brings it, for whom, from whom, and by which way."""

    raw: bytes
    recipients: tuple[str, ...]
    sender: str
    channel: str = "hook"


async def raw_body(request: Request) -> bytes:
    """Return the request's bytes, as they were signed."""
    return await request.body()


async def body(request: Request) -> Mapping[str, Any]:
    """Return what came, once whoever brings it has proved to know the secret; fields of a form, or the bytes."""
    check_secret(request)
    if request.headers.get("content-type", "").startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        async with request.form(max_fields=MOST_FIELDS, max_files=MOST_FIELDS, max_part_size=LARGEST) as form:
            return {name: value if isinstance(value, str) else await value.read() for name, value in form.items()}
    return {"": await request.body(), "to": request.query_params.get("to", ""), "from": request.query_params.get("from", "")}


@router.post("/webhooks/mail/inbound/{carrier}")
def bring(request: Request, carrier: str, came: Annotated[Mapping[str, Any], Depends(body)]) -> JSONResponse:
    """Keep the mail and say so; what is not for an address of ours is said to be, with 200, for to bring it again would help nobody."""
    read = FORMS.get(carrier)
    if read is None:
        raise NotFound(f"There is no form called {carrier}; there are {', '.join(FORMS)}.")
    return keep_all(request, read(came))


def keep_all(request: Request, mail: Brought) -> JSONResponse:
    """Keep a mail for each of its recipients and return how many were ours; raises Invalid where there is no mail, or nobody it is for."""
    if not mail.raw or not mail.recipients:
        raise Invalid("There is no raw mail in this, or nobody it is for: let the provider send the whole MIME message.")
    answers = {recipient: _keep(mail, recipient) for recipient in mail.recipients}
    request.app.state.nudge(came_back=True)
    return JSONResponse({"kept": sum(answers.values()), "not_ours": len(answers) - sum(answers.values())})


def check_secret(request: Request) -> None:
    """Raise Unauthenticated unless the secret came, as a bearer token or as the password of basic authentication."""
    known = settings().handoff_inbound_secret
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        given = _password(given)
    if known is None or not hmac.compare_digest(given.strip().encode(), known.get_secret_value().encode()):
        raise Unauthenticated("Mail is brought here with the secret HANDOFF_INBOUND_SECRET.")


def _keep(mail: Brought, recipient: str) -> bool:
    try:
        with transaction() as session:
            take_in(session, Arrived(mail.raw, recipient, mail.sender, mail.channel))
    except NotFound:
        return False
    except TooBig as error:
        raise TooLarge(error.message) from None
    return True


def _password(encoded: str) -> str:
    try:
        return b64decode(encoded, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _bytes(value: object) -> bytes:
    # JSON can spell half of a surrogate pair, which is no character and has no bytes.
    return value if isinstance(value, bytes) else str(value or "").encode("utf-8", "replace")


def _raw(came: Mapping[str, Any]) -> Brought:
    return Brought(_bytes(came.get("")), _several(came.get("to")), str(came.get("from") or ""))


def _sendgrid(came: Mapping[str, Any]) -> Brought:
    # Inbound Parse with "POST the raw, full MIME message": `email`, and `envelope` in JSON.
    envelope = _json(came.get("envelope"))
    return Brought(_bytes(came.get("email")), _several(envelope.get("to")), str(envelope.get("from") or ""))


def _mailgun(came: Mapping[str, Any]) -> Brought:
    # A route: only to an address that ends in "mime" does it forward the whole of a mail.
    return Brought(_bytes(came.get("body-mime")), _several(came.get("recipient")), str(came.get("sender") or ""))


def _postmark(came: Mapping[str, Any]) -> Brought:
    # An inbound stream with "Include raw email content in JSON payload".
    told = _json(came.get(""))
    return Brought(_bytes(told.get("RawEmail")), _several(told.get("OriginalRecipient")), _return_path(told))


def _return_path(told: Mapping[str, Any]) -> str:
    headers = told.get("Headers")
    found = (each for each in headers if isinstance(each, dict)) if isinstance(headers, list) else iter(())
    path = next((str(each.get("Value") or "") for each in found if str(each.get("Name")).lower() == "return-path"), None)
    return str(told.get("From") or "") if path is None else path.strip("<> ")


def _several(value: object) -> tuple[str, ...]:
    named = value if isinstance(value, list) else str(value or "").split(",")
    return tuple(dict.fromkeys(address for each in named if (address := str(each).strip())))


def _json(value: object) -> Mapping[str, Any]:
    try:
        found = json.loads(_bytes(value) or b"{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Invalid("This is no JSON object.")
    return found


FORMS: dict[str, Callable[[Mapping[str, Any]], Brought]] = {
    "raw": _raw,
    "sendgrid": _sendgrid,
    "mailgun-mime": _mailgun,
    "postmark": _postmark,
}
