"""A referrer who owes us an answer: reminded after two and five business days, then phoned; never twice for one clock's tick."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from leads.clock import frozen
from leads.consent.ledger import Spoken, withdraw
from leads.loop.models import Referral
from leads.loop.nudge import due, nudge
from leads.providers.models import DAILY, Provider
from leads.referrals.answer import answer
from leads.referrals.ask import ask
from tests.cast import ACTOR
from tests.loop.cast import make_referral, todos, told

Advance = Callable[[timedelta], None]
# Woodbury is closed on Thursdays, and on Columbus Day: Monday, October 12.
SECOND, FIFTH, TENTH = (datetime(2026, 10, day, hour, tzinfo=UTC) for day, hour in ((9, 19), (16, 19), (26, 22)))
ASKED = ["referral-received", "referral-needs-information"]


def asked(session: Session) -> Referral:
    referral = make_referral(session)
    ask(session, referral, ["Medication list"], actor=ACTOR)
    session.flush()
    return referral


def tick(session: Session, at: datetime) -> list[bool]:
    """The clock ticks at a moment."""
    with frozen(at):
        return [nudge(session, each) for each in due(session)]


def test_the_first_reminder_waits_two_business_days(session: Session, tuesday: Advance) -> None:
    referral = asked(session)
    assert referral.nudge_at == SECOND
    assert tick(session, SECOND - timedelta(seconds=1)) == []
    tick(session, SECOND)
    assert told(session, referral) == [*ASKED, "referral-needs-information"]


def test_two_reminders_go_out_and_then_a_colleague_phones(session: Session, tuesday: Advance) -> None:
    referral = asked(session)
    for moment in (SECOND, FIFTH, TENTH):
        tick(session, moment)
    assert told(session, referral) == [*ASKED, *["referral-needs-information"] * 2]
    assert todos(session, referral) == ["phone-referrer"]


def test_a_clock_that_ticks_twice_reminds_once(session: Session, tuesday: Advance) -> None:
    referral = asked(session)
    tick(session, SECOND)
    with frozen(SECOND):
        assert nudge(session, referral.id) is False
    assert told(session, referral) == [*ASKED, "referral-needs-information"]


def test_after_a_long_outage_one_reminder_goes_and_no_flood(session: Session, tuesday: Advance) -> None:
    referral = asked(session)
    tick(session, FIFTH + timedelta(hours=1))
    assert told(session, referral) == [*ASKED, "referral-needs-information"]
    assert referral.nudge_at == TENTH


def test_a_promise_that_ran_out_in_an_outage_is_a_call_and_no_mail(session: Session, tuesday: Advance) -> None:
    referral = asked(session)
    tick(session, TENTH + timedelta(days=1))
    assert (told(session, referral), todos(session, referral)) == (ASKED, ["phone-referrer"])


def test_nobody_is_reminded_of_what_they_have_answered(session: Session, tuesday: Advance) -> None:
    referral = asked(session)
    answer(session, referral, "Sertraline 100 mg", actor="provider:1")
    assert tick(session, SECOND) == []


def test_a_grant_withdrawn_meanwhile_ends_the_mails_and_a_colleague_phones(session: Session, tuesday: Advance) -> None:
    referral = asked(session)
    tuesday(timedelta(hours=1))
    withdraw(session, referral.person_id, "status_to_referrer", Spoken(source="call", method="spoken", wording=None), actor=ACTOR)
    tick(session, SECOND)
    assert (told(session, referral), todos(session, referral)) == (ASKED, ["phone-referrer"])


def test_who_wants_one_mail_a_day_finds_the_reminder_in_it(session: Session, tuesday: Advance) -> None:
    referral = asked(session)
    session.get_one(Provider, referral.provider_id).notify = DAILY
    tick(session, SECOND)
    assert referral.nudge_at == FIFTH
