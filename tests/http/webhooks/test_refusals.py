"""What is forged, old, replayed, too large, garbage or from nowhere: nothing crashes, and no address that is sent to us is asked."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as some
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from config.settings import settings
from leads.inbound.models import KeptEvent, Notice
from leads.messages.carriers import sns as bearer
from leads.messages.carriers.trust import SigningCertificate
from tests.http.webhooks.conftest import (
    AMAZON,
    CERTIFICATE,
    PROVIDERS,
    STRANGER,
    TOPIC,
    Told,
    certificate,
    mailgun,
    postmark,
    sendgrid,
    sns,
)
from tests.http.webhooks.payloads import EVENTS, ses_bounce
from tests.http.webhooks.payloads import mailgun as mailgun_event
from tests.http.webhooks.payloads import sendgrid as sendgrid_event

Call = Callable[[str, Told], httpx.Response]
BOUNCE = ses_bounce("Permanent", "NoEmail")
CERT = f"https://sns.us-east-1.amazonaws.com/{CERTIFICATE}"
JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("RecordType", "event", "eventType", "mail", "bounce", "Type", "timestamp", "signature", "event-data", "ID", "BouncedAt", "severity")


def rows(session: Session) -> tuple[int, int]:
    return tuple(session.scalar(select(func.count()).select_from(model)) or 0 for model in (KeptEvent, Notice))  # type: ignore[return-value]


def test_both_of_amazons_signature_versions_are_believed(session: Session, call: Call) -> None:
    assert call("ses", sns(BOUNCE, version="1")).status_code == 200
    assert call("ses", sns(BOUNCE | {"mail": BOUNCE["mail"] | {"messageId": "2"}}, version="2")).status_code == 200
    assert rows(session) == (2, 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": "arn:aws:sns:us-east-1:999999999999:mail-events"},
        {"SigningCertURL": f"https://sns.us-east-1.amazonaws.com.evil.test/{CERTIFICATE}"},
        {"SigningCertURL": f"https://evil.test/?{CERT}"},
        {"SigningCertURL": f"https://x@evil.test/{CERTIFICATE}"},
        {"SigningCertURL": f"http://sns.us-east-1.amazonaws.com/{CERTIFICATE}"},
        {"SigningCertURL": f"https://sns.us-east-1.amazonaws.com/a/../{CERTIFICATE}"},
        {"SigningCertURL": f"https://sns.eu-west-1.amazonaws.com/{CERTIFICATE}"},
        {"SigningCertURL": f"{CERT}\n"},
        {"Type": "Nonsense"},
    ],
)
def test_a_signed_notification_from_elsewhere_is_refused(session: Session, call: Call, changes: dict[str, str]) -> None:
    assert call("ses", sns(BOUNCE, **changes)).status_code == 403
    assert rows(session) == (0, 0)


def test_a_changed_body_is_refused(session: Session, call: Call) -> None:
    raw, headers = sns(BOUNCE)
    assert call("ses", (raw.replace(b"NoEmail", b"General"), headers)).status_code == 403
    raw, headers = sendgrid([{"event": "delivered"}])
    assert call("sendgrid", (raw + b" ", headers)).status_code == 403


@pytest.mark.parametrize("version", ["3", "", "1 "])
def test_an_unknown_signature_version_is_refused(call: Call, version: str) -> None:
    raw, headers = sns(BOUNCE)
    assert call("ses", (json.dumps(json.loads(raw) | {"SignatureVersion": version}).encode(), headers)).status_code == 403


def test_a_certificate_past_its_date_is_no_certificate(call: Call) -> None:
    pinned = settings().ses_certificate_file
    assert pinned
    pinned.write_bytes(certificate(AMAZON, expired=True))
    assert call("ses", sns(BOUNCE)).status_code == 403


def test_the_certificate_file_may_hold_the_old_and_the_new_one(call: Call) -> None:
    pinned = settings().ses_certificate_file
    assert pinned
    pinned.write_bytes(certificate(STRANGER) + certificate(AMAZON))
    assert call("ses", sns(BOUNCE)).status_code == 200


def test_a_subscription_waits_for_an_administrator(session: Session, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "get", None)
    confirm = {"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Confirm"}
    assert call("ses", sns("You have chosen to subscribe", **confirm)).status_code == 200
    notice = session.scalars(select(Notice)).one()
    assert notice.trouble == "confirm-subscription"
    assert "SubscribeURL" in (notice.raw or "")


def test_a_copied_signature_of_mailguns_vouches_for_no_other_event(session: Session, call: Call) -> None:
    assert call("mailgun", mailgun(mailgun_event("delivered"), token="t")).status_code == 200
    assert call("mailgun", mailgun(mailgun_event("delivered"), token="t")).status_code == 200
    assert call("mailgun", mailgun(mailgun_event("complained"), token="t")).status_code == 403
    assert rows(session) == (1, 1)


@pytest.mark.parametrize("age", [timedelta(hours=13), -timedelta(hours=1)])
def test_an_old_signature_of_mailguns_is_refused(call: Call, age: timedelta) -> None:
    assert call("mailgun", mailgun(mailgun_event("delivered"), age=age)).status_code == 403
    assert call("mailgun", mailgun(mailgun_event("delivered"), age=timedelta(hours=7))).status_code == 200


@pytest.mark.parametrize("given", ["", "Basic", "Basic !!", "Bearer x", "Basic " + base64.b64encode(b":").decode()])
def test_a_postmark_without_our_password_is_refused(call: Call, given: str) -> None:
    assert call("postmark", (b"{}", {"Authorization": given})).status_code == 401


@pytest.mark.parametrize("carrier", ["ses", "mailgun"])
@pytest.mark.parametrize("raw", [b"", b"garbage", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_json_is_malformed(session: Session, call: Call, carrier: str, raw: bytes) -> None:
    assert call(carrier, (raw, {})).status_code == 400
    assert rows(session) == (0, 0)


@pytest.mark.parametrize("raw", [b"", b"garbage", b"{}", b"[1]", b'[{"event": []}]', b"[" * 100_000, b'{"RecordType": "Bounce"}'])
def test_genuine_garbage_is_kept_for_a_person_and_not_sent_again(session: Session, call: Call, raw: bytes) -> None:
    assert call("sendgrid", sendgrid(raw)).status_code == 200
    assert call("postmark", postmark(raw)).status_code == 200
    assert set(session.scalars(select(Notice.trouble))) == {"unreadable"}


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "x" * 5000])
def test_what_no_database_can_hold_is_kept_all_the_same(session: Session, call: Call, odd: str) -> None:
    batch = sendgrid_event("bounce", sg_event_id=odd, email=odd, reason=odd, status="5.1.1")
    assert [call("sendgrid", sendgrid(batch)).status_code for _ in range(2)] == [200, 200]
    assert call("mailgun", mailgun(mailgun_event("delivered", id=odd, recipient=odd))).status_code == 200
    assert rows(session) == (2, 2)


@pytest.mark.parametrize("carrier", PROVIDERS)
def test_too_much_is_refused(session: Session, call: Call, carrier: str) -> None:
    raw, headers = PROVIDERS[carrier].sign(EVENTS[0][1])
    assert call(carrier, (raw + b" " * 2_100_000, headers)).status_code == 413
    assert rows(session) == (0, 0)


@pytest.mark.parametrize("carrier", ["smtp", "nobody", "SES", "ses/x", "%00"])
def test_a_carrier_that_does_not_exist_has_no_webhook(call: Call, carrier: str) -> None:
    assert call(carrier, (b"{}", {})).status_code == 404


def test_a_carrier_that_is_not_set_up_is_not_believed(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SES_TOPICS", "POSTMARK_WEBHOOK_AUTH", "MAILGUN_WEBHOOK_KEY", "SENDGRID_WEBHOOK_PUBLIC_KEY"):
        monkeypatch.delenv(name)
    settings.cache_clear()
    assert {call(name, each.sign(BOUNCE)).status_code for name, each in PROVIDERS.items()} == {404}


@tries(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=some.dictionaries(some.sampled_from(KEYS) | some.text(), JSON, max_size=5), carrier=some.sampled_from(sorted(PROVIDERS)))
def test_no_shape_of_a_payload_crashes(call: Call, told: dict[str, Any], carrier: str) -> None:
    payload = [told] if carrier == "sendgrid" else told
    assert call(carrier, PROVIDERS[carrier].sign(payload)).status_code == 200
    assert call(carrier, (json.dumps(told).encode(), {})).status_code in (400, 401, 403)


def unpinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SES_CERTIFICATE_FILE")
    settings.cache_clear()


def test_an_unknown_certificate_is_fetched_by_a_task_and_never_by_a_request(
    session: Session, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpinned(monkeypatch)
    asked: list[str] = []

    def get(url: str, **how: Any) -> httpx.Response:
        asked.append(url)
        assert how["follow_redirects"] is False
        return httpx.Response(200, content=certificate(AMAZON))

    monkeypatch.setattr(httpx, "get", get)
    assert call("ses", sns(BOUNCE)).status_code == 503
    assert (asked, rows(session)) == ([], (0, 0))
    assert bearer.fetch_certificates() == 1
    assert asked == [CERT]
    assert call("ses", sns(BOUNCE)).status_code == 200
    assert call("ses", sns(BOUNCE, key=STRANGER)).status_code == 403


@pytest.mark.parametrize(
    "answer", [httpx.Response(404), httpx.Response(302), httpx.Response(200, content=b"x"), httpx.Response(200, content=b"x" * 20_000)]
)
def test_a_certificate_that_is_not_there_is_forgotten(
    session: Session, call: Call, monkeypatch: pytest.MonkeyPatch, answer: httpx.Response
) -> None:
    unpinned(monkeypatch)
    call("ses", sns(BOUNCE))
    monkeypatch.setattr(httpx, "get", lambda *_, **__: answer)
    assert bearer.fetch_certificates() == 0
    assert session.scalars(select(SigningCertificate)).all() == []


def test_a_certificate_of_somebody_elses_is_not_taken(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    unpinned(monkeypatch)
    call("ses", sns(BOUNCE))
    other = httpx.Response(200, content=certificate(AMAZON, name="evil.test"))
    monkeypatch.setattr(httpx, "get", lambda *_, **__: other)
    assert bearer.fetch_certificates() == 0


def test_nobody_makes_us_ask_for_many_certificates(session: Session, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    unpinned(monkeypatch)
    for number in range(9):
        url = f"https://sns.us-east-1.amazonaws.com/SimpleNotificationService-{number:032x}.pem"
        assert call("ses", sns(BOUNCE, SigningCertURL=url)).status_code == 503
    assert len(session.scalars(select(SigningCertificate)).all()) == 3


def test_a_certificate_file_that_cannot_be_read_is_told_to_us_and_not_to_the_caller(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SES_CERTIFICATE_FILE", str(tmp_path / "missing.pem"))
    monkeypatch.setenv("SENDGRID_WEBHOOK_PUBLIC_KEY", "no key")
    settings.cache_clear()
    with capture_logs() as logs:
        answers = [call("ses", sns(BOUNCE, TopicArn=TOPIC)), call("sendgrid", sendgrid([]))]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert not any("missing.pem" in answer.text for answer in answers)
    assert [line["carrier"] for line in logs if line["event"] == "carrier.misconfigured"] == ["ses", "sendgrid"]
