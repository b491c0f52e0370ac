"""`handoff check --production` asks the database, too: are the words that go out approved, and is whoever is on call reached."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from config.settings import settings
from leads import db
from leads.accounts.models import Account
from leads.cli import app
from leads.cli.check import production_faults
from leads.messages.approve import FACTS_HOLD_FOR, withdraw
from leads.safety.try_contact import try_contact
from tests.messages.wording import PLAIN, WITH_FACTS, approved, edited, make_pair
from tests.safety.cast import answer_test, make_roster, put_on_call

Advance = Callable[[timedelta], None]


def about(word: str) -> list[str]:
    """The faults in which a word stands."""
    return [fault for fault in production_faults() if word in fault]


def names(template: str, language: str = "en") -> bool:
    """Whether an edition is among what nobody approved."""
    return any(f"templates/email/{template} ({language})" in fault for fault in about("no reviewer of yours approved"))


@pytest.fixture
def pair(session: Session, tuesday: object) -> tuple[Account, Account]:
    """Who writes and who reviews."""
    return make_pair(session)


def test_what_we_ship_with_counts_for_nothing(session: Session) -> None:
    assert all(names(PLAIN, language) for language in ("en", "es"))
    assert names(WITH_FACTS)


def test_what_goes_to_one_of_us_needs_no_approval(session: Session) -> None:
    assert not names("safety-page")
    assert not names("contact-silent")


def test_an_approval_takes_one_edition_off_the_list(session: Session, pair: tuple[Account, Account]) -> None:
    approved(session, PLAIN, *pair)
    session.commit()
    assert (names(PLAIN), names(PLAIN, "es")) == (False, True)


def test_one_that_was_taken_back_puts_it_on_again(session: Session, pair: tuple[Account, Account]) -> None:
    review = approved(session, PLAIN, *pair)
    withdraw(session, review.id, by=pair[1].id, roles=pair[1].roles)
    session.commit()
    assert names(PLAIN)


def test_one_that_ran_out_puts_it_on_again(session: Session, pair: tuple[Account, Account], tuesday: Advance) -> None:
    approved(session, WITH_FACTS, *pair)
    session.commit()
    assert not names(WITH_FACTS)
    tuesday(FACTS_HOLD_FOR)
    assert names(WITH_FACTS)


def test_other_words_need_another_approval(
    session: Session, pair: tuple[Account, Account], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    approved(session, PLAIN, *pair)
    session.commit()
    changed = edited(monkeypatch, tmp_path, PLAIN, "Where to find us", "How to find us")
    monkeypatch.setattr("leads.messages.approvals.catalogue", lambda: {PLAIN: changed})
    assert names(PLAIN)


def test_the_command_names_them_and_leaves_with_one(session: Session) -> None:
    done = CliRunner().invoke(app, ["check", "--production", "--json", "--data-dir", os.environ["HANDOFF_DATA_DIR"]])
    told = json.loads(done.output)
    assert (done.exit_code, told["ok"]) == (1, False)
    assert any(f"templates/email/{PLAIN} (es): no reviewer of yours" in fault for fault in told["faults"])


def test_without_a_database_it_says_where_approvals_are(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings(), "database_url", None)
    assert about("approvals:") == [
        "approvals: they are in the database, and DATABASE_URL is not set; those we ship with serve a trial only."
    ]


def test_a_database_that_does_not_answer_is_a_fault_and_no_crash(postgres: str, monkeypatch: pytest.MonkeyPatch, tuesday: object) -> None:
    url = "postgresql://nobody:planted@127.0.0.1:1/none"
    monkeypatch.setattr(settings(), "database_url", SecretStr(url))
    monkeypatch.setattr(db, "engine", lambda: db.make_engine(url))
    put_on_call(monkeypatch, "alba@example.com")
    (fault,) = about("approvals:")
    assert fault.startswith("approvals: the database cannot be asked (OperationalError)")
    assert not about("planted")


def test_each_contact_who_is_not_known_to_be_reached_is_named_with_the_way_out(
    session: Session, tuesday: Advance, monkeypatch: pytest.MonkeyPatch
) -> None:
    alba, boris, _ = make_roster(session)
    put_on_call(monkeypatch, "alba@example.com", "boris@example.com", "chloe@example.com", "nobody@example.com")
    answer_test(session, alba)
    try_contact(session, boris.id)
    session.commit()
    tuesday(timedelta(hours=1))
    assert about("alba@") == []
    assert "boris@example.com did not answer the test of 2026-10-06 14:00 UTC; call, then" in about("boris@")[0]
    assert "chloe@example.com has answered no test in 7 days" in about("chloe@")[0]
    assert "nobody@example.com has no open account" in about("nobody@")[0]
    assert all("clinic.yml:" in fault for fault in about("@example.com"))


def test_a_proof_that_ran_out_is_no_proof(session: Session, tuesday: Advance, monkeypatch: pytest.MonkeyPatch) -> None:
    alba = make_roster(session)[0]
    put_on_call(monkeypatch, "alba@example.com")
    answer_test(session, alba)
    session.commit()
    tuesday(timedelta(days=7))
    assert "has answered no test in 7 days" in about("alba@")[0]
