"""A key is shown once, opens what its scopes say, and can be taken back."""

import hashlib

import pytest
from sqlalchemy.orm import Session

from leads.accounts.keys import all_keys, create_key, find_key, require, revoke, spelled_out
from leads.errors import Conflict, Forbidden, Invalid, NotFound, Unauthenticated


def test_a_key_is_found_by_its_text(session: Session) -> None:
    key, text = create_key(session, "Website", ["inquiries:write"])
    assert find_key(session, text).id == key.id


def test_only_the_hash_is_kept(session: Session) -> None:
    key, text = create_key(session, "Website", ["inquiries:write"])
    assert key.hash == hashlib.sha256(text.encode()).digest()
    assert text.startswith(key.hint)
    assert len(text) - len(key.hint) > 32


@pytest.mark.parametrize("text", ["", "wh_", "wh_unknown", "wh_ñandú"])
def test_an_unknown_text_opens_nothing(session: Session, text: str) -> None:
    create_key(session, "Website", ["inquiries:write"])
    with pytest.raises(Unauthenticated):
        find_key(session, text)


@pytest.mark.parametrize("what", ["id", "hint", "name"])
def test_a_revoked_key_opens_nothing_and_stays_on_the_list(session: Session, what: str) -> None:
    key, text = create_key(session, "Website", ["inquiries:write"])
    revoke(session, str(getattr(key, what)))
    with pytest.raises(Unauthenticated):
        find_key(session, text)
    assert [each.revoked_at is not None for each in all_keys(session)] == [True]


def test_revoking_what_is_not_there_says_so(session: Session) -> None:
    with pytest.raises(NotFound, match="keys list"):
        revoke(session, "Website")


def test_revoking_by_a_name_that_two_bear_asks_for_the_id(session: Session) -> None:
    for _ in range(2):
        create_key(session, "Website", ["inquiries:write"])
    with pytest.raises(Conflict, match="id"):
        revoke(session, "Website")


def test_referrals_is_short_for_both() -> None:
    assert spelled_out(["referrals", "inquiries:write"]) == ["inquiries:write", "referrals:write", "referrals:read"]


@pytest.mark.parametrize("scopes", [["everything"], [], ["inquiries:write", ""]])
def test_an_unknown_scope_names_those_that_exist(session: Session, scopes: list[str]) -> None:
    with pytest.raises(Invalid, match="leads:read"):
        create_key(session, "Website", scopes)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81])
def test_a_key_needs_a_name_of_use(session: Session, name: str) -> None:
    with pytest.raises(Invalid, match="name"):
        create_key(session, name, ["fhir"])


def test_a_missing_scope_is_named(session: Session) -> None:
    key, _ = create_key(session, "Website", ["inquiries:write"])
    with pytest.raises(Forbidden, match="leads:read"):
        require(key, "leads:read")
