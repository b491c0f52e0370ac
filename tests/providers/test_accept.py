"""A coordinator's call, and only it, makes a stranger's words count."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from leads.errors import Conflict, Invalid
from leads.providers.directory import on_file, waiting
from leads.providers.models import Practice, Verification
from leads.providers.trust import Call, distrust, trust
from leads.providers.verify import accept, refuse
from tests.providers.cast import ACTOR, CALL, make_trusted_practice, tell


def test_the_address_that_was_read_back_goes_on_file(session: Session) -> None:
    known = tell(session)
    provider = accept(session, known.claim, CALL, email="ana@elm.example.com", actor=ACTOR)
    assert on_file(session, "ana@elm.example.com") == [provider]
    assert (provider.phone, provider.full_name) == ("+12035550151", "Ana Rivera")
    assert (known.claim.provider_id, known.claim.practice_id) == (provider.id, provider.practice_id)


def test_a_typed_address_nobody_read_back_stays_off_the_file(session: Session) -> None:
    provider = accept(session, tell(session).claim, CALL, actor=ACTOR)
    assert provider.verified_at
    assert (provider.email, on_file(session, "ana@elm.example.com")) == (None, [])


def test_who_was_called_when_and_by_whom_is_kept(session: Session) -> None:
    provider = accept(session, tell(session).claim, CALL, actor=ACTOR)
    entry = session.scalars(select(Verification).where(Verification.subject_id == provider.id)).one()
    assert (entry.method, entry.called, entry.answered_by) == ("call", "+12035550150", "Front desk")
    assert (entry.listed_in, entry.actor, entry.at) == ("State license register", ACTOR, provider.verified_at)


@pytest.mark.parametrize("missing", ["number", "answered_by", "listed_in"])
def test_a_call_without_its_particulars_is_none(session: Session, missing: str) -> None:
    with pytest.raises(Invalid) as refused:
        accept(session, tell(session).claim, replace(CALL, **{missing: "  "}), actor=ACTOR)
    assert [error.field for error in refused.value.errors] == [missing]


def test_a_number_that_cannot_be_dialled_is_refused(session: Session) -> None:
    with pytest.raises(Invalid, match="dialled"):
        accept(session, tell(session).claim, replace(CALL, number="12"), actor=ACTOR)


def test_an_address_that_is_none_is_refused(session: Session) -> None:
    with pytest.raises(Invalid, match=r"name@example\.com"):
        accept(session, tell(session).claim, CALL, email="ana", actor=ACTOR)


def test_other_strangers_of_the_same_npi_go_on_waiting(session: Session) -> None:
    ours, stranger = tell(session), tell(session, email="eve@example.net")
    accept(session, ours.claim, CALL, email="ana@elm.example.com", actor=ACTOR)
    assert waiting(session) == [stranger.claim]
    assert stranger.claim.provider_id != ours.claim.provider_id


def test_the_same_name_and_number_is_the_same_practice(session: Session) -> None:
    practice = make_trusted_practice(session)
    assert accept(session, tell(session).claim, CALL, actor=ACTOR).practice_id == practice.id


def test_the_same_name_at_another_number_joins_nobody(session: Session) -> None:
    practice = make_trusted_practice(session)
    elsewhere = Call(number="203-555-0199", answered_by="Front desk", listed_in="State license register")
    assert accept(session, tell(session).claim, elsewhere, actor=ACTOR).practice_id != practice.id


def test_a_named_practice_is_the_one_that_was_called(session: Session) -> None:
    oak = make_trusted_practice(session, "Oak Clinic")
    assert accept(session, tell(session).claim, CALL, practice=oak, actor=ACTOR).practice_id == oak.id
    assert len(session.scalars(select(Practice)).all()) == 1


def test_without_any_practice_one_has_to_be_named(session: Session) -> None:
    with pytest.raises(Invalid, match="which practice"):
        accept(session, tell(session, practice=None).claim, CALL, actor=ACTOR)


def test_the_delegate_s_address_goes_on_file_when_read_back(session: Session) -> None:
    known = tell(session, by_name="Sam Front", by_email="sam@elm.example.com")
    accept(session, known.claim, CALL, by_email="sam@elm.example.com", actor=ACTOR)
    assert [delegate.name for delegate in on_file(session, "sam@elm.example.com")] == ["Sam Front"]  # type: ignore[union-attr]


def test_a_claim_is_settled_once(session: Session) -> None:
    claim = tell(session).claim
    refuse(session, claim, actor=ACTOR)
    with pytest.raises(Conflict, match="settled"):
        accept(session, claim, CALL, actor=ACTOR)
    assert waiting(session) == []


def test_belief_can_be_taken_back(session: Session) -> None:
    provider = accept(session, tell(session).claim, CALL, email="ana@elm.example.com", actor=ACTOR)
    distrust(session, provider, why="the address was not hers", actor=ACTOR)
    assert (provider.verified_at, on_file(session, "ana@elm.example.com")) == (None, [])
    acts = session.scalars(select(Verification.act).where(Verification.subject_id == provider.id).order_by(Verification.id)).all()
    assert acts == ["verify", "withdraw"]


def test_somebody_without_a_practice_cannot_be_verified(session: Session) -> None:
    with pytest.raises(Conflict, match="without a practice"):
        trust(session, tell(session).provider, method="call", call=CALL, actor=ACTOR)


def test_a_verification_can_be_neither_changed_nor_removed(session: Session) -> None:
    make_trusted_practice(session)
    for change in ("UPDATE verifications SET actor = 'nobody'", "DELETE FROM verifications"):
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(change))
