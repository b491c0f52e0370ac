"""Mail servers bring mail: a yes means that it is committed, and a no that it is not ours."""

import smtplib
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from leads.db import transaction
from leads.inbound import listen as module
from leads.inbound.mail_models import InboundMail
from leads.messages.addresses import reply_address, return_path
from tests.inbound.door import open_door
from tests.inbound.mails import NOBODY, received

OTHER = "care@mail.elmharbor.test"


@pytest.fixture
def port(postgres: str) -> Iterator[int]:
    """The port of a door of ours."""
    with open_door() as port:
        yield port


def kept() -> list[str]:
    with transaction() as session:
        return sorted(row.recipient or "" for row in session.scalars(select(InboundMail)))


@pytest.mark.committed
def test_by_smtp_a_mail_is_kept_before_it_is_acknowledged(port: int, database: None) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
        client.sendmail("ana@example.com", reply_address(NOBODY), received("reply-gmail"))
        assert kept() == [reply_address(NOBODY)]


@pytest.mark.committed
def test_by_lmtp_each_recipient_has_its_own_answer(port: int, database: None) -> None:
    with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
        refused = client.sendmail("", [OTHER, "nobody@mail.elmharbor.test", return_path(NOBODY)], received("postfix-delayed"))
        # The library reads the first answer to the mail only.
        assert client.getreply()[0] == 250
    assert {each: code for each, (code, _) in refused.items()} == {"nobody@mail.elmharbor.test": 550}
    assert kept() == sorted([OTHER, return_path(NOBODY)])


@pytest.mark.committed
def test_the_same_mail_twice_is_acknowledged_twice_and_kept_once(port: int, database: None) -> None:
    with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
        for _ in range(2):
            assert client.sendmail("ana@example.com", OTHER, received("reply-gmail")) == {}
    assert kept() == [OTHER]


def test_while_the_database_is_away_the_sender_keeps_it(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(module, "take_in", away)
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as client, pytest.raises(smtplib.SMTPDataError) as refusal:
        client.sendmail("ana@example.com", OTHER, received("reply-gmail"))
    assert refusal.value.smtp_code == 451


@pytest.mark.parametrize("kind", [smtplib.SMTP, smtplib.LMTP])
def test_a_mail_too_large_is_refused_for_good(port: int, monkeypatch: pytest.MonkeyPatch, kind: type[smtplib.SMTP]) -> None:
    monkeypatch.setattr(module, "LARGEST", 1000)
    with kind("127.0.0.1", port, timeout=20) as client:
        client.ehlo_or_helo_if_needed()
        client.esmtp_features.pop("size")
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            client.sendmail("ana@example.com", OTHER, b"Subject: x\r\n\r\n" + b"a" * 5000)
    assert refusal.value.smtp_code == 552


@pytest.mark.committed
def test_a_line_longer_than_the_standard_allows_loses_no_mail(port: int, database: None, session: Session) -> None:
    with smtplib.LMTP("127.0.0.1", port, timeout=20) as client:
        client.sendmail("ana@example.com", OTHER, b"Subject: x\r\n\r\n" + b"a" * 50_000)
    assert session.scalar(select(func.count()).select_from(InboundMail)) == 1
