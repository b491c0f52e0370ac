"""What each provider sends of a mail, written after the forms they publish; people, places and servers are made up."""

import base64
from typing import Any

MESSAGE = "01936f1e00007000800000000000002a"
ANA = "ana@example.com"
AT, SECONDS = "2026-10-06T14:00:05.000Z", 1791295205


def ses(kind: str, **told: Any) -> dict[str, Any]:
    """An event of a configuration set (SES developer guide, "Examples of event data")."""
    mail = {
        "timestamp": AT,
        "source": "care@mail.elmharbor.test",
        "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/mail.elmharbor.test",
        "messageId": "0100019a-ses",
        "destination": [ANA],
        "headersTruncated": False,
        "headers": [{"name": "Message-ID", "value": f"<{MESSAGE}@mail.elmharbor.test>"}],
        "commonHeaders": {"to": [ANA], "messageId": "0100019a-ses"},
        "tags": {"ses:configuration-set": ["clinic"], "handoff-message": [MESSAGE]},
    }
    names = {"DeliveryDelay": "deliveryDelay", "Rendering Failure": "failure"}
    return {"eventType": kind, "mail": mail, names.get(kind, kind.lower()): {"timestamp": AT, **told}}


def ses_bounce(kind: str, subtype: str, **recipient: str) -> dict[str, Any]:
    """A bounce as SES sorts it."""
    people = [{"emailAddress": ANA, **recipient}]
    return ses("Bounce", feedbackId="0100-feedback", bounceType=kind, bounceSubType=subtype, bouncedRecipients=people)


def ses_mail(raw: bytes, to: str, *, encoding: str | None = "BASE64", **changes: Any) -> dict[str, Any]:
    """A mail that came in, as an SNS action of a receipt rule brings it (SES developer guide, "Examples of notifications")."""
    passed = {f"{name}Verdict": {"status": "PASS"} for name in ("spam", "virus", "spf", "dkim", "dmarc")}
    action = {"type": "SNS", "topicArn": "arn:aws:sns:us-east-1:123456789012:mail-events"} | ({"encoding": encoding} if encoding else {})
    mail = {
        "timestamp": "2026-10-06T13:59:58.936Z",
        "source": ANA,
        "messageId": "d6iitobk75ur44p8kdnnp7g2n800",
        "destination": ["somebody-else@example.com"],
        "headersTruncated": False,
        "headers": [{"name": "Return-Path", "value": f"<{ANA}>"}, {"name": "Subject", "value": "Re: Your visit"}],
        "commonHeaders": {"returnPath": ANA, "from": [ANA], "to": ["somebody-else@example.com"], "subject": "Re: Your visit"},
    }
    receipt = {"timestamp": AT, "processingTimeMillis": 222, "recipients": [to], **passed, "action": action}
    content = raw.decode("utf-8", "replace") if encoding in ("UTF8", None) else base64.b64encode(raw).decode()
    return {"notificationType": "Received", "mail": mail, "receipt": receipt, "content": content} | changes


def ses_stored(to: str) -> dict[str, Any]:
    """What an S3 action tells of a mail: all but the mail (the guide, "Alert notification")."""
    told = ses_mail(b"", to)
    stored = {"type": "S3", "topicArn": "arn:aws:sns:us-east-1:123456789012:mail-events", "bucketName": "mails", "objectKey": "d6iitobk"}
    del told["content"]
    return told | {"receipt": told["receipt"] | {"action": stored}}


def postmark(kind: str, **told: Any) -> dict[str, Any]:
    """A webhook of Postmark's (developer documentation, "Webhooks")."""
    common = {"RecordType": kind, "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483", "ServerID": 23, "MessageStream": "outbound"}
    return common | {"Metadata": {"handoff-message": MESSAGE}, "Tag": ""} | told


def postmark_bounce(kind: str, code: int, details: str = "") -> dict[str, Any]:
    """A bounce as Postmark sorts it."""
    about = {"ID": 42, "Type": kind, "TypeCode": code, "Email": ANA, "From": "care@mail.elmharbor.test", "Subject": "Your visit"}
    return postmark("Bounce", **about, Details=details, Description="", BouncedAt="2026-10-06T10:00:05.1234567-04:00", Inactive=True)


def sendgrid(kind: str, **told: Any) -> list[dict[str, Any]]:
    """A batch of one (SendGrid, "Event Webhook Reference")."""
    common = {"email": ANA, "timestamp": SECONDS, "event": kind, "sg_event_id": f"{kind}-1", "sg_message_id": "14c5d75ce93.filter0001"}
    return [common | {"smtp-id": f"<{MESSAGE}@mail.elmharbor.test>", "handoff_message": MESSAGE} | told]


def mailgun(kind: str, **told: Any) -> dict[str, Any]:
    """The `event-data` of a webhook (Mailgun, "Webhook Payloads")."""
    message = {"headers": {"to": ANA, "message-id": f"{MESSAGE}@mail.elmharbor.test", "from": "care@mail.elmharbor.test"}, "size": 20000}
    common = {"event": kind, "id": f"{kind}-1", "timestamp": SECONDS + 0.25, "recipient": ANA, "recipient-domain": "example.com"}
    return common | {"message": message, "user-variables": {"handoff-message": MESSAGE}, "flags": {"is-test-mode": False}} | told


def mailgun_failed(severity: str, reason: str, **status: Any) -> dict[str, Any]:
    """A failure as Mailgun sorts it."""
    return mailgun("failed", severity=severity, reason=reason, **{"delivery-status": {"attempt-no": 1, **status}})


GONE = "smtp; 550 5.1.1 <ana@example.com>: Recipient address rejected: User unknown"
FULL = "smtp; 552 5.2.2 Over quota"
REFUSED = "smtp; 550 5.7.1 Message rejected due to policy"
# Carrier, what it sends, what that is: the kind and the status, or nothing at all.
EVENTS: list[tuple[str, Any, tuple[str, str | None] | None]] = [
    ("ses", ses("Delivery", recipients=[ANA], smtpResponse="250 2.0.0 ok"), ("delivered", None)),
    ("ses", ses_bounce("Permanent", "General", action="failed", status="5.1.1", diagnosticCode=GONE), ("bounced", "5.1.1")),
    ("ses", ses_bounce("Permanent", "NoEmail"), ("bounced", "5.1.1")),
    ("ses", ses_bounce("Permanent", "General", status="5.7.1", diagnosticCode=REFUSED), ("bounced", "5.7.1")),
    ("ses", ses_bounce("Permanent", "OnAccountSuppressionList"), ("rejected", "5.1.1")),
    ("ses", ses_bounce("Transient", "MailboxFull"), ("bounced", "5.2.2")),
    ("ses", ses_bounce("Transient", "General", status="4.4.7", diagnosticCode="smtp; 451 4.4.7 expired"), ("bounced", "4.4.7")),
    ("ses", ses_bounce("Transient", "General"), ("deferred", None)),
    ("ses", ses("Complaint", feedbackId="1", complainedRecipients=[{"emailAddress": ANA}]), ("complained", None)),
    ("ses", ses("Complaint", complaintFeedbackType="not-spam", complainedRecipients=[{"emailAddress": ANA}]), None),
    (
        "ses",
        ses("DeliveryDelay", delayType="MailboxFull", delayedRecipients=[{"emailAddress": ANA, "status": "4.2.2"}]),
        ("deferred", "4.2.2"),
    ),
    ("ses", ses("Reject", reason="Bad content"), ("rejected", None)),
    ("ses", ses("Send"), None),
    ("postmark", postmark("Delivery", Recipient=ANA, DeliveredAt=AT, Details="250 ok"), ("delivered", None)),
    ("postmark", postmark_bounce("HardBounce", 1, GONE), ("bounced", "5.1.1")),
    ("postmark", postmark_bounce("HardBounce", 1), ("bounced", "5.1.1")),
    ("postmark", postmark_bounce("HardBounce", 1, REFUSED), ("bounced", "5.7.1")),
    ("postmark", postmark_bounce("SoftBounce", 4096, FULL), ("bounced", "5.2.2")),
    ("postmark", postmark_bounce("Transient", 2, "smtp; 451 4.7.1 greylisted"), ("deferred", "4.7.1")),
    ("postmark", postmark_bounce("SpamNotification", 512), ("bounced", "5.7.1")),
    ("postmark", postmark_bounce("BadEmailAddress", 100000), ("bounced", "5.1.3")),
    ("postmark", postmark_bounce("AutoResponder", 64), None),
    ("postmark", postmark_bounce("ChallengeVerification", 16384), None),
    ("postmark", postmark("SpamComplaint", ID=43, Type="SpamComplaint", TypeCode=100001, Email=ANA, BouncedAt=AT), ("complained", None)),
    (
        "postmark",
        postmark(
            "SubscriptionChange",
            Recipient=ANA,
            ChangedAt=AT,
            Origin="Recipient",
            SuppressSending=True,
            SuppressionReason="ManualSuppression",
        ),
        ("unsubscribed", None),
    ),
    ("postmark", postmark("SubscriptionChange", Recipient=ANA, ChangedAt=AT, Origin="Recipient", SuppressSending=False), None),
    (
        "postmark",
        postmark(
            "SubscriptionChange", Recipient=ANA, ChangedAt=AT, Origin="Recipient", SuppressSending=True, SuppressionReason="HardBounce"
        ),
        None,
    ),
    ("sendgrid", sendgrid("delivered", response="250 OK"), ("delivered", None)),
    ("sendgrid", sendgrid("processed"), None),
    ("sendgrid", sendgrid("deferred", response="452 4.2.2 full, try again", attempt="5"), ("deferred", "4.2.2")),
    ("sendgrid", sendgrid("bounce", type="bounce", status="5.1.1", reason=GONE), ("bounced", "5.1.1")),
    (
        "sendgrid",
        sendgrid("bounce", type="bounce", status="5.0.0", reason="550 gone", bounce_classification="Invalid Address"),
        ("bounced", "5.1.1"),
    ),
    ("sendgrid", sendgrid("bounce", type="bounce", status="5.2.2", reason=FULL), ("bounced", "5.2.2")),
    ("sendgrid", sendgrid("bounce", type="blocked", status="5.7.1", reason=REFUSED), ("bounced", "5.7.1")),
    ("sendgrid", sendgrid("dropped", reason="Bounced Address", status="5.0.0"), ("rejected", "5.1.1")),
    ("sendgrid", sendgrid("dropped", reason="Spam Reporting Address"), ("rejected", None)),
    ("sendgrid", sendgrid("spamreport"), ("complained", None)),
    ("sendgrid", sendgrid("unsubscribe"), ("unsubscribed", None)),
    ("sendgrid", sendgrid("group_unsubscribe", asm_group_id=10), ("unsubscribed", None)),
    ("mailgun", mailgun("delivered", **{"delivery-status": {"code": 250, "message": "OK"}}), ("delivered", None)),
    ("mailgun", mailgun("accepted"), None),
    ("mailgun", mailgun_failed("temporary", "generic", code=452, message="452 4.2.2 full"), ("deferred", "4.2.2")),
    ("mailgun", mailgun_failed("permanent", "bounce", code=550, **{"enhanced-code": "5.1.1", "bounce-type": "hard"}), ("bounced", "5.1.1")),
    ("mailgun", mailgun_failed("permanent", "bounce", code=550, message="gone", **{"bounce-type": "hard"}), ("bounced", "5.1.1")),
    ("mailgun", mailgun_failed("permanent", "bounce", code=552, message=FULL, **{"bounce-type": "soft"}), ("bounced", "5.2.2")),
    ("mailgun", mailgun_failed("permanent", "espblock", code=550, message=REFUSED), ("bounced", "5.7.1")),
    (
        "mailgun",
        mailgun_failed("permanent", "suppress-bounce", code=605, description="Not delivering to previously bounced address"),
        ("rejected", "5.1.1"),
    ),
    ("mailgun", mailgun_failed("permanent", "suppress-complaint", code=607), ("rejected", None)),
    ("mailgun", mailgun("complained"), ("complained", None)),
    ("mailgun", mailgun("unsubscribed"), ("unsubscribed", None)),
    ("mailgun", mailgun("rejected", reject={"reason": "Sandbox", "description": ""}), ("rejected", None)),
]
# An open or a click: nobody asked for it.
TRACKED: list[tuple[str, Any]] = [
    ("ses", ses("Open", ipAddress="192.0.2.1", userAgent="x")),
    ("postmark", postmark("Open", Recipient=ANA, ReceivedAt=AT)),
    ("sendgrid", sendgrid("click", url="https://care.elmharbor.test/", ip="192.0.2.1")),
    ("mailgun", mailgun("opened", ip="192.0.2.1")),
]
