"""Roles change at once, and a clinic never loses its last administrator."""

import pytest
from sqlalchemy.orm import Session

from leads.accounts.models import ROLES
from leads.accounts.rights import WHO, may, require
from leads.accounts.staff import change_roles, disable_account, enable_account
from leads.errors import Conflict, Forbidden, Invalid
from tests.accounts.cast import make_account


def test_whoever_manages_accounts_does_not_thereby_see_patients() -> None:
    seeing = {"leads.read", "leads.work", "clinical", "people.restrict", "openings.read", "openings.review"}
    assert not any(may({"administrator"}, right) for right in seeing)  # type: ignore[arg-type]


def test_an_auditor_has_no_right_that_changes_anything() -> None:
    assert {right for right in WHO if may({"auditor"}, right)} == {
        "leads.read",
        "openings.read",
        "record.read",
        "scans.see",
        "studio.see",
    }


def test_every_role_in_the_table_exists() -> None:
    assert frozenset().union(*WHO.values()) <= set(ROLES)


def test_a_refusal_names_who_may() -> None:
    with pytest.raises(Forbidden, match="a clinician or a supervisor"):
        require({"coordinator"}, "people.restrict")


def test_the_last_administrator_stays_one(session: Session) -> None:
    only = make_account(session, "administrator")
    for act in (lambda: disable_account(session, only), lambda: change_roles(session, only, ["coordinator"])):
        with pytest.raises(Conflict, match="last administrator"):
            act()


def test_with_a_second_administrator_the_first_may_go_and_come_back(session: Session) -> None:
    first = make_account(session, "administrator")
    make_account(session, "administrator", email="robin@example.com", name="Robin")
    disable_account(session, first)
    enable_account(session, first)
    change_roles(session, first, ["coordinator"])
    assert (first.disabled_at, first.roles) == (None, ["coordinator"])


def test_a_closed_administrator_does_not_count(session: Session) -> None:
    first = make_account(session, "administrator")
    second = make_account(session, "administrator", email="robin@example.com", name="Robin")
    disable_account(session, second)
    with pytest.raises(Conflict):
        change_roles(session, first, ["auditor"])


def test_an_account_keeps_at_least_one_role(session: Session) -> None:
    with pytest.raises(Invalid):
        change_roles(session, make_account(session), [])
