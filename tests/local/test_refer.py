"""The demo's referrals: real verbs, every state, known senders and strange ones; and the known hear of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import transaction
from leads.local.refer import STORIES, STRANGE_STORIES, play_referral, referrals
from leads.loop.models import Amendment, Attachment, Referral
from leads.loop.states import STATES
from leads.messages.carriers.known import open_carrier
from leads.providers.models import Claim
from tests.cast import ACTOR
from tests.conftest import Mailbox


def count(session: Session, model: type) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def test_the_same_seed_sends_the_same(tuesday: object) -> None:
    first, second = (list(referrals(seed=1, until=now())) for _ in range(2))
    assert first == second
    assert {each.story for each in first} == {*STORIES, *STRANGE_STORIES}


@pytest.mark.committed
def test_every_state_is_there_and_the_referrers_have_their_mails(
    database: None, mailbox: Mailbox, tuesday: Callable[[timedelta], None]
) -> None:
    carrier = open_carrier()
    for sent in list(referrals(seed=1, until=now()))[len(STORIES) :]:
        play_referral(sent, carrier, until=now(), actor=ACTOR)
    carrier.close()
    with transaction() as session:
        assert set(session.scalars(select(Referral.state))) == set(STATES)
        assert count(session, Amendment) == 1
        assert count(session, Attachment) == 2
        assert session.scalar(select(func.count()).where(Claim.verified_at.is_(None), Claim.refused_at.is_(None))) == 2
    subjects = {mail.subject for mail in mailbox.messages if mail.envelope_to.endswith(".test")}
    assert {"We received what you sent us", "A date has been set", "We cannot take it up", "We need something more from you"} <= subjects
