"""Accounts: made with what they need, named fields where something is missing."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from leads.accounts.models import StaffSession
from leads.accounts.sign_in import Refused, SignedIn, sign_in
from leads.accounts.staff import account_index, change_password, create_account, disable_account, find_account
from leads.errors import Invalid, NotFound
from leads.people.match import email_index
from tests.accounts.cast import PASSWORD, make_account

GOOD = {"email": "casey@example.com", "name": "Casey Lind", "password": PASSWORD, "roles": ("coordinator",)}
OTHER = "quite another few words"


def test_name_and_address_of_staff_are_sealed_and_the_password_is_argon2id(session: Session) -> None:
    account = make_account(session)
    row = session.execute(text("SELECT * FROM accounts")).mappings().one()
    assert b"Casey" not in row["name"] + row["email"]
    assert account.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("email", "casey", "no_email"),
        ("name", "  ", "length"),
        ("password", "eleven char", "too_short"),
        ("password", "aaaaaaaaaaaaaaa", "too_plain"),
        ("password", "CASEY@example.com", "too_plain"),
        ("roles", (), "unknown_choice"),
        ("roles", ("king",), "unknown_choice"),
    ],
)
def test_what_cannot_be_accepted_is_named(session: Session, field: str, value: object, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        create_account(session, **(GOOD | {field: value}))  # type: ignore[arg-type]
    assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]


def test_everything_wrong_is_said_at_once(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        create_account(session, email="x", name="", password="short", roles=())
    assert {error.field for error in refused.value.errors} == {"email", "name", "password", "roles"}


def test_an_address_has_one_account_whatever_its_case(session: Session) -> None:
    make_account(session)
    with pytest.raises(Invalid, match="account with this e-mail address already"):
        make_account(session, email="CASEY@example.com")


def test_a_member_of_staff_who_is_a_patient_too_cannot_be_joined_by_index(session: Session) -> None:
    assert account_index("casey@example.com") != email_index("casey@example.com")


def test_another_password_ends_the_sessions_and_the_old_password(session: Session) -> None:
    account = make_account(session)
    sign_in(session, "casey@example.com", PASSWORD, source=b"s")
    change_password(session, account, OTHER)
    assert session.scalars(select(StaffSession.ended_at)).one() is not None
    assert isinstance(sign_in(session, "casey@example.com", PASSWORD, source=b"s"), Refused)
    assert isinstance(sign_in(session, "casey@example.com", OTHER, source=b"s"), SignedIn)


def test_disabling_twice_keeps_the_first_moment(session: Session) -> None:
    account = make_account(session)
    disable_account(session, account)
    first = account.disabled_at
    disable_account(session, account)
    assert account.disabled_at == first


def test_an_unknown_address_says_where_to_look(session: Session) -> None:
    with pytest.raises(NotFound, match="users list"):
        find_account(session, "nobody@example.com")
