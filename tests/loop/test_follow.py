"""A lead moves: its referrals go with it, and each sender hears what they may, once."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.cli.check import complaints
from leads.consent.ledger import Spoken, hold, withdraw
from leads.loop.disclosure import seen
from leads.loop.history import apply
from leads.loop.models import Referral, ReferralEvent
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.preview import preview
from leads.pipeline.models import Lead
from leads.pipeline.stages import move
from leads.providers.edit import limit_disclosure, prefer
from leads.providers.models import Delegate, Practice, Provider
from leads.sequences.definitions import sequences
from tests.cast import ACTOR
from tests.referrals.cast import granting, make_referral

ALL = ("clinician", "coordinator", "supervisor")
# As INTERFACES has it: the lead's stage, and where its referral stands.
TOGETHER = [("contacted", "accepted"), ("screening", "accepted"), ("qualified", "accepted"), ("booked", "booked"), ("in_care", "attended")]


@pytest.fixture
def referral(session: Session) -> Referral:
    return make_referral(session)


def to(session: Session, referral: Referral, *stages: str, outcome: str | None = None) -> None:
    for stage in stages:
        lead = session.get_one(Lead, referral.lead_id)
        move(session, lead.id, stage, version=lead.version, actor=ACTOR, roles=ALL, outcome=outcome, reason="as agreed")


def told(session: Session, to: type[Provider] | type[Delegate] = Provider) -> list[str]:
    whose = Message.provider_id if to is Provider else Message.delegate_id
    return list(session.scalars(select(Message.template).where(whose.is_not(None)).order_by(Message.id)))


@pytest.mark.parametrize(("stage", "state"), TOGETHER)
def test_a_leads_stage_and_its_referrals_state_move_together(session: Session, referral: Referral, stage: str, state: str) -> None:
    way = ["screening", "qualified", "booked", "in_care"]
    to(session, referral, *(way[: way.index(stage) + 1] if stage in way else [stage]))
    assert referral.state == state


@pytest.mark.parametrize(("outcome", "state"), [("not-a-fit", "declined"), ("chose-other-care", "closed"), ("started-care", "closed")])
def test_a_closed_lead_closes_or_declines(session: Session, referral: Referral, outcome: str, state: str) -> None:
    to(session, referral, "closed", outcome=outcome)
    assert referral.state == state
    assert referral.closed_at is not None


def test_the_referrer_hears_each_change_once(session: Session, referral: Referral) -> None:
    to(session, referral, "screening", "qualified", "booked", "in_care")
    expected = ["referral-received", "referral-accepted", "referral-booked", "referral-attended"]
    assert told(session) == expected
    assert told(session, Delegate) == expected


def test_a_step_on_the_way_is_kept_and_not_told(session: Session, referral: Referral) -> None:
    to(session, referral, "closed", outcome="cannot-reach")
    events = session.scalars(select(ReferralEvent.event).order_by(ReferralEvent.version)).all()
    assert events == ["package", "accept", "outcome"]
    assert told(session) == ["referral-received", "referral-closed"]


def test_without_the_patients_grant_the_referrer_hears_received_and_nothing_more(session: Session) -> None:
    quiet = make_referral(session, patient=granting("contact"))
    to(session, quiet, "screening", "qualified", "booked")
    assert told(session) == ["referral-received"]
    assert (seen(session, quiet).state, seen(session, quiet).words) == ("received", "Received. Please call us to hear more.")


def test_a_grant_for_one_referrer_tells_another_nothing(session: Session, referral: Referral) -> None:
    other = make_referral(session, practice="Harbor Family Medicine", patient=granting("contact"))
    to(session, referral, "contacted")
    assert (referral.state, other.state) == ("accepted", "accepted")
    assert (seen(session, referral).state, seen(session, other).state) == ("accepted", "received")


def test_a_withdrawn_grant_ends_the_stream(session: Session, referral: Referral) -> None:
    withdraw(session, referral.person_id, "status_to_referrer", Spoken("preferences", "page"), actor="test")
    to(session, referral, "contacted")
    assert told(session) == ["referral-received"]


def test_a_practice_may_be_told_less_than_the_patient_allows(session: Session, referral: Referral) -> None:
    limit_disclosure(session, session.get_one(Practice, referral.practice_id), "acknowledged", actor=ACTOR)
    to(session, referral, "contacted")
    assert told(session) == ["referral-received"]


def test_reopening_keeps_the_first_closure_and_tells(session: Session, referral: Referral) -> None:
    to(session, referral, "closed", outcome="not-a-fit")
    first = referral.first_closed_at
    to(session, referral, "contacted")
    to(session, referral, "closed", outcome="started-care")
    assert (referral.first_closed_at, referral.first_closed_as, referral.state) == (first, "declined", "closed")
    assert told(session)[1:] == ["referral-declined", "referral-accepted", "referral-closed"]


def test_a_hold_of_the_patient_does_not_silence_the_referrers_notices(session: Session, referral: Referral) -> None:
    hold(session, referral.person_id, reason="inquiry", actor="test")
    to(session, referral, "contacted")
    assert told(session)[-1] == "referral-accepted"


def test_what_the_referrer_reads_is_the_same_with_a_hold_and_without(session: Session, referral: Referral) -> None:
    to(session, referral, "contacted")
    notice = session.scalars(select(Message.id).where(Message.template == "referral-accepted", Message.provider_id.is_not(None))).one()
    without = preview(session, notice, actor=ACTOR).rendered
    hold(session, referral.person_id, reason="inquiry", actor="test")
    session.flush()
    assert preview(session, notice, actor=ACTOR).rendered == without


def test_a_question_stays_open_while_the_lead_is_only_talked_to(session: Session, referral: Referral) -> None:
    apply(session, referral, "ask", actor=ACTOR, details={"missing": ["Blood pressure"]})
    to(session, referral, "contacted")
    assert referral.state == "needs_information"
    to(session, referral, "screening", "qualified", "booked")
    assert referral.state == "booked"


def test_whoever_wants_a_digest_gets_one_a_morning(session: Session, referral: Referral) -> None:
    prefer(session, session.get_one(Provider, referral.provider_id), "daily", actor=ACTOR)
    to(session, referral, "screening", "qualified", "booked")
    digests = session.scalars(select(Message).where(Message.template == "referral-digest")).all()
    assert [each.facts for each in digests] == [{"numbers": [referral.number]}]
    assert told(session) == ["referral-received", "referral-digest"]


def test_a_digest_lists_no_more_than_a_mail_can_hold(session: Session, referral: Referral) -> None:
    provider = session.get_one(Provider, referral.provider_id)
    prefer(session, provider, "daily", actor=ACTOR)
    many = {"numbers": [f"R-{each:06d}" for each in range(100_000, 100_060)]}
    post(session, None, "referral-digest", cause="test", facts=many, provider_id=provider.id)
    to(session, referral, "contacted")
    digest = session.scalars(select(Message).where(Message.template == "referral-digest")).one()
    assert len((digest.facts or {})["numbers"]) == 40


def test_what_they_read_holds_no_more_than_the_grant(session: Session, referral: Referral) -> None:
    details = {"at": "2026-12-01T15:00:00+00:00", "summary": "private", "note": "Bring nothing."}
    apply(session, referral, "accept", actor=ACTOR)
    apply(session, referral, "schedule", actor=ACTOR, details=details)
    there = seen(session, referral)
    assert (there.state, there.appointment_at, there.note) == ("booked", None, "Bring nothing.")
    assert [each.details for each in there.news][-1] == {"note": "Bring nothing."}


def test_a_clinic_that_takes_the_acknowledgement_away_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(settings().__dict__, "handoff_sequences_dir", tmp_path)
    sequences.cache_clear()
    assert [fault for fault in complaints() if "referral-received.yml: no such file" in fault]
    monkeypatch.undo()
    sequences.cache_clear()
