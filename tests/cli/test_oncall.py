"""`handoff oncall`, as an operator types it."""

import json
import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import Result
from sqlalchemy import select
from typer.testing import CliRunner

from leads.cli import app
from leads.db import transaction
from leads.errors import NotFound
from leads.messages.models import Message
from tests.safety.cast import answer_test, make_roster, put_on_call


def handoff(*words: str) -> Result:
    return CliRunner().invoke(app, ["oncall", *words, "--data-dir", os.environ["HANDOFF_DATA_DIR"]])


@pytest.fixture
def people(database: None, tuesday: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alba, who answered a test, and somebody without an account."""
    put_on_call(monkeypatch, "nobody@example.com", "alba@example.com", staffed=True)
    with transaction() as session:
        answer_test(session, make_roster(session)[0])


def test_the_list_says_who_counts(people: None) -> None:
    shown = json.loads(handoff("list", "--json").output)
    assert [(each["email"], each["place"], each["counts"]) for each in shown["roster"]] == [
        ("nobody@example.com", 1, False),
        ("alba@example.com", 2, True),
    ]
    assert (shown["answers"], shown["staffed"]) == (True, True)
    assert "no open account" in handoff("list").output


def test_without_a_roster_it_says_what_happens_instead(database: None) -> None:
    assert "Nobody on call now is known to be reached" in handoff("list").output


def test_a_test_is_sent_to_those_who_can_get_one(people: None) -> None:
    assert "alba@example.com" in handoff("test").output
    with transaction() as session:
        assert session.scalars(select(Message.template).where(Message.state == "planned")).all() == ["safety-test"]


def test_somebody_who_is_not_on_call_is_refused_in_words(people: None) -> None:
    with pytest.raises(NotFound, match=r"boris@example\.com is not on call"):
        raise handoff("test", "boris@example.com").exception or AssertionError


def test_the_list_says_who_did_not_answer(people: None, tuesday: Callable[[timedelta], None]) -> None:
    tuesday(timedelta(minutes=1))
    handoff("test")
    tuesday(timedelta(hours=1))
    told = handoff("list", "--json").output
    assert [each["silent"] for each in json.loads(told)["roster"]] == [False, True]
    assert "alba@example.com did not answer the test of 2026-10-06 14:01 UTC" in handoff("list").output
