"""Writing down what became of an attempt: sent, again later, failed, or nobody knows."""

import random
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from leads.audit.trail import record
from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.consent.ledger import suppress
from leads.messages.carriers.base import Receipt
from leads.messages.claim import Claim
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.switch import open_breaker
from leads.people.models import Person
from leads.todos.open import open_todo

RETRY_AFTER = (timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=45), timedelta(hours=2), timedelta(hours=6))
SLOW_DOWN = timedelta(minutes=1)
HELD = (
    select(Message)
    .where(Message.id == bindparam("message_id"), Message.fence == bindparam("fence"))
    .where(Message.state.in_(bindparam("states", expanding=True)))
    .with_for_update()
)
LANE_RESTS = "lane-rests"


def record_answer(session: Session, claim: Claim, receipt: Receipt) -> Message | None:
    """Write down a carrier's explicit answer; None when the row has moved on under a newer fence."""
    message = _held(session, claim, "claimed", "sending", "unknown")
    if message is None:
        return None
    _end_attempt(session, claim, receipt)
    if receipt.taken:
        end(session, message, "sent", reason=None)
        message.sent_at = now()
    elif (receipt.status or "").startswith("5.7."):
        # 5.7 says that we may not send (RFC 3463, 3.8): that is no fault of the person's, and would hit the next one just the same.
        plan_again(session, message, open_breaker(session, message.lane, reason=f"smtp-{receipt.code}"), LANE_RESTS)
    elif receipt.passing:
        _again_or_give_up(session, message, receipt)
    else:
        _refused_for_good(session, message, receipt)
    return message


def record_silence(session: Session, claim: Claim) -> None:
    """The final dot went out and nothing came back: unknown, never sent again by itself."""
    message = _held(session, claim, "sending")
    if message is not None:
        end(session, message, "unknown", reason="no-answer")


def record_failure(session: Session, claim: Claim, *, reason: str) -> None:
    """This row cannot be sent as it is (a broken template, an unreadable cell): it stops alone, and a person looks."""
    message = _held(session, claim, "claimed")
    if message is not None:
        fail(session, message, reason)


def put_back(session: Session, claim: Claim, until: datetime, *, reason: str) -> None:
    """Plan a claimed row again for later: nobody took it, and that is no attempt of its own."""
    message = _held(session, claim, "claimed")
    if message is not None:
        plan_again(session, message, until, reason)


def end(session: Session, message: Message, state: str, *, reason: str | None) -> None:
    """Move a message to a state with its reason, on record."""
    message.state, message.reason, message.state_at, message.lease_until = state, reason, now(), None
    record(session, f"message.{state}", message, reason=reason, template=message.template)


def _held(session: Session, claim: Claim, *states: str) -> Message | None:
    return session.scalar(HELD, {"message_id": claim.message_id, "fence": claim.fence, "states": states})


def _end_attempt(session: Session, claim: Claim, receipt: Receipt) -> None:
    told = {
        "ended_at": now(),
        "reply_code": receipt.code,
        "reply_status": receipt.status,
        "outcome": "sent" if receipt.taken else "refused",
    }
    mine = (DeliveryAttempt.message_id == claim.message_id, DeliveryAttempt.fence == claim.fence)
    begun = session.execute(update(DeliveryAttempt).where(*mine).values(told).returning(DeliveryAttempt.id)).first()
    if begun is None:
        # Refused before the dot: the attempt was never begun on paper.
        session.add(DeliveryAttempt(message_id=claim.message_id, fence=claim.fence, carrier="smtp", at=now(), **told))


def _again_or_give_up(session: Session, message: Message, receipt: Receipt) -> None:
    reason = f"smtp-{receipt.code}"
    # A server that asks us to slow down says nothing about this mail, so it costs none of its tries.
    if receipt.throttles:
        plan_again(session, message, now() + SLOW_DOWN, reason)
    elif message.attempts < len(RETRY_AFTER):
        wait = RETRY_AFTER[message.attempts] * random.uniform(0.9, 1.1)  # noqa: S311 -- jitter, not a secret
        message.attempts += 1
        plan_again(session, message, now() + wait, reason)
    else:
        fail(session, message, "gave-up")


def plan_again(session: Session, message: Message, until: datetime, reason: str) -> None:
    """Plan a message for later, or let it expire when it would come too late to be of use."""
    # Better no mail than one that comes too late to be of use: a reminder after the visit does harm.
    if message.useful_until is not None and until > message.useful_until:
        end(session, message, "expired", reason="outlived")
        return
    message.due_at = until
    end(session, message, "planned", reason=reason)


def _refused_for_good(session: Session, message: Message, receipt: Receipt) -> None:
    if (receipt.status or "").startswith("5.1."):
        address_index = session.scalar(select(Person.email_index).where(Person.id == message.person_id))
        suppress(session, address_index=address_index, reason="bounced", actor="system")
        end(session, message, "failed", reason="bad-address")
        _phone_instead(session, message)
    else:
        fail(session, message, f"smtp-{receipt.code}")


def fail(session: Session, message: Message, reason: str) -> None:
    """End a message that cannot be sent, and ask a person to phone instead."""
    end(session, message, "failed", reason=reason)
    _phone_instead(session, message)


def ask_staff(session: Session, message: Message) -> bool:
    """Put an unknown delivery before a person; returns False: it stays unknown until they decide."""
    due = end_of_business_days(clinic().office(None).calendar, now(), 1)
    open_todo(session, "settle-unknown", person_id=message.person_id, lead_id=message.lead_id, due_at=due)
    return False


def _phone_instead(session: Session, message: Message) -> None:
    due = end_of_business_days(clinic().office(None).calendar, now(), 1)
    open_todo(session, "phone-instead", person_id=message.person_id, lead_id=message.lead_id, due_at=due)
