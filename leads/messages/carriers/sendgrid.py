"""Twilio SendGrid: mail by its v3 API, news by its signed event webhook."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from config.settings import settings
from leads.errors import ConfigError, Forbidden
from leads.messages.carriers.base import Envelope, Receipt
from leads.messages.carriers.events import Kind, MailEvent, Unread, from_json, message_id_in, moment, or_bad_address, reading, status_in
from leads.messages.carriers.over_https import MAY_NOT_SEND, HttpsCarrier, judge, said
from leads.messages.carriers.parts import parts_of

ARGUMENT = "handoff_message"
OFF = {"enable": False}
NO_TRACKING = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": OFF,
    "subscription_tracking": OFF,
    "ganalytics": OFF,
}
KINDS: dict[str, Kind] = {
    "delivered": "delivered",
    "deferred": "deferred",
    "bounce": "bounced",
    "dropped": "rejected",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
}
TRACKING = ("open", "click")
# Why it drops a mail, where that is a verdict on the address.
DROPPED_FOR_THE_ADDRESS = ("bounced address", "invalid")
BAD_ADDRESS = "Invalid Address"


class SendGrid(HttpsCarrier):
    """`POST /v3/mail/send`, one message a request."""

    name = "sendgrid"

    def __init__(self) -> None:
        super().__init__(settings().sendgrid_url)
        self.key = settings().sendgrid_api_key

    def write(self, client: httpx.Client, envelope: Envelope, mime: bytes) -> httpx.Request:
        """Return the request; the mail is put together again from its parts."""
        parts = parts_of(mime)
        ours = {"custom_args": {ARGUMENT: envelope.message_id.hex}} if envelope.message_id else {}
        content: dict[str, Any] = {
            "personalizations": [{"to": [{"email": envelope.recipient}], **ours}],
            "from": {"email": parts.from_address, "name": parts.from_name},
            "reply_to": {"email": parts.reply_to},
            "subject": parts.subject,
            "content": [{"type": "text/plain", "value": parts.text}, {"type": "text/html", "value": parts.html}],
            "headers": parts.headers,
            "tracking_settings": NO_TRACKING,
        }
        if parts.attachments:
            files = [{"filename": each.name, "type": each.kind, "content": each.content} for each in parts.attachments]
            content["attachments"] = [each | {"disposition": "attachment"} for each in files]
        key = self.key.get_secret_value() if self.key else ""
        return client.build_request("POST", f"{self.url}/v3/mail/send", headers={"Authorization": f"Bearer {key}"}, json=content)

    def judge(self, response: httpx.Response) -> Receipt:
        """Return what an answer means; a fault in `from` is ours and would meet the next mail just the same."""
        errors = said(response).get("errors")
        fields = [each.get("field") for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
        is_ours = response.status_code == httpx.codes.BAD_REQUEST and any(str(field).startswith("from") for field in fields)
        return MAY_NOT_SEND if is_ours else judge(response)


def read_events(headers: Mapping[str, str], raw: bytes) -> list[MailEvent]:
    """Return the events of a batch; raises Forbidden before anything is read where the signature over its bytes is not SendGrid's."""
    _verify(headers, raw)
    with reading():
        batch = from_json(raw)
        if not isinstance(batch, list):
            raise ValueError("no batch")
        events = [_event(told, KINDS[told["event"]]) for told in batch if told["event"] in KINDS]
        if not events and any(told["event"] in TRACKING for told in batch):
            raise Unread("tracks")
        return events


def _verify(headers: Mapping[str, str], raw: bytes) -> None:
    stamp = headers.get("x-twilio-email-event-webhook-timestamp", "")
    try:
        signature = base64.b64decode(headers.get("x-twilio-email-event-webhook-signature", ""), validate=True)
        _key().verify(signature, stamp.encode() + raw, ec.ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        raise Forbidden("This is not signed by SendGrid.") from None


def _key() -> ec.EllipticCurvePublicKey:
    ours = settings().sendgrid_webhook_public_key
    try:
        key = load_der_public_key(base64.b64decode(ours or ""))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ConfigError("SENDGRID_WEBHOOK_PUBLIC_KEY: this is no verification key as SendGrid shows it (MFkwEw…).")
    return key


def _event(told: dict[str, Any], kind: Kind) -> MailEvent:
    words = told.get("reason") or told.get("response")
    status = status_in(str(told.get("status") or ""), words)
    dropped = kind == "rejected" and str(told.get("reason", "")).lower() in DROPPED_FOR_THE_ADDRESS
    # A block is a refusal of ours, whatever else it says; only a bounce can be a verdict on the address.
    is_bad = told.get("bounce_classification") == BAD_ADDRESS and told.get("type") != "blocked"
    if dropped or (kind == "bounced" and is_bad):
        status = or_bad_address(status)
    ours = message_id_in(told.get(ARGUMENT))
    return MailEvent(kind, moment(told["timestamp"]), ours, told["email"], status, str(told["sg_event_id"]), "sendgrid", words)
