"""Amazon SES: mail as the MIME it is by its v2 API, news by SNS."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

from config.settings import settings
from leads.clock import real_now
from leads.messages.carriers.base import Envelope, Receipt
from leads.messages.carriers.events import Kind, MailEvent, Unread, from_json, message_id_in, moment, or_bad_address, reading, status_in
from leads.messages.carriers.over_https import MAY_NOT_SEND, HttpsCarrier, judge, said
from leads.messages.carriers.sigv4 import Signer
from leads.messages.carriers.sns import verified

TAG = "handoff-message"
NO_TRACKING = {"Tracking": {"OpenTrackingEnabled": "DISABLED", "ClickTrackingEnabled": "DISABLED"}}
# Exceptions of SendEmail that are about our account or our domain.
OURS = ("AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException", "NotFoundException")
TOO_FAST = ("TooManyRequestsException", "LimitExceededException", "ThrottlingException")
OUR_MESSAGE_ID = re.compile(r"<([0-9a-f]{32})@")
# What its subtypes say where no server gave a status of its own (developer guide, "Bounce types").
MEANT = {"MailboxFull": "5.2.2", "MessageTooLarge": "5.3.4", "ContentRejected": "5.7.1", "AttachmentRejected": "5.7.1"}
ON_ITS_LIST = ("Suppressed", "OnAccountSuppressionList")
TRACKING = ("Open", "Click")


class Ses(HttpsCarrier):
    """`POST /v2/email/outbound-emails`, one message a request."""

    name = "ses"

    def __init__(self) -> None:
        here = settings()
        super().__init__(here.ses_url or f"https://email.{here.ses_region}.amazonaws.com")
        key, secret = (value.get_secret_value() if value else "" for value in (here.ses_access_key_id, here.ses_secret_access_key))
        self.signer, self.configuration_set = Signer(key, secret, here.ses_region, "ses"), here.ses_configuration_set

    def write(self, client: httpx.Client, envelope: Envelope, mime: bytes) -> httpx.Request:
        """Return the signed request; the bytes of the mail go as they are, but for the Message-ID, which SES makes anew."""
        content: dict[str, Any] = {
            "Destination": {"ToAddresses": [envelope.recipient]},
            "Content": {"Raw": {"Data": base64.b64encode(mime).decode("ascii")}},
            "ConfigurationOverrides": NO_TRACKING,
        }
        if envelope.message_id:
            # A tag takes letters, digits, - and _ only (SES API, MessageTag).
            content["EmailTags"] = [{"Name": TAG, "Value": envelope.message_id.hex}]
        if self.configuration_set:
            content["ConfigurationSetName"] = self.configuration_set
        url, body = f"{self.url}/v2/email/outbound-emails", json.dumps(content).encode()
        kind = {"Content-Type": "application/json"}
        signed = self.signer.sign("POST", url, body, kind, at=real_now())
        return client.build_request("POST", url, content=body, headers=kind | signed)

    def judge(self, response: httpx.Response) -> Receipt:
        """Return what an answer means; the exception's name stands in a header, or in the body."""
        named = response.headers.get("x-amzn-errortype") or str(said(response).get("__type", ""))
        exception = named.partition(":")[0].rpartition("#")[2]
        if exception in TOO_FAST:
            return Receipt(429, "http-429")
        words = str(said(response).get("message", "")).lower()
        # In the sandbox, or with a domain nobody verified, it rejects every message in these words.
        is_ours = exception in OURS or (exception == "MessageRejected" and "not verified" in words)
        return MAY_NOT_SEND if is_ours else judge(response)


def read_events(headers: Mapping[str, str], raw: bytes) -> list[MailEvent]:
    """Return the events of an SNS notification, one for each recipient it names; raises what `sns.verified` raises, or Unread."""
    told = verified(raw)
    if told["Type"] != "Notification":
        raise Unread("confirm-subscription" if told["Type"] == "SubscriptionConfirmation" else "topic-left")
    if told["Message"].startswith("Successfully validated SNS topic"):
        return []
    with reading():
        news = from_json(told["Message"].encode())
        kind = news.get("eventType") or news["notificationType"]
        if kind == "Received":
            # A mail that came in, at the address for events: kept word for word until somebody sets the subscription right.
            raise Unread("mail-at-events")
        if kind in TRACKING:
            raise Unread("tracks")
        return _events(news, kind)


def _events(news: dict[str, Any], kind: str) -> list[MailEvent]:
    if kind == "Bounce":
        return _bounces(news, news["bounce"])
    if kind == "Complaint":
        return _complaints(news, news["complaint"])
    if kind == "Delivery":
        told = news["delivery"]
        return [_event(news, "delivered", told["timestamp"], each, detail=told.get("smtpResponse")) for each in told["recipients"]]
    if kind == "DeliveryDelay":
        told = news["deliveryDelay"]
        late = [(each["emailAddress"], each.get("status"), each.get("diagnosticCode")) for each in told["delayedRecipients"]]
        return [_event(news, "deferred", told["timestamp"], to, status_in(status), detail=words) for to, status, words in late]
    if kind in ("Reject", "Rendering Failure"):
        told = news.get("reject") or news.get("failure") or {}
        words = told.get("reason") or told.get("errorMessage")
        return [_event(news, "rejected", news["mail"]["timestamp"], each, detail=words) for each in news["mail"]["destination"]]
    return []


def _bounces(news: dict[str, Any], told: dict[str, Any]) -> list[MailEvent]:
    kind, subtype = told["bounceType"], told.get("bounceSubType", "")
    events = []
    for place, each in enumerate(told["bouncedRecipients"]):
        words = each.get("diagnosticCode")
        status = status_in(each.get("status"), words)
        made: Kind = "rejected" if subtype in ON_ITS_LIST else "bounced"
        if kind == "Permanent" and subtype in ("General", "NoEmail", *ON_ITS_LIST):
            status = or_bad_address(status)
        elif kind == "Permanent" and subtype == "UnsubscribedRecipient":
            made = "unsubscribed"
        elif status is None and words is None and subtype == "General":
            # SES takes a person's out-of-office for a bounce of this kind: no server refused anything.
            made = "deferred"
        mark = f"{told.get('feedbackId', '')}:{place}"
        events.append(_event(news, made, told["timestamp"], each["emailAddress"], status or MEANT.get(subtype), mark=mark, detail=words))
    return events


def _complaints(news: dict[str, Any], told: dict[str, Any]) -> list[MailEvent]:
    # Somebody took it out of the spam folder.
    if told.get("complaintFeedbackType") == "not-spam":
        return []
    made: Kind = "rejected" if told.get("complaintSubType") == "OnAccountSuppressionList" else "complained"
    people = enumerate(told["complainedRecipients"])
    mark = told.get("feedbackId", "")
    return [_event(news, made, told["timestamp"], each["emailAddress"], mark=f"{mark}:{place}") for place, each in people]


def _event(
    news: dict[str, Any], kind: Kind, at: str, address: str, status: str | None = None, *, mark: str = "", detail: str | None = None
) -> MailEvent:
    mail = news["mail"]
    # The feedback's own id where it has one: told through two topics, it is still the same.
    provider_id = f"{mail['messageId']}:{kind}:{mark or at}"
    return MailEvent(kind, moment(at), _message_of(mail), address, status, provider_id, "ses", detail)


def _message_of(mail: dict[str, Any]) -> Any:
    tags = (mail.get("tags") or {}).get(TAG) or []
    if tags:
        return message_id_in(tags[0])
    # Feedback that was switched on for the identity brings no tags, but the headers as we wrote them.
    ours = (each["value"] for each in mail.get("headers") or () if each["name"].lower() == "message-id")
    found = next((match for match in map(OUR_MESSAGE_ID.match, ours) if match), None)
    return message_id_in(found[1]) if found else None
