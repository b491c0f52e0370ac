"""Drafts: kept as typed, their writer's alone, and not for ever."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from leads.clock import frozen, now
from leads.errors import Invalid, NotFound
from leads.loop.models import Draft
from leads.providers.edit import add_delegate
from leads.providers.models import Delegate, Provider
from leads.referrals.draft import KEPT_FOR, MOST_CHARACTERS, MOST_DRAFTS, discard, discard_old, drafts_of, find, save
from tests.cast import ACTOR
from tests.providers.cast import make_trusted_practice, tell

TYPED = {"patient.family_name": ["Doe"], "contraindications": ["psychosis", "pregnancy"], "note": [""]}


@pytest.fixture
def clinician(session: Session) -> Provider:
    return tell(session, make_trusted_practice(session)).provider


@pytest.fixture
def delegate(session: Session, clinician: Provider) -> Delegate:
    return add_delegate(session, clinician, name="Sam Lee", email="front@elm.example.com", actor=ACTOR)


def test_a_draft_keeps_what_was_typed_and_nothing_blank(session: Session, clinician: Provider) -> None:
    draft = save(session, clinician, TYPED)
    assert find(session, clinician, draft.id).content == {
        "patient.family_name": ["Doe"],
        "contraindications": ["psychosis", "pregnancy"],
    }


def test_typing_on_changes_the_same_draft(session: Session, clinician: Provider) -> None:
    first = save(session, clinician, TYPED)
    assert save(session, clinician, TYPED | {"reason": ["Two trials."]}, draft_id=first.id).id == first.id
    assert [each.content["reason"] for each in drafts_of(session, clinician) if each.content] == [["Two trials."]]


def test_the_newest_draft_comes_first(session: Session, clinician: Provider) -> None:
    older, newer = save(session, clinician, TYPED), save(session, clinician, TYPED)
    with frozen(now() + timedelta(minutes=1)):
        save(session, clinician, TYPED, draft_id=older.id)
    assert [each.id for each in drafts_of(session, clinician)] == [older.id, newer.id]


def test_a_draft_is_its_writers_alone(session: Session, clinician: Provider, delegate: Delegate) -> None:
    draft = save(session, delegate, TYPED)
    with pytest.raises(NotFound):
        find(session, clinician, draft.id)
    with pytest.raises(NotFound):
        save(session, clinician, TYPED, draft_id=draft.id)
    discard(session, clinician, draft.id)
    assert [each.id for each in drafts_of(session, delegate)] == [draft.id]
    assert drafts_of(session, clinician) == []


def test_what_is_saved_after_sending_begins_nothing_anew(session: Session, clinician: Provider) -> None:
    draft = save(session, clinician, TYPED)
    discard(session, clinician, draft.id)
    with pytest.raises(NotFound, match="sent or discarded"):
        save(session, clinician, TYPED, draft_id=draft.id)
    assert drafts_of(session, clinician) == []


def test_discarding_twice_is_no_error(session: Session, clinician: Provider) -> None:
    discard(session, clinician, uuid.uuid4())


def test_a_social_security_number_is_not_kept_even_in_a_draft(session: Session, clinician: Provider) -> None:
    draft = save(session, clinician, TYPED | {"reason": ["SSN 078-05-1120"]})
    assert draft.content == {"patient.family_name": ["Doe"], "contraindications": ["psychosis", "pregnancy"]}


def test_a_draft_lies_encrypted(session: Session, clinician: Provider) -> None:
    save(session, clinician, TYPED)
    assert b"Doe" not in bytes(session.execute(text("SELECT content FROM referral_drafts")).scalar_one())


def test_a_draft_has_its_bounds(session: Session, clinician: Provider) -> None:
    with pytest.raises(Invalid, match="more than a draft can hold"):
        save(session, clinician, {"note": ["x" * MOST_CHARACTERS]})
    for _ in range(MOST_DRAFTS):
        save(session, clinician, TYPED)
    with pytest.raises(Invalid, match="20 unfinished referrals"):
        save(session, clinician, TYPED)


def test_after_a_month_a_draft_is_gone(session: Session, clinician: Provider) -> None:
    save(session, clinician, TYPED)
    with frozen(now() + KEPT_FOR - timedelta(hours=1)):
        fresh = save(session, clinician, TYPED)
    with frozen(now() + KEPT_FOR + timedelta(hours=1)):
        discard_old(session)
    assert session.scalar(select(func.count()).select_from(Draft)) == 1
    assert drafts_of(session, clinician)[0].id == fresh.id
