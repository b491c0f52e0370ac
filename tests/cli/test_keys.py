"""`handoff keys` and `handoff audit`, as an operator types them."""

import json
import os
import re

import pytest
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from leads.accounts.keys import create_key, find_key
from leads.audit.seal import seal
from leads.cli import app
from leads.db import transaction
from leads.errors import Invalid, Unauthenticated


def handoff(*words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--data-dir", os.environ["HANDOFF_DATA_DIR"]])


def test_a_key_is_printed_last_on_its_line_and_opens(database: None) -> None:
    done = handoff("keys", "create", "--name", "Our [site]", "--scope", "inquiries:write", "--scope", "referrals")
    assert done.exit_code == 0
    assert re.fullmatch(r"wh_[\w-]{43}", done.output.split()[-1])
    with transaction() as session:
        assert find_key(session, done.output.split()[-1]).scopes == ["inquiries:write", "referrals:write", "referrals:read"]


def test_a_key_can_be_had_as_json(database: None) -> None:
    made = json.loads(handoff("keys", "create", "--name", "Site", "--scope", "leads:read", "--json").output)
    with transaction() as session:
        assert str(find_key(session, made["key"]).id) == made["id"]


def test_the_list_shows_no_key(database: None) -> None:
    with transaction() as session:
        key, secret = create_key(session, "Our [site]", ["leads:read"])
    shown = handoff("keys", "list").output
    assert "Our [site]" in shown
    assert secret not in shown
    assert json.loads(handoff("keys", "list", "--json").output)[0]["hint"] == key.hint


def test_a_revoked_key_is_shown_as_such(database: None) -> None:
    with transaction() as session:
        _, secret = create_key(session, "Site", ["leads:read"])
    assert handoff("keys", "revoke", "Site").exit_code == 0
    assert json.loads(handoff("keys", "list", "--json").output)[0]["revoked_at"]
    with transaction() as session, pytest.raises(Unauthenticated):
        find_key(session, secret)


def test_an_unknown_scope_is_refused(database: None) -> None:
    assert isinstance(handoff("keys", "create", "--name", "Site", "--scope", "all").exception, Invalid)


def test_a_chain_that_holds_says_so(database: None) -> None:
    with transaction() as session:
        create_key(session, "Site", ["leads:read"])
        session.flush()
        seal(session)
        create_key(session, "Other", ["leads:read"])
    done = handoff("audit", "verify", "--json")
    assert (done.exit_code, json.loads(done.output)) == (0, {"holds": True, "sealed": 1, "unsealed": 1, "first_bad": None})


def test_a_broken_chain_names_the_entry_and_leaves_with_1(database: None) -> None:
    with transaction() as session:
        create_key(session, "Site", ["leads:read"])
        session.flush()
        seal(session)
        session.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER append_only"))
        bad = session.scalar(text("UPDATE audit_entries SET actor = 'somebody' RETURNING id"))
    done = handoff("audit", "verify")
    assert done.exit_code == 1
    assert str(bad) in done.output


def test_a_key_that_refers_names_its_practice(database: None) -> None:
    made = handoff("keys", "create", "--name", "Elm EHR", "--scope", "referrals", "--practice", "Elm Family Medicine")
    assert "of the practice Elm Family Medicine" in made.output
    assert json.loads(handoff("keys", "list", "--json").output)[0]["practice"] == "Elm Family Medicine"
    assert "of Elm" in handoff("keys", "list").output
