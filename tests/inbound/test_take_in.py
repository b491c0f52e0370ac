"""A mail arrives: kept once, as it came, or refused in words its server understands."""

import base64

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.errors import NotFound
from leads.inbound import take_in as module
from leads.inbound.mail_models import InboundMail
from leads.inbound.take_in import TooBig, take_in
from leads.messages.addresses import reply_address
from tests.inbound.mails import NOBODY, arrived, received


@pytest.fixture
def raw() -> bytes:
    return received("reply-gmail")


def kept(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(InboundMail)).one()


def test_it_is_kept_as_it_came(session: Session, raw: bytes) -> None:
    row = session.get_one(InboundMail, take_in(session, arrived(raw)))
    assert base64.b64decode(row.raw or "") == raw
    assert (row.state, row.sender, row.recipient) == ("waiting", "ana@example.com", reply_address(NOBODY))


def test_brought_again_it_is_the_same_mail(session: Session, raw: bytes) -> None:
    again = b"Received: from another.example by mx.example\r\n" + raw
    assert take_in(session, arrived(raw)) is not None
    assert take_in(session, arrived(again)) is None
    assert kept(session) == 1


def test_the_same_words_a_day_later_are_another_mail(session: Session, raw: bytes) -> None:
    take_in(session, arrived(raw))
    take_in(session, arrived(raw.replace(b"CAreply1", b"CAreply9")))
    assert kept(session) == 2


def test_two_addresses_of_ours_are_two_mails(session: Session, raw: bytes) -> None:
    take_in(session, arrived(raw))
    take_in(session, arrived(raw, to="care@mail.elmharbor.test"))
    assert kept(session) == 2


def test_what_is_not_for_us_is_refused(session: Session, raw: bytes) -> None:
    with pytest.raises(NotFound):
        take_in(session, arrived(raw, to="somebody@mail.elmharbor.test"))


def test_a_mail_too_large_is_refused(session: Session, raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 100)
    with pytest.raises(TooBig):
        take_in(session, arrived(raw))


def test_nobody_reads_in_the_database_what_was_written(session: Session, raw: bytes) -> None:
    row = session.get_one(InboundMail, take_in(session, arrived(raw)))
    cells = (row.raw_cell, row.sender_cell, row.recipient_cell)  # type: ignore[attr-defined]
    assert not any(b"ana@example.com" in cell or base64.b64encode(b"Thursday")[:8] in cell for cell in cells)
