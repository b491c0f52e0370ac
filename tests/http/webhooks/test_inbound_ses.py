"""Amazon SES brings our mail by SNS: whole, signed, and once; what it only tells of is refused with the way out."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as some
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.inbound.mail_models import InboundMail
from leads.inbound.models import Notice
from leads.messages.addresses import reply_address
from tests.http.webhooks.conftest import STRANGER, TOPIC, Told, sns
from tests.http.webhooks.payloads import ANA, ses_bounce, ses_mail, ses_stored
from tests.inbound.mails import NOBODY, received

Call = Callable[[str, Told], httpx.Response]
CONFIRM = {"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Confirm"}


def gmail() -> bytes:
    return received("reply-gmail")


def bring(call: Call, message: Any, **how: Any) -> httpx.Response:
    return call("inbound/ses", sns(message, **how))


def one(session: Session) -> InboundMail:
    return session.scalars(select(InboundMail)).one()


def troubles(session: Session) -> list[tuple[str, str | None]]:
    return [(row.carrier, row.trouble) for row in session.scalars(select(Notice).order_by(Notice.id))]


def test_a_mail_in_base64_is_kept_to_the_byte(session: Session, call: Call, nudges: list[str]) -> None:
    raw = gmail() + b"\xff\x00 an octet of no language"
    answer = bring(call, ses_mail(raw, reply_address(NOBODY)))
    assert (answer.status_code, answer.json(), nudges) == (200, {"kept": 1, "not_ours": 0}, ["came back"])
    assert base64.b64decode(one(session).raw or "") == raw


@pytest.mark.parametrize("encoding", ["UTF8", None])
def test_a_mail_in_utf_8_is_kept(session: Session, call: Call, encoding: str | None) -> None:
    spanish = received("reply-iphone-spanish")
    assert bring(call, ses_mail(spanish, reply_address(NOBODY), encoding=encoding)).json()["kept"] == 1
    assert base64.b64decode(one(session).raw or "") == spanish


def test_base64_is_known_where_the_rule_does_not_say_so(session: Session, call: Call) -> None:
    told = ses_mail(gmail(), reply_address(NOBODY))
    del told["receipt"]["action"]["encoding"]
    told["content"] = "\r\n".join(told["content"][at : at + 76] for at in range(0, len(told["content"]), 76))
    bring(call, told)
    assert base64.b64decode(one(session).raw or "") == gmail()


def test_it_is_for_whom_the_envelope_says_and_from_whom(session: Session, call: Call) -> None:
    bring(call, ses_mail(gmail(), reply_address(NOBODY)))
    row = one(session)
    assert (row.recipient, row.sender, row.channel) == (reply_address(NOBODY), ANA, "sns")


def test_sns_repeats_itself_and_there_is_one_mail(session: Session, call: Call) -> None:
    told = ses_mail(gmail(), reply_address(NOBODY))
    assert [bring(call, told).json()["kept"] for _ in range(2)] == [1, 1]
    assert one(session)


def test_of_several_recipients_each_of_ours_gets_it(session: Session, call: Call) -> None:
    told = ses_mail(gmail(), reply_address(NOBODY))
    told["receipt"]["recipients"] += ["postmaster@mail.elmharbor.test", "nobody@mail.elmharbor.test"]
    assert bring(call, told).json() == {"kept": 2, "not_ours": 1}


def test_what_lies_in_s3_only_is_refused_with_what_to_set_instead(session: Session, call: Call) -> None:
    answer = bring(call, ses_stored(reply_address(NOBODY)))
    assert answer.status_code == 422
    assert all(words in answer.text for words in ("action was S3", "Publish to Amazon SNS topic", "Base64", "150 KB", "LMTP"))
    assert troubles(session) == [("ses-inbound", "mail-elsewhere")]


def test_an_event_is_sent_to_its_own_address(session: Session, call: Call) -> None:
    answer = bring(call, ses_bounce("Permanent", "NoEmail"))
    assert (answer.status_code, "/webhooks/mail/ses" in answer.text) == (422, True)
    assert troubles(session) == [("ses-inbound", "no-mail")]


def test_a_mail_at_the_address_for_events_is_not_lost(session: Session, call: Call) -> None:
    assert call("ses", sns(ses_mail(gmail(), reply_address(NOBODY)))).status_code == 200
    assert troubles(session) == [("ses", "mail-at-events")]
    assert "content" in (session.scalars(select(Notice)).one().raw or "")


def test_what_a_stranger_signed_leaves_no_trace(session: Session, call: Call) -> None:
    told = ses_mail(gmail(), reply_address(NOBODY))
    assert bring(call, told, key=STRANGER).status_code == 403
    assert bring(call, told, TopicArn=TOPIC.replace("123456789012", "999999999999")).status_code == 403
    raw, headers = sns(told)
    assert call("inbound/ses", (raw.replace(ANA.encode(), b"eve@example.com"), headers)).status_code == 403
    assert (session.scalars(select(InboundMail)).all(), troubles(session)) == ([], [])


def test_without_a_topic_of_ours_there_is_no_such_address(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    told = sns(ses_mail(gmail(), reply_address(NOBODY)))
    monkeypatch.delenv("SES_TOPICS")
    settings.cache_clear()
    assert call("inbound/ses", told).status_code == 404


def test_more_than_sns_can_carry_is_not_read(session: Session, call: Call) -> None:
    raw, headers = sns(ses_mail(gmail(), reply_address(NOBODY)))
    assert call("inbound/ses", (raw + b" " * 2_100_000, headers)).status_code == 413


def test_a_subscription_waits_for_an_administrator(session: Session, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx, "get", None)
    assert bring(call, "You have chosen to subscribe", **CONFIRM).status_code == 200
    assert troubles(session) == [("ses-inbound", "confirm-subscription")]


@pytest.mark.parametrize(
    "greeting", ["Successfully validated SNS topic for Amazon SES.", {"notificationType": "AmazonSnsSubscriptionSucceeded", "message": "x"}]
)
def test_a_greeting_of_amazons_is_no_mail(session: Session, call: Call, greeting: Any) -> None:
    assert bring(call, greeting).json() == {"kept": 0, "not_ours": 0}
    assert troubles(session) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"content": 5},
        {"content": "no base64!"},
        {"receipt": None},
        {"receipt": {"action": {"type": "SNS"}}},
        {"receipt": {"recipients": [], "action": {}}},
        {"mail": []},
    ],
)
def test_a_signed_form_nobody_documented_is_kept_for_a_person(session: Session, call: Call, changes: dict[str, Any]) -> None:
    assert bring(call, ses_mail(gmail(), reply_address(NOBODY)) | changes).status_code == 422
    assert session.scalars(select(InboundMail)).all() == []


@tries(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=some.dictionaries(
        some.sampled_from(("notificationType", "receipt", "mail", "content")),
        some.none() | some.text() | some.just("Received") | some.dictionaries(some.sampled_from(("action", "recipients")), some.text()),
    )
)
def test_no_shape_of_a_notification_crashes(call: Call, told: dict[str, Any]) -> None:
    assert bring(call, told).status_code in (200, 422)
    assert call("inbound/ses", (json.dumps(told).encode(), {})).status_code in (400, 403)


def test_half_a_surrogate_pair_is_no_reason_to_lose_a_mail(session: Session, call: Call) -> None:
    told = ses_mail(gmail(), reply_address(NOBODY), encoding="UTF8")
    assert bring(call, told | {"content": told["content"] + "\ud800"}).json()["kept"] == 1
