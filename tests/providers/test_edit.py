"""What referrers say of themselves wins over the registry; addresses wait for a call."""

import pytest
from sqlalchemy.orm import Session

from benchmarks.nppes import PLACE
from leads.errors import Conflict, Invalid
from leads.providers.directory import delegates_of, on_file
from leads.providers.edit import add_delegate, edit_by_referrer, limit_disclosure, prefer, refresh_from_registry, remove_delegate
from leads.providers.models import Provider
from leads.providers.store import store
from leads.providers.trust import trust
from tests.providers.cast import ACTOR, ANA, CALL, line, make_trusted_practice, tell

SELF = "provider:ana"


@pytest.fixture
def ana(session: Session) -> Provider:
    """Ana Rivera, on file at her practice and in the registry."""
    store(session, [line(ANA)])
    return tell(session, make_trusted_practice(session), given_name=None).provider


def test_what_they_sent_beats_the_registry_which_fills_the_rest(ana: Provider) -> None:
    assert (ana.phone, ana.fax, ana.given_name, ana.credential) == ("+12035550151", "+12035550124", "Ana", "MD")
    assert ana.sources["phone"] == "referrer"
    assert ana.sources["fax"] == "registry"


def test_an_edit_survives_the_next_import(session: Session, ana: Provider) -> None:
    assert edit_by_referrer(session, ana, {"fax": "203-555-0188", "credential": "MD, MPH"}, actor=SELF) == ["fax", "credential"]
    store(session, [line(ANA, {f"{PLACE} Fax Number": "2035550111", "Last Update Date": "11/01/2026"})])
    refresh_from_registry(session, actor=ACTOR)
    assert (ana.fax, ana.credential) == ("+12035550188", "MD, MPH")


def test_the_registry_s_own_fields_follow_it(session: Session, ana: Provider) -> None:
    store(session, [line(ANA, {f"{PLACE} Fax Number": "2035550111", "Last Update Date": "11/01/2026"})])
    assert [refresh_from_registry(session, actor=ACTOR), refresh_from_registry(session, actor=ACTOR)] == [1, 0]
    assert ana.fax == "+12035550111"


def test_a_new_address_waits_for_a_call(session: Session, ana: Provider) -> None:
    edit_by_referrer(session, ana, {"email": "Ana@new.example.com"}, actor=SELF)
    assert (ana.email, ana.typed_email, on_file(session, "ana@new.example.com")) == ("ana@elm.example.com", "Ana@new.example.com", [])
    trust(session, ana, method="call", call=CALL, email=ana.typed_email, actor=ACTOR)
    assert (on_file(session, "ana@new.example.com"), ana.typed_email) == ([ana], None)


def test_every_wrong_field_is_named(session: Session, ana: Provider) -> None:
    with pytest.raises(Invalid) as refused:
        edit_by_referrer(session, ana, {"phone": "12", "family_name": " ", "npi": "1", "credential": "x" * 200}, actor=SELF)
    assert [error.field for error in refused.value.errors] == ["phone", "family_name", "npi", "credential"]


def test_saying_the_same_again_changes_nothing(session: Session, ana: Provider) -> None:
    assert edit_by_referrer(session, ana, {"phone": "(203) 555-0151", "email": ""}, actor=SELF) == []


def test_a_delegate_s_address_waits_for_a_call_too(session: Session, ana: Provider) -> None:
    delegate = add_delegate(session, ana, name="Sam Front", email="sam@elm.example.com", actor=SELF)
    assert on_file(session, "sam@elm.example.com") == []
    trust(session, delegate, method="call", call=CALL, email=delegate.typed_email, actor=ACTOR)
    assert on_file(session, "sam@elm.example.com") == [delegate]


def test_a_delegate_is_added_once(session: Session, ana: Provider) -> None:
    first = add_delegate(session, ana, name="Sam Front", email="sam@elm.example.com", actor=SELF)
    assert add_delegate(session, ana, name="Samuel Front", email="sam@elm.example.com", actor=SELF) is first


def test_a_delegate_of_the_whole_practice_follows_for_all(session: Session, ana: Provider) -> None:
    other = tell(session, make_trusted_practice(session, "Oak Clinic")).provider
    delegate = add_delegate(session, ana, name="Sam Front", email="sam@elm.example.com", whole_practice=True, actor=SELF)
    assert (delegates_of(session, ana), delegates_of(session, other)) == ([delegate], [])


def test_a_removed_delegate_follows_nobody(session: Session, ana: Provider) -> None:
    delegate = add_delegate(session, ana, name="Sam Front", email="sam@elm.example.com", actor=SELF)
    trust(session, delegate, method="call", call=CALL, email="sam@elm.example.com", actor=ACTOR)
    remove_delegate(session, delegate, actor=SELF)
    assert (delegates_of(session, ana), on_file(session, "sam@elm.example.com")) == ([], [])


def test_a_stranger_has_no_delegates(session: Session) -> None:
    with pytest.raises(Conflict, match="practice we know"):
        add_delegate(session, tell(session).provider, name="Sam", email="sam@elm.example.com", actor=SELF)


def test_each_change_or_a_digest(session: Session, ana: Provider) -> None:
    assert ana.notify == "each"
    prefer(session, ana, "daily", actor=SELF)
    assert ana.notify == "daily"
    with pytest.raises(Invalid, match="digest"):
        prefer(session, ana, "weekly", actor=SELF)


def test_a_practice_may_want_to_hear_less(session: Session) -> None:
    practice = make_trusted_practice(session)
    limit_disclosure(session, practice, "attendance", actor=SELF)
    assert practice.disclosure == "attendance"
    with pytest.raises(Invalid, match="acknowledged"):
        limit_disclosure(session, practice, "everything", actor=SELF)
