"""`handoff users`, as an operator types it."""

import json
import os

import pytest
from click.testing import Result
from sqlalchemy import select
from typer.testing import CliRunner

from leads.accounts.sign_in import Refused, SignedIn, sign_in
from leads.accounts.staff import find_account
from leads.cli import app
from leads.db import transaction
from leads.errors import Conflict, Invalid, NotFound
from leads.messages.models import Message
from tests.accounts.proofs import give_app

CASEY = "casey@example.com"


def handoff(*words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, [*words, "--data-dir", os.environ["HANDOFF_DATA_DIR"]], input=typed)


def create(*more: str, typed: str | None = None) -> Result:
    return handoff("users", "create", CASEY, "--name", "Casey [Lind]", "--role", "coordinator", "--role", "clinician", *more, typed=typed)


def comes_in(password: str) -> bool:
    with transaction() as session:
        return isinstance(sign_in(session, CASEY, password, source=b"here"), SignedIn)


def test_the_password_is_printed_last_on_its_line_and_opens(database: None) -> None:
    done = create()
    assert done.exit_code == 0
    assert comes_in(done.output.split()[-1])


def test_a_typed_password_is_not_printed(database: None) -> None:
    done = create("--ask-password", typed="four unrelated words here\n" * 2)
    assert "unrelated" not in done.output
    assert comes_in("four unrelated words here")


def test_the_list_shows_name_and_roles_and_nothing_secret(database: None) -> None:
    create()
    shown = json.loads(handoff("users", "list", "--json").output)
    assert [(each["name"], each["roles"]) for each in shown] == [("Casey [Lind]", ["clinician", "coordinator"])]
    plain = handoff("users", "list").output
    assert "Casey [Lind]" in plain
    assert "argon2" not in plain + str(shown)


def test_a_disabled_account_stays_out(database: None) -> None:
    password = create().output.split()[-1]
    assert handoff("users", "disable", CASEY).exit_code == 0
    with transaction() as session:
        assert isinstance(sign_in(session, CASEY, password, source=b"here"), Refused)
    assert "disabled" in handoff("users", "list").output


def test_another_password_replaces_the_first(database: None) -> None:
    first = create().output.split()[-1]
    second = handoff("users", "password", CASEY).output.split()[-1]
    assert not comes_in(first)
    assert comes_in(second)


def test_what_cannot_be_accepted_is_said_in_words(database: None) -> None:
    with pytest.raises(Invalid, match="Choose one or more of coordinator"):
        raise handoff("users", "create", CASEY, "--name", "Casey", "--role", "king").exception or AssertionError
    with pytest.raises(NotFound):
        raise handoff("users", "disable", "nobody@example.com").exception or AssertionError


def test_somebody_is_invited_by_mail_and_again(database: None) -> None:
    done = handoff("users", "invite", CASEY, "--name", "Casey Lind", "--role", "coordinator")
    assert done.exit_code == 0
    assert "invited" in handoff("users", "list").output
    assert handoff("users", "invite", CASEY).exit_code == 0
    with transaction() as session:
        assert sorted(session.scalars(select(Message.state))) == ["cancelled", "planned"]


def test_roles_are_replaced_and_the_account_opened_again(database: None) -> None:
    create()
    assert "auditor" in handoff("users", "roles", CASEY, "--role", "auditor").output
    handoff("users", "disable", CASEY)
    assert handoff("users", "enable", CASEY).exit_code == 0
    assert "active" in handoff("users", "list").output


def test_the_last_administrator_is_kept_here_too(database: None) -> None:
    handoff("users", "create", CASEY, "--name", "Casey", "--role", "administrator")
    assert isinstance(handoff("users", "roles", CASEY, "--role", "auditor").exception, Conflict)
    assert isinstance(handoff("users", "disable", CASEY).exception, Conflict)


def test_a_lost_phone_is_forgotten(database: None) -> None:
    create()
    with transaction() as session:
        give_app(session, find_account(session, CASEY))
    assert handoff("users", "reset-factor", CASEY).exit_code == 0
    assert json.loads(handoff("users", "list", "--json").output)[0]["has_app"] is False
