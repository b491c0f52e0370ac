"""Signing in: the right person, nobody else, not too often, and not for ever."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from leads.accounts import passwords
from leads.accounts.models import Account, Attempt, StaffSession
from leads.accounts.sessions import IDLE, LASTS, sign_out, signed_in
from leads.accounts.sign_in import Refused, SignedIn, sign_in
from leads.accounts.staff import account_index, disable_account
from leads.audit.models import AuditEntry
from leads.clock import real_now
from tests.accounts.cast import PASSWORD, make_account

HERE, THERE = b"h" * 32, b"t" * 32


@pytest.fixture
def coordinator(session: Session) -> Account:
    """Somebody who may sign in."""
    return make_account(session)


def wrongly(session: Session, email: str = "casey@example.com", source: bytes = HERE) -> SignedIn | Refused:
    """Sign in with a wrong password."""
    return sign_in(session, email, "not the password", source=source)


def rightly(session: Session, source: bytes = HERE) -> SignedIn | Refused:
    """Sign in as Casey does."""
    return sign_in(session, " Casey@Example.com ", PASSWORD, source=source)


def test_the_right_password_opens_a_session(session: Session, coordinator: Account) -> None:
    opened = rightly(session)
    assert isinstance(opened, SignedIn)
    assert signed_in(session, opened.secret)[0] is coordinator  # type: ignore[index]


def test_the_cookie_is_kept_as_a_hash_only(session: Session, coordinator: Account) -> None:
    opened = rightly(session)
    assert isinstance(opened, SignedIn)
    assert opened.secret.encode() not in session.scalars(select(StaffSession.hash)).one()


def test_each_sign_in_gets_a_secret_of_its_own(session: Session, coordinator: Account) -> None:
    first, second = rightly(session), rightly(session)
    assert isinstance(first, SignedIn)
    assert isinstance(second, SignedIn)
    assert first.secret != second.secret


def test_an_unknown_account_is_refused_in_the_same_words_as_a_wrong_password(session: Session, coordinator: Account) -> None:
    assert wrongly(session) == wrongly(session, "nobody@example.com") == sign_in(session, "casey@example.com", "x" * 500, source=HERE)


def test_an_unknown_account_costs_a_verification_too(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    monkeypatch.setattr("leads.accounts.passwords._hasher", type("Counting", (), {"verify": lambda _, kept, __: checked.append(kept)})())
    monkeypatch.setattr("leads.accounts.passwords._dummy", lambda: "a dummy")
    assert isinstance(wrongly(session, "nobody@example.com"), Refused)
    assert checked == ["a dummy"]


def test_after_five_wrong_tries_even_the_right_password_waits(session: Session, coordinator: Account) -> None:
    for _ in range(5):
        wrongly(session)
    refused = rightly(session)
    assert isinstance(refused, Refused)
    assert refused.too_often


def test_somebody_elses_tries_from_elsewhere_do_not_lock_a_person_out(session: Session, coordinator: Account) -> None:
    for _ in range(5):
        wrongly(session, source=THERE)
    assert isinstance(rightly(session), SignedIn)


def test_an_account_tried_from_everywhere_is_closed_for_an_hour(session: Session, coordinator: Account) -> None:
    for number in range(20):
        session.add(Attempt(kind="sign-in-account", key=account_index("casey@example.com"), at=_ago(minutes=number)))
    session.flush()
    assert rightly(session) == wrongly(session)


def test_a_source_that_tries_everybody_is_refused(session: Session, coordinator: Account) -> None:
    for number in range(100):
        session.add(Attempt(kind="sign-in-source", key=HERE, at=_ago(seconds=number)))
    session.flush()
    assert isinstance(rightly(session), Refused)
    assert isinstance(rightly(session, THERE), SignedIn)


def test_tries_are_forgotten_after_a_quarter_of_an_hour(session: Session, coordinator: Account) -> None:
    for _ in range(5):
        wrongly(session)
    session.execute(update(Attempt).values(at=_ago(minutes=16)))
    assert isinstance(rightly(session), SignedIn)


@pytest.mark.parametrize(("column", "age"), [("seen_at", IDLE), ("expires_at", timedelta())], ids=["idle", "absolute"])
def test_a_session_ends_when_left_alone_and_in_any_case_after_a_day_of_work(
    session: Session, coordinator: Account, column: str, age: timedelta
) -> None:
    opened = rightly(session)
    assert isinstance(opened, SignedIn)
    session.execute(update(StaffSession).values({column: _ago(seconds=age.total_seconds() + 1)}))
    assert signed_in(session, opened.secret) is None


def test_working_on_keeps_a_session_alive_but_not_beyond_its_twelve_hours(session: Session, coordinator: Account) -> None:
    opened = rightly(session)
    assert isinstance(opened, SignedIn)
    session.execute(update(StaffSession).values(seen_at=_ago(minutes=14)))
    _, kept = signed_in(session, opened.secret)  # type: ignore[misc]
    assert kept.seen_at > _ago(seconds=10)
    assert kept.expires_at - kept.created_at == LASTS


def test_a_disabled_account_is_out_at_once_and_cannot_come_back(session: Session, coordinator: Account) -> None:
    opened = rightly(session)
    assert isinstance(opened, SignedIn)
    disable_account(session, coordinator)
    assert signed_in(session, opened.secret) is None
    assert rightly(session) == wrongly(session)


def test_signing_out_ends_the_session(session: Session, coordinator: Account) -> None:
    opened = rightly(session)
    assert isinstance(opened, SignedIn)
    sign_out(session, opened.secret)
    assert signed_in(session, opened.secret) is None


def test_a_hash_of_weaker_parameters_is_replaced_at_sign_in(session: Session, coordinator: Account) -> None:
    weak = type(passwords._hasher)(time_cost=1, memory_cost=8, parallelism=1)
    coordinator.password_hash = weak.hash(PASSWORD)
    rightly(session)
    assert not passwords._hasher.check_needs_rehash(coordinator.password_hash)


def test_coming_going_and_being_refused_are_on_record(session: Session, coordinator: Account) -> None:
    wrongly(session)
    opened = rightly(session)
    assert isinstance(opened, SignedIn)
    sign_out(session, opened.secret)
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject_id == coordinator.id).order_by(AuditEntry.id)).all()
    assert actions == ["account.created", "account.refused", "account.signed_in", "account.signed_out"]


def _ago(**how_long: float) -> datetime:
    return real_now() - timedelta(**how_long)
