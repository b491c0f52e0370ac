"""A mail server pipes a mail into `handoff inbound pipe`, and hears by the exit code what became of it."""

import os
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from leads.cli import inbound
from leads.cli.root import app
from leads.inbound import listen
from leads.inbound.mail_models import InboundMail
from leads.messages.addresses import reply_address
from tests.inbound.mails import NOBODY, received

Pipe = Callable[..., Result]


@pytest.fixture
def pipe(database: None, monkeypatch: pytest.MonkeyPatch) -> Pipe:
    """Pipes a mail into the command."""
    monkeypatch.setattr(inbound, "attach", lambda _: None)
    return lambda raw, *options: CliRunner().invoke(app, ["inbound", "pipe", *options], input=raw)


def test_a_mail_is_kept(pipe: Pipe, session: Session) -> None:
    answer = pipe(
        b"From ana@example.com Tue Oct  6\n" + received("reply-gmail"), "--to", reply_address(NOBODY), "--from", "ana@example.com"
    )
    assert (answer.exit_code, answer.output) == (os.EX_OK, "")
    assert session.scalars(select(InboundMail)).one().sender == "ana@example.com"


def test_the_header_names_the_recipient_where_nobody_else_does(pipe: Pipe, session: Session) -> None:
    raw = f"Delivered-To: {reply_address(NOBODY)}\r\n".encode() + received("reply-gmail")
    assert pipe(raw).exit_code == os.EX_OK


def test_what_is_not_ours_comes_back_to_its_sender(pipe: Pipe) -> None:
    answer = pipe(b"Subject: x\n\nHi\n", "--to", "nobody@mail.elmharbor.test")
    assert (answer.exit_code, answer.output.strip()) == (os.EX_NOUSER, "5.1.1 no such mailbox")


def test_while_the_database_is_away_it_comes_again(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(listen, "take_in", away)
    assert pipe(received("reply-gmail"), "--to", reply_address(NOBODY)).exit_code == os.EX_TEMPFAIL


def test_a_mail_too_large_comes_back(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.inbound.take_in.LARGEST", 100)
    assert pipe(received("reply-gmail"), "--to", reply_address(NOBODY)).exit_code == os.EX_DATAERR
