"""A provider brings our mail: with the secret both know, whole, and once."""

import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.inbound.mail_models import InboundMail
from leads.messages.addresses import reply_address
from tests.inbound.mails import NOBODY, received
from tests.the_app import the_app

SECRET = "a-secret-of-twenty-characters"


@pytest.fixture
def provider(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A provider that knows the secret."""
    monkeypatch.setenv("HANDOFF_INBOUND_SECRET", SECRET)
    settings.cache_clear()
    with TestClient(the_app(), headers={"Authorization": f"Bearer {SECRET}"}) as client:
        yield client
    monkeypatch.delenv("HANDOFF_INBOUND_SECRET")
    settings.cache_clear()


def kept(session: Session) -> list[str | None]:
    return [row.recipient for row in session.scalars(select(InboundMail))]


def test_a_raw_mail_is_kept(provider: TestClient, session: Session) -> None:
    to = reply_address(NOBODY)
    answer = provider.post("/webhooks/mail/inbound/raw", params={"to": to, "from": "ana@example.com"}, content=received("reply-gmail"))
    assert (answer.status_code, answer.json()) == (200, {"kept": 1, "not_ours": 0})
    assert kept(session) == [to]


def test_sendgrids_form_is_read(provider: TestClient, session: Session) -> None:
    envelope = json.dumps({"to": [reply_address(NOBODY)], "from": "ana@example.com"})
    answer = provider.post("/webhooks/mail/inbound/sendgrid", files={"email": (None, received("reply-gmail"))}, data={"envelope": envelope})
    assert answer.json()["kept"] == 1


def test_mailguns_form_is_read(provider: TestClient, session: Session) -> None:
    fields = {"recipient": reply_address(NOBODY), "sender": "ana@example.com", "body-mime": received("reply-gmail").decode()}
    assert provider.post("/webhooks/mail/inbound/mailgun-mime", data=fields).json()["kept"] == 1


def test_postmarks_form_is_read(provider: TestClient, session: Session) -> None:
    told = {"OriginalRecipient": reply_address(NOBODY), "From": "ana@example.com", "RawEmail": received("reply-gmail").decode()}
    assert provider.post("/webhooks/mail/inbound/postmark", json=told).json()["kept"] == 1


def test_what_is_not_ours_is_not_brought_for_ever(provider: TestClient, session: Session) -> None:
    answer = provider.post("/webhooks/mail/inbound/raw", params={"to": "x@example.com"}, content=b"Subject: x\r\n\r\n")
    assert (answer.status_code, answer.json()) == (200, {"kept": 0, "not_ours": 1})


@pytest.mark.parametrize("given", ["", "Bearer wrong", "Basic !!!", "Basic eDp5", "Bearer "])
def test_without_the_secret_nothing_is_taken(provider: TestClient, session: Session, given: str) -> None:
    answer = provider.post(
        "/webhooks/mail/inbound/raw", params={"to": reply_address(NOBODY)}, content=b"x", headers={"Authorization": given}
    )
    assert answer.status_code == 401
    assert kept(session) == []


def test_basic_authentication_carries_it_too(provider: TestClient, session: Session) -> None:
    answer = provider.post("/webhooks/mail/inbound/raw", params={"to": "x@example.com"}, content=b"x", auth=("provider", SECRET))
    assert answer.status_code == 200


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"RawEmail": 5}', b'{"RawEmail": "\\ud800"}', b"\xff"])
def test_what_holds_no_mail_is_refused(provider: TestClient, session: Session, body: bytes) -> None:
    assert provider.post("/webhooks/mail/inbound/postmark", content=body).status_code == 422


def test_without_a_secret_set_the_door_is_shut(provider: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANDOFF_INBOUND_SECRET")
    settings.cache_clear()
    assert provider.post("/webhooks/mail/inbound/raw", content=b"x").status_code == 401
    monkeypatch.setenv("HANDOFF_INBOUND_SECRET", SECRET)
