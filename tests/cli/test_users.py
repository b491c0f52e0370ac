"""`handoff users`, as an operator types it."""

import json
import os

import pytest
from click.testing import Result
from typer.testing import CliRunner

from leads.accounts.sign_in import Refused, SignedIn, sign_in
from leads.cli import app
from leads.db import transaction
from leads.errors import Invalid, NotFound

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
