"""Declined, handed on, withdrawn, taken up again: whoever sent it always knows, and so, where a person decided so, does the patient."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.consent.ledger import hold
from leads.errors import Conflict, Forbidden, Invalid
from leads.loop.disclosure import seen
from leads.loop.models import Referral, ReferralEvent
from leads.messages.models import Message
from leads.pipeline.models import Lead, Note
from leads.pipeline.stages import move
from leads.referrals.answer import withdraw
from leads.referrals.decline import PatientHears, confirm_cancel, decline, hand_on, reopen
from tests.cast import ACTOR, make_lead, make_person
from tests.loop.cast import ROLES, bring_to, make_other_practice, make_referral, todos, told

Advance = Callable[[timedelta], None]
MAIL = PatientHears("mail")
NONE = PatientHears("none", "Told in the visit with their own clinician.")


def turn_down(session: Session, referral: Referral, patient: PatientHears = MAIL, **changes: Any) -> ReferralEvent:
    """Decline it as most are declined."""
    said = {"reason": "other-care-first", "destination": "psychiatry", "note": "Please refer again after a trial of lithium."} | changes
    return decline(session, referral, patient=patient, actor=ACTOR, roles=ROLES, **said)


def lead_of(session: Session, referral: Referral) -> Lead:
    return session.get_one(Lead, referral.lead_id)


def mails_to_patient(session: Session, referral: Referral) -> list[str]:
    session.flush()
    return list(session.scalars(select(Message.template).where(Message.person_id == referral.person_id)))


def test_declining_tells_the_referrer_why_and_where_to_turn(session: Session) -> None:
    referral = make_referral(session)
    turn_down(session, referral)
    assert told(session, referral) == ["referral-received", "referral-declined"]
    view = seen(session, referral)
    assert (view.reason, view.destination, view.note) == ("other-care-first", "psychiatry", "Please refer again after a trial of lithium.")


def test_declining_writes_to_the_patient_in_plain_words(session: Session) -> None:
    referral = make_referral(session)
    turn_down(session, referral)
    assert mails_to_patient(session, referral) == ["not-a-fit"]


def test_a_decision_to_send_the_patient_nothing_is_on_record_with_its_reason(session: Session) -> None:
    referral = make_referral(session)
    turn_down(session, referral, NONE)
    assert mails_to_patient(session, referral) == []
    note = session.scalars(select(Note).where(Note.lead_id == referral.lead_id)).one()
    assert note.text == f"{referral.number} declined; no message to the patient: Told in the visit with their own clinician."


def test_a_patient_who_may_not_be_written_to_is_not_skipped_in_silence(session: Session) -> None:
    referral = make_referral(session)
    hold(session, referral.person_id, reason="inquiry")
    with pytest.raises(Invalid, match="Phone them"):
        turn_down(session, referral)


def test_an_address_nobody_confirmed_gets_no_decision_by_mail(session: Session) -> None:
    referral = make_referral(session, lead=make_lead(session, make_person(session), source="referral"))
    with pytest.raises(Invalid, match="not confirmed"):
        turn_down(session, referral)


def test_sending_nothing_without_a_reason_is_refused(session: Session) -> None:
    with pytest.raises(Invalid, match="Say why"):
        turn_down(session, make_referral(session), PatientHears("none", " "))


@pytest.mark.parametrize("field", ["reason", "destination"])
def test_a_code_we_do_not_have_is_refused_with_those_we_do(session: Session, field: str) -> None:
    wrong: dict[str, Any] = {field: "elsewhere"}
    with pytest.raises(Invalid, match=f"The {field} must be one of") as refused:
        turn_down(session, make_referral(session), **wrong)
    assert refused.value.errors[0].field == field


def test_nobody_else_declines(session: Session) -> None:
    with pytest.raises(Forbidden):
        decline(
            session,
            make_referral(session),
            reason="not-a-fit",
            destination="back-to-you",
            patient=MAIL,
            actor=ACTOR,
            roles=("auditor",),
        )


def test_the_lead_is_closed_with_the_only_referral_it_has(session: Session) -> None:
    referral = make_referral(session)
    turn_down(session, referral)
    lead = lead_of(session, referral)
    assert (lead.stage, lead.outcome) == ("closed", "not-a-fit")
    assert told(session, referral) == ["referral-received", "referral-declined"]


def test_a_lead_that_began_with_an_inquiry_goes_on(session: Session) -> None:
    referral = make_referral(session, lead=make_lead(session, source="inquiry"))
    turn_down(session, referral)
    assert lead_of(session, referral).stage == "new"


def test_one_referrers_decline_leaves_the_others_referral_and_the_lead_alone(session: Session) -> None:
    first = make_referral(session)
    second = make_referral(session, lead=lead_of(session, first), at=make_other_practice(session))
    turn_down(session, first, NONE)
    assert (lead_of(session, first).stage, second.state) == ("new", "received")
    move(session, first.lead_id, "contacted", version=1, actor=ACTOR, roles=ROLES)
    assert (first.state, second.state) == ("declined", "accepted")
    assert told(session, first) == ["referral-received", "referral-declined"]


def test_what_was_handed_on_says_to_whom(session: Session) -> None:
    referral = bring_to(session, make_referral(session), "accepted")
    hand_on(session, referral, destination="neuromodulation", close_as="chose-other-care", actor=ACTOR, roles=ROLES)
    assert told(session, referral)[-1] == "referral-handed-on"
    assert (seen(session, referral).destination, lead_of(session, referral).outcome) == ("neuromodulation", "chose-other-care")


def test_declined_after_hand_over_and_the_first_referrer_heard_nothing(session: Session) -> None:
    first = bring_to(session, make_referral(session), "accepted")
    hand_on(session, first, destination="psychiatry", actor=ACTOR, roles=ROLES)
    second = make_referral(session, lead=lead_of(session, first), at=make_other_practice(session))
    turn_down(session, second, NONE)
    assert told(session, first)[-1] == "referral-handed-on"
    assert told(session, second)[-1] == "referral-declined"
    reopen(session, first, "They could not take her.", actor=ACTOR, roles=ROLES)
    turn_down(session, first, NONE)
    assert told(session, first)[-2:] == ["referral-accepted", "referral-declined"]


def test_a_withdrawal_that_is_confirmed_ends_it_and_the_to_do(session: Session) -> None:
    referral = make_referral(session)
    withdraw(session, referral, "Moved away", actor="provider:1")
    confirm_cancel(session, referral, close_as="chose-other-care", actor=ACTOR, roles=ROLES)
    assert (referral.state, lead_of(session, referral).stage, todos(session, referral)) == ("cancelled", "closed", [])
    assert told(session, referral) == ["referral-received", "referral-closed"]


def test_a_patient_whose_referral_is_withdrawn_may_go_on_without_it(session: Session) -> None:
    referral = make_referral(session)
    withdraw(session, referral, "Moved away", actor="provider:1")
    confirm_cancel(session, referral, actor=ACTOR, roles=ROLES)
    move(session, referral.lead_id, "contacted", version=1, actor=ACTOR, roles=ROLES)
    assert referral.state == "cancelled"


def test_reopening_a_closed_referral_keeps_the_first_closure_and_a_note(session: Session, tuesday: Advance) -> None:
    referral = make_referral(session)
    turn_down(session, referral)
    first = now()
    tuesday(timedelta(days=5))
    reopen(session, referral, "The trial of lithium is done.", actor=ACTOR, roles=ROLES)
    assert (referral.state, referral.closed_at, seen(session, referral).note) == ("accepted", None, "The trial of lithium is done.")
    turn_down(session, referral, NONE)
    assert (referral.first_closed_at, referral.first_closed_as, referral.closed_at) == (first, "declined", now())


def test_reopening_takes_the_lead_up_again_and_tells_once(session: Session) -> None:
    referral = make_referral(session)
    turn_down(session, referral)
    reopen(session, referral, "The trial of lithium is done.", actor=ACTOR, roles=ROLES)
    assert lead_of(session, referral).stage == "contacted"
    assert told(session, referral) == ["referral-received", "referral-declined", "referral-accepted"]


def test_a_lead_taken_up_again_leaves_what_its_sender_withdrew(session: Session) -> None:
    referral = make_referral(session)
    withdraw(session, referral, "Moved away", actor="provider:1")
    confirm_cancel(session, referral, close_as="chose-other-care", actor=ACTOR, roles=ROLES)
    move(session, referral.lead_id, "contacted", version=2, reason="She called us", actor=ACTOR, roles=ROLES)
    assert referral.state == "cancelled"


def test_reopening_needs_a_note_and_something_that_ended(session: Session) -> None:
    with pytest.raises(Invalid):
        reopen(session, bring_to(session, make_referral(session), "declined"), " ", actor=ACTOR, roles=ROLES)
    with pytest.raises(Conflict):
        reopen(session, make_referral(session, family_name="Ortiz", npi=None), "Again", actor=ACTOR, roles=ROLES)


def test_a_referrer_without_an_address_is_phoned_about_a_decision(session: Session) -> None:
    referral = make_referral(session, email=None)
    turn_down(session, referral)
    assert todos(session, referral) == ["tell-referrer"]
