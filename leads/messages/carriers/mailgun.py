"""Mailgun: mail as the MIME it is, news by its signed webhooks."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx

from config.settings import settings
from leads.clock import real_now
from leads.db import transaction
from leads.errors import Forbidden, LeadsError
from leads.messages.carriers.base import Envelope, Receipt
from leads.messages.carriers.events import Kind, MailEvent, Unread, from_json, message_id_in, moment, or_bad_address, reading, status_in
from leads.messages.carriers.over_https import MAY_NOT_SEND, HttpsCarrier, judge
from leads.messages.carriers.trust import spend

VARIABLE = "handoff-message"
NO_TRACKING = {"o:tracking": "no", "o:tracking-clicks": "no", "o:tracking-opens": "no"}
# It tells again for eight hours what we were not there to hear; a signature older than that is somebody else's copy.
FRESH = timedelta(hours=12)
AHEAD = timedelta(minutes=15)
KINDS: dict[str, Kind] = {
    "delivered": "delivered",
    "failed": "bounced",
    "rejected": "rejected",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}
TRACKING = ("opened", "clicked")
# It did not even try: the address stands on a list of its own, for a bounce, a complaint or an opt-out of an earlier day.
NOT_TRIED = ("suppress-bounce", "suppress-complaint", "suppress-unsubscribe")
# A plan that ended or an unknown domain: no fault of any recipient's.
OURS = (httpx.codes.PAYMENT_REQUIRED, httpx.codes.NOT_FOUND)


class Mailgun(HttpsCarrier):
    """`POST /v3/DOMAIN/messages.mime`, one message a request."""

    name = "mailgun"

    def __init__(self) -> None:
        super().__init__(settings().mailgun_url)
        self.key, self.domain = settings().mailgun_api_key, settings().mailgun_domain

    def write(self, client: httpx.Client, envelope: Envelope, mime: bytes) -> httpx.Request:
        """Return the request; the bytes of the mail go as they are."""
        fields = {"to": envelope.recipient, **NO_TRACKING}
        if envelope.message_id:
            fields[f"v:{VARIABLE}"] = envelope.message_id.hex
        request = client.build_request(
            "POST",
            f"{self.url}/v3/{self.domain}/messages.mime",
            data=fields,
            # Only an uploaded file is taken for MIME; in a plain field it would be refused.
            files={"message": ("message.mime", mime, "message/rfc822")},
        )
        key = self.key.get_secret_value() if self.key else ""
        return next(httpx.BasicAuth("api", key).auth_flow(request))

    def judge(self, response: httpx.Response) -> Receipt:
        """Return what an answer means."""
        return MAY_NOT_SEND if response.status_code in OURS else judge(response)


def read_events(headers: Mapping[str, str], raw: bytes) -> list[MailEvent]:
    """Return the event of a webhook; raises LeadsError (400) for what is no JSON, Forbidden where it is not Mailgun's, or old."""
    told = _verified(raw)
    with reading():
        data = told["event-data"]
        if data["event"] in TRACKING:
            raise Unread("tracks")
        return [_event(data, KINDS[data["event"]])] if data["event"] in KINDS else []


def _verified(raw: bytes) -> dict[str, Any]:
    try:
        told = from_json(raw)
    except ValueError:
        raise LeadsError("This is no webhook of Mailgun's.") from None
    told = told if isinstance(told, dict) else {}
    given, data = (each if isinstance(each, dict) else {} for each in (told.get("signature"), told.get("event-data")))
    stamp, token, signature = (str(given.get(name, "")) for name in ("timestamp", "token", "signature"))
    ours = settings().mailgun_webhook_key
    key = ours.get_secret_value().encode() if ours else b""
    wanted = hmac.new(key, f"{stamp}{token}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    if not key or not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace")) or not _is_fresh(stamp):
        raise Forbidden("This is not signed by Mailgun, or not any more.")
    # The signature covers nothing of the event: a copied one must not vouch for another.
    with transaction() as session:
        if not spend(session, token, str(data.get("id", ""))):
            raise Forbidden("This signature was used before.")
    return told


def _is_fresh(stamp: str) -> bool:
    if not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 12:
        return False
    age = real_now() - moment(int(stamp))
    return -AHEAD < age < FRESH


def _event(data: dict[str, Any], kind: Kind) -> MailEvent:
    answer = data.get("delivery-status") or {}
    words = answer.get("message") or answer.get("description") or (data.get("reject") or {}).get("reason")
    status = status_in(answer.get("enhanced-code"), words)
    if kind == "bounced":
        kind = "deferred" if data["severity"] == "temporary" else "rejected" if data.get("reason") in NOT_TRIED else "bounced"
        is_hard = answer.get("bounce-type") == "hard" and data.get("reason") == "bounce"
        if kind != "deferred" and (is_hard or data.get("reason") == "suppress-bounce"):
            status = or_bad_address(status)
    ours = message_id_in((data.get("user-variables") or {}).get(VARIABLE))
    return MailEvent(kind, moment(data["timestamp"]), ours, data["recipient"], status, str(data["id"]), "mailgun", words)
