"""A card for each clinician who refers: what became of those they sent, and after how many days."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from leads.clock import now
from leads.loop.models import Referral, ReferralEvent
from leads.reports.period import Period
from leads.reports.referrers import scorecards
from tests.loop.cast import make_referral, make_strange_referral

Advance = Callable[[timedelta], None]


def october() -> Period:
    return Period.read("2026-10", "2026-10")


def more_like(session: Session, referral: Referral, many: int, *, states: dict[str, int] | None = None) -> None:
    """So many more referrals of the same sender, each at some states after so many days."""
    for _ in range(many):
        columns = {name: getattr(referral, name) for name in COPIED}
        again = Referral(**columns)
        session.add(again)
        session.flush()
        for place, (state, days) in enumerate((states or {}).items(), start=10):
            event = {"event": state, "state": state, "version": place, "actor": "system", "at": now() + timedelta(days=days)}
            session.add(ReferralEvent(referral_id=again.id, **event))
    session.flush()


COPIED = (
    "lead_id", "person_id", "claim_id", "provider_id", "practice_id", "channel", "content_hash", "office", "urgency", "current_risk",
    "part2", "received_at", "expected_by", "state", "state_at", "changed_at", "version",
)  # fmt: skip


def test_a_card_tells_how_many_came_how_far_and_after_how_many_days(session: Session, tuesday: Advance) -> None:
    first = make_referral(session)
    more_like(session, first, 14, states={"accepted": 1, "booked": 3, "attended": 10})
    (card,) = scorecards(session, october()).cards
    assert (card.sent, list(card.came), list(card.days)) == (15, [14, 14, 14], [1.0, 3.0, 10.0])


def test_who_sent_few_is_on_a_card_without_numbers(session: Session, tuesday: Advance) -> None:
    more_like(session, make_referral(session), 3, states={"accepted": 1})
    (card,) = scorecards(session, october()).cards
    assert (card.sent, card.came[0], card.days[0]) == (None, None, None)


def test_what_strangers_typed_counts_under_nobodys_name(session: Session, tuesday: Advance) -> None:
    more_like(session, make_strange_referral(session), 11)
    found = scorecards(session, october())
    assert (found.cards, found.unverified[0]) == ([], 12)


def test_only_what_was_received_in_the_period_counts(session: Session, tuesday: Advance) -> None:
    more_like(session, make_referral(session), 14)
    assert scorecards(session, Period.read("2026-08", "2026-09")).totals == [0, 0, 0, 0]
