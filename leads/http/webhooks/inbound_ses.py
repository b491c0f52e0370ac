"""`POST /webhooks/mail/inbound/ses`: Amazon SES brings a mail whole, in a notification of SNS's, believed on its signature."""

import base64
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from leads.db import transaction
from leads.errors import ConfigError, Invalid, NotFound
from leads.http.webhooks.inbound import Brought, keep_all, raw_body
from leads.inbound.events import keep
from leads.messages.carriers.events import NotYet, Unread, from_json, reading
from leads.messages.carriers.known import CARRIERS
from leads.messages.carriers.sns import verified

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()
# Of the notices, so that a subscription to this address waits apart from the one for events; and of the mails.
NAME, CHANNEL = "ses-inbound", "sns"
# What SES sends of its own accord once a topic is connected.
GREETING, GREETED = "Successfully validated SNS topic", "AmazonSnsSubscriptionSucceeded"
ELSEWHERE = (
    "Amazon SES tells of this mail and does not bring it: its receipt rule's action was {action}. Let the rule publish to the SNS topic "
    "(action “Publish to Amazon SNS topic”, encoding Base64); S3 is never read. SNS carries mails up to 150 KB: for larger ones let a "
    "mail server bring them by LMTP."
)
NO_MAIL = "This tells of no mail that came in. Subscribe /webhooks/mail/ses to the topic of events."


@router.post("/webhooks/mail/inbound/ses")
def bring(request: Request, raw: Annotated[bytes, Depends(raw_body)]) -> JSONResponse:
    """Keep the mail in a notification and say so; raises Invalid for one that brings none, and what `sns.verified` raises."""
    if not CARRIERS["ses"].is_heard:
        raise NotFound("Nothing is set up here to believe Amazon SNS by: set SES_TOPICS.")
    told = _genuine(raw)
    if told["Type"] != "Notification":
        _note(raw, "confirm-subscription" if told["Type"] == "SubscriptionConfirmation" else "topic-left")
    elif not told["Message"].startswith(GREETING) and (mail := _mail_in(raw, told["Message"])):
        return keep_all(request, mail)
    return JSONResponse({"kept": 0, "not_ours": 0})


def _genuine(raw: bytes) -> dict[str, Any]:
    try:
        return verified(raw)
    except ConfigError as error:
        # What is wrong with our files is for our log alone.
        log.error("carrier.misconfigured", carrier=NAME, said=error.message)
        raise NotYet("This cannot be checked at the moment; send it again.") from None


def _mail_in(raw: bytes, message: str) -> Brought | None:
    try:
        with reading():
            return _read(raw, from_json(message.encode("utf-8", "replace")))
    except Unread:
        _refuse(raw, "unreadable", "This has not the form that Amazon SES documents.")


def _read(raw: bytes, news: dict[str, Any]) -> Brought | None:
    kind = news.get("notificationType")
    if kind == GREETED:
        return None
    if kind != "Received":
        _refuse(raw, "no-mail", NO_MAIL)
    action, content = news["receipt"]["action"], news.get("content")
    if not content:
        _refuse(raw, "mail-elsewhere", ELSEWHERE.format(action=str(action["type"])[:20]))
    # The envelope's recipients: `mail.destination` holds what the header claims.
    recipients = tuple(dict.fromkeys(str(each) for each in news["receipt"]["recipients"]))
    return Brought(_bytes(content, action), recipients, str(news["mail"].get("source") or "").strip("<>"), CHANNEL)


def _bytes(content: str, action: Mapping[str, Any]) -> bytes:
    # The guide's own example leaves the encoding out, which then may be either: no mail is without a colon, and base64 has none.
    said = str(action.get("encoding") or ("utf-8" if ":" in content else "base64")).lower()
    return base64.b64decode("".join(content.split()), validate=True) if said == "base64" else content.encode("utf-8", "replace")


def _refuse(raw: bytes, trouble: str, words: str) -> NoReturn:
    # SNS gives up on what is refused with a 4xx: without this note nobody here would ever hear of the mail.
    _note(raw, trouble)
    raise Invalid(words)


def _note(raw: bytes, trouble: str) -> None:
    log.error("carrier.unread", carrier=NAME, trouble=trouble)
    with transaction() as session:
        keep(session, NAME, (), raw, trouble=trouble)
