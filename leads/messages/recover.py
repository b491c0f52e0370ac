"""Repairing what a dead worker left: leases that ran out, answers in its journal, and what stays unknown."""

import uuid
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import transaction
from leads.messages import outcome
from leads.messages.claim import Claim
from leads.messages.decide import RESTORED
from leads.messages.journal import Entry, replay
from leads.messages.models import Message

LOST_LEASES_ARE_POISON = 3
BEFORE_THE_VERDICT = timedelta(minutes=5)
SETTLE_AFTER = timedelta(hours=1)
AT_ONCE = 500


def replay_journals() -> int:
    """Write down the answers that dead workers of this machine had read but not committed; returns how many."""
    return replay(_record)


def recover(session: Session) -> int:
    """Free claimed rows whose lease ran out, and mark those that were being sent as unknown; returns how many."""
    lost = select(Message).where(Message.state.in_(("claimed", "sending")), Message.lease_until < func.now())
    rows = session.scalars(lost.order_by(Message.lease_until).limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    for message in rows:
        _free(session, message)
    return len(rows)


def settle(session: Session) -> int:
    """Settle what has stayed unknown by its step's policy; returns how many."""
    # What a restore left in doubt is a person's to settle, whatever the policy: the old system may have followed it already.
    open_to_policy = Message.reason.is_distinct_from(RESTORED)
    waiting = select(Message).where(Message.state == "unknown", Message.state_at < now() - SETTLE_AFTER, open_to_policy)
    # What staff were asked about stays unknown until they answer: hundreds of these must not keep the others from their turn.
    waiting = waiting.order_by(Message.on_unknown == "ask_staff", Message.state_at)
    rows = session.scalars(waiting.limit(AT_ONCE).with_for_update(skip_locked=True)).all()
    settled = 0
    for message in rows:
        settled += _settle(session, message)
    return settled


def _record(entry: Entry) -> None:
    with transaction() as session:
        outcome.record_answer(session, Claim(uuid.UUID(entry.message_id), entry.fence), entry.receipt)


def _free(session: Session, message: Message) -> None:
    # Nobody knows whether the dot went out before the worker died: to send again would be to guess.
    if message.state == "sending":
        outcome.end(session, message, "unknown", reason="worker-lost")
        return
    # A row that costs three workers their lives is the likely cause, not the victim.
    message.lost_leases += 1
    if message.lost_leases >= LOST_LEASES_ARE_POISON:
        outcome.fail(session, message, "poison")
    elif message.lost_leases == LOST_LEASES_ARE_POISON - 1:
        # A machine that falls over again and again kills whoever is next in line: let it come to rest before the last try counts.
        outcome.plan_again(session, message, now() + BEFORE_THE_VERDICT, "worker-lost")
    else:
        outcome.end(session, message, "planned", reason="worker-lost")


def _settle(session: Session, message: Message) -> bool:
    if message.on_unknown == "resend_once" and message.attempts == 0:
        message.attempts += 1
        outcome.plan_again(session, message, now(), "resent-once")
    elif message.on_unknown == "ask_staff":
        return outcome.ask_staff(session, message)
    else:
        message.sent_at = message.state_at
        outcome.end(session, message, "sent", reason="assumed")
    return True
