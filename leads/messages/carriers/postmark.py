"""Postmark: mail by its JSON API, news by its webhooks."""

import base64
import hmac
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from config.settings import settings
from leads.errors import Unauthenticated
from leads.messages.carriers.base import Envelope, Receipt
from leads.messages.carriers.events import Kind, MailEvent, Unread, from_json, message_id_in, moment, or_bad_address, reading, status_in
from leads.messages.carriers.over_https import MAY_NOT_SEND, NO_SUCH_ADDRESS, WRONG_KEY, HttpsCarrier, judge, said
from leads.messages.carriers.parts import parts_of

METADATA = "handoff-message"
# Its own error codes (API overview): about us, not about the recipient.
OURS = {10: WRONG_KEY, 400: MAY_NOT_SEND, 401: MAY_NOT_SEND, 405: MAY_NOT_SEND, 412: MAY_NOT_SEND, 413: MAY_NOT_SEND}
INACTIVE_RECIPIENT = 406
# What each of its kinds of bounce is, and the status it has where the server's words name none. What is not here is no news of the
# mail: an auto-reply (AutoResponder), a request to confirm, somebody who subscribes.
BOUNCES: dict[str, tuple[Kind, str | None]] = {
    "HardBounce": ("bounced", "5.1.1"),
    "BadEmailAddress": ("bounced", "5.1.3"),
    "SoftBounce": ("bounced", None),
    "Unknown": ("bounced", None),
    "DnsError": ("bounced", None),
    "VirusNotification": ("bounced", None),
    "SpamNotification": ("bounced", "5.7.1"),
    "Blocked": ("bounced", "5.7.1"),
    "DMARCPolicy": ("bounced", "5.7.1"),
    "Transient": ("deferred", None),
    "Unsubscribe": ("unsubscribed", None),
    "SpamComplaint": ("complained", None),
    "ManuallyDeactivated": ("rejected", None),
    "SMTPApiError": ("rejected", None),
    "TemplateRenderingFailed": ("rejected", None),
}
TRACKING = ("Open", "Click")
LOOK_UP_WITHIN = 5.0


class Postmark(HttpsCarrier):
    """`POST /email`, one message a request."""

    name = "postmark"

    def __init__(self) -> None:
        super().__init__(settings().postmark_url)
        self.token, self.stream = settings().postmark_token, settings().postmark_stream

    def write(self, client: httpx.Client, envelope: Envelope, mime: bytes) -> httpx.Request:
        """Return the request; the mail is put together again from its parts, its Message-ID kept."""
        parts = parts_of(mime)
        # Without X-PM-KeepID the Message-ID would be Postmark's own.
        headers = {**parts.headers, "X-PM-KeepID": "true"}
        content: dict[str, Any] = {
            "From": f'"{parts.from_name}" <{parts.from_address}>' if parts.from_name else parts.from_address,
            "To": envelope.recipient,
            "ReplyTo": parts.reply_to,
            "Subject": parts.subject,
            "TextBody": parts.text,
            "HtmlBody": parts.html,
            "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
            "Attachments": [{"Name": each.name, "ContentType": each.kind, "Content": each.content} for each in parts.attachments],
            "Metadata": {METADATA: envelope.message_id.hex} if envelope.message_id else {},
            "MessageStream": self.stream,
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        return client.build_request("POST", f"{self.url}/email", headers=self._signed_in(), json=content)

    def judge(self, response: httpx.Response) -> Receipt:
        """Return what an answer means; a refused mail comes as 422 with a code of its own."""
        code = said(response).get("ErrorCode")
        if isinstance(code, int) and code in OURS:
            return OURS[code]
        return NO_SUCH_ADDRESS if code == INACTIVE_RECIPIENT else judge(response)

    def has(self, message_id: uuid.UUID) -> bool:
        """True when Postmark says that it has this message; that it does not say so proves nothing. Raises httpx.HTTPError or Unread."""
        asked = {"count": "10", "offset": "0", f"metadata_{METADATA}": message_id.hex}
        with self._connect() as client:
            answer = client.get(f"{self.url}/messages/outbound", params=asked, headers=self._signed_in(), timeout=LOOK_UP_WITHIN)
        # Looked at, not only counted: a search that passed over a filter it does not know would find any message.
        with reading():
            return any(each["Metadata"].get(METADATA) == message_id.hex for each in said(answer).get("Messages") or [])

    def _signed_in(self) -> dict[str, str]:
        return {"Accept": "application/json", "X-Postmark-Server-Token": self.token.get_secret_value() if self.token else ""}


def read_events(headers: Mapping[str, str], raw: bytes) -> list[MailEvent]:
    """Return the event of a webhook; raises Unauthenticated before anything is read where the password in its address is not ours."""
    _verify(headers)
    with reading():
        told = from_json(raw)
        if told["RecordType"] in TRACKING:
            raise Unread("tracks")
        return list(_events(told))


def _verify(headers: Mapping[str, str]) -> None:
    # Postmark signs nothing; the user and password in the webhook's address come as basic authentication (RFC 7617).
    ours = settings().postmark_webhook_auth
    wanted = base64.b64encode((ours.get_secret_value() if ours else "").encode())
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if not ours or scheme.lower() != "basic" or not hmac.compare_digest(wanted, given.strip().encode()):
        raise Unauthenticated("This webhook needs the user and password it was set up with.")


def _events(told: dict[str, Any]) -> Iterator[MailEvent]:
    kind_of = {"Delivery": _delivery, "Bounce": _bounce, "SpamComplaint": _bounce, "SubscriptionChange": _subscription}
    make = kind_of.get(told["RecordType"])
    event = make(told) if make else None
    if event:
        yield event


def _delivery(told: dict[str, Any]) -> MailEvent:
    return _event(told, "delivered", told["DeliveredAt"], f"delivery:{told['MessageID']}:{told['DeliveredAt']}", None, told.get("Details"))


def _bounce(told: dict[str, Any]) -> MailEvent | None:
    if told["Type"] not in BOUNCES:
        return None
    kind, usual = BOUNCES[told["Type"]]
    status = status_in(told.get("Details"), told.get("Description"))
    if usual and usual.startswith("5.1."):
        status = status if status and or_bad_address(status) == status else usual
    return _event(told, kind, told["BouncedAt"], f"bounce:{told['ID']}", status or usual, told.get("Details"))


def _subscription(told: dict[str, Any]) -> MailEvent | None:
    # Bounces and complaints that end a subscription are told of by themselves as well, and what an administrator does is no word of theirs.
    if (
        told["SuppressSending"] is not True
        or told.get("SuppressionReason") not in (None, "ManualSuppression")
        or told["Origin"] != "Recipient"
    ):
        return None
    return _event(told, "unsubscribed", told["ChangedAt"], f"subscription:{told['MessageID']}:{told['ChangedAt']}", None, None)


def _event(told: dict[str, Any], kind: Kind, at: str, provider_id: str, status: str | None, detail: str | None) -> MailEvent:
    ours = message_id_in((told.get("Metadata") or {}).get(METADATA))
    return MailEvent(kind, moment(at), ours, told.get("Email") or told.get("Recipient"), status, provider_id, "postmark", detail)
