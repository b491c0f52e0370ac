"""Addresses that come back to us: nobody but us makes one, and each names one message for one use."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.messages.addresses import Named, is_ours, named_by, read_address, reply_address, return_path
from leads.messages.mime import message_id
from leads.security.keys import Ring, ring

ID = uuid.UUID("01990000-0000-7000-8000-0000000000aa")


def test_a_bounce_finds_its_message_again() -> None:
    assert read_address(return_path(ID)) == Named("bounce", ID)
    assert read_address(reply_address(ID)) == Named("reply", ID)


def test_the_local_part_fits_every_server() -> None:
    assert max(len(address.partition("@")[0]) for address in (return_path(ID), reply_address(ID))) <= 64


def test_a_server_that_folds_case_loses_no_bounce() -> None:
    assert read_address(f"<{return_path(ID).upper()}>") == Named("bounce", ID)


def test_nobody_forges_a_bounce() -> None:
    forged = return_path(ID)[:-30].replace("b+01", "b+02") + return_path(ID)[-30:]
    assert read_address(forged) is None
    assert not is_ours(forged)


def test_an_answer_address_is_no_return_path() -> None:
    swapped = "b" + reply_address(ID)[1:]
    assert read_address(swapped) is None


def test_another_domain_is_not_ours() -> None:
    assert read_address(return_path(ID).replace("mail.elmharbor.test", "mail.example.com")) is None


def test_mail_that_went_out_before_the_keys_were_rotated_still_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    old = return_path(ID)
    rotated = Ring(ring().roots | {"tokens": ring().roots["tokens"] | {2: b"n" * 32}})
    monkeypatch.setattr("leads.messages.addresses.ring", lambda: rotated)
    assert return_path(ID) != old
    assert read_address(old) == Named("bounce", ID)


@pytest.mark.parametrize("address", ["care@mail.elmharbor.test", "Postmaster@mail.elmharbor.test", "<abuse@mail.elmharbor.test>"])
def test_the_mailboxes_people_write_to_are_ours(address: str) -> None:
    assert is_ours(address)


def test_a_message_id_of_ours_is_known_again() -> None:
    assert named_by(message_id(ID)) == ID
    assert named_by("<somebody@mail.elmharbor.test>") is None


@given(st.text(max_size=120))
def test_no_made_up_address_names_a_message(address: str) -> None:
    assert read_address(address) is None
    assert named_by(address) is None
