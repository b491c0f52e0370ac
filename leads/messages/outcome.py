"""Writing down what became of an attempt: sent, again later, failed, or nobody knows."""

import random
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Insert, Integer, String, Uuid, any_, bindparam, func, insert, literal, null, select, update
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from leads.audit.models import AuditEntry
from leads.audit.trail import SYSTEM, record
from leads.clinic.profile import clinic
from leads.clock import end_of_business_days, now
from leads.consent.ledger import suppress
from leads.db import new_id
from leads.messages.carriers.base import Receipt
from leads.messages.claim import Claim
from leads.messages.models import ABOUT, DeliveryAttempt, Message
from leads.messages.recipients import address_index_of
from leads.messages.switch import open_breaker
from leads.messages.templates import catalogue
from leads.todos.open import open_todo
from leads.wire import Statement, given_rows, in_rows, rows_of

RETRY_AFTER = (timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=45), timedelta(hours=2), timedelta(hours=6))
SLOW_DOWN = timedelta(minutes=1)
HELD = (
    select(Message)
    .where(Message.id == bindparam("message_id"), Message.fence == bindparam("fence"))
    .where(Message.state.in_(bindparam("states", expanding=True)))
    .with_for_update()
)
LANE_RESTS = "lane-rests"
ENDS = "ends"
ENDING: dict[str, TypeEngine[Any]] = {
    "message_id": Uuid(),
    "fence": BigInteger(),
    "at": DateTime(timezone=True),
    "code": Integer(),
    "enhanced": String(),
    "entry_id": Uuid(),
}


def record_answer(session: Session, claim: Claim, receipt: Receipt, *, of_us: bool = False) -> Message | None:
    """Write down a carrier's explicit answer; None when the row has moved on under a newer fence.

    A refusal `of_us`, or whose code says so, rests the lane.
    """
    message = _held(session, claim, "claimed", "sending", "unknown")
    if message is None:
        return None
    if receipt.taken:
        session.connection().execute(taken_by_carrier(1), given_rows(ENDS, [taken(claim, receipt)]))
        return message
    _end_attempt(session, claim, receipt)
    if message.lane == "safety" and (receipt.passing or receipt.not_allowed):
        # A page that rests five minutes is none, and a breaker is not for it.
        plan_again(session, message, now() + SLOW_DOWN, receipt.reason)
    elif of_us or receipt.refuses_us:
        # No fault of the person's, and it would hit the next one just the same.
        plan_again(session, message, open_breaker(session, message.lane, reason=f"smtp-{receipt.code}"), LANE_RESTS)
    elif receipt.passing or receipt.not_allowed:
        # A mailbox that takes nothing from us may come round, but not for ever, and it stops only itself.
        _again_or_give_up(session, message, receipt)
    else:
        _refused_for_good(session, message, receipt)
    return message


def taken(claim: Claim, receipt: Receipt) -> dict[str, Any]:
    """Return the ending of a mail that is the carrier's now (RFC 5321, 4.2.5), a row of what `taken_by_carrier` is asked with."""
    told = {"at": now(), "code": receipt.code, "enhanced": receipt.status}
    return told | {"message_id": claim.message_id, "fence": claim.fence, "entry_id": new_id()}


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


def put_back(session: Session, claim: Claim, until: datetime, *, reason: str) -> Message | None:
    """Plan a claimed row again for later and return it: nobody took it, and that is no attempt of its own; None where it moved on."""
    message = _held(session, claim, "claimed")
    if message is not None:
        plan_again(session, message, until, reason)
    return message


def end(session: Session, message: Message, state: str, *, reason: str | None) -> None:
    """Move a message to a state with its reason, on record."""
    message.state, message.reason, message.state_at, message.lease_until = state, reason, now(), None
    record(session, f"message.{state}", message, reason=reason, template=message.template)


@lru_cache
def taken_by_carrier(count: int) -> Insert:
    """Return the ending nearly all messages have, for so many at once: the row, its attempt and the audit entry of each.

    It is asked with `given_rows(ENDS, …)`; nothing happens to one whose fence has risen.
    """
    ends = rows_of(ENDS, ENDING, count)
    gone = (
        update(Message)
        .where(Message.id == ends.c.message_id, Message.fence == ends.c.fence)
        .where(Message.state == any_(array(["claimed", "sending", "unknown"])))
        .values(state="sent", reason=None, state_at=ends.c.at, sent_at=ends.c.at, lease_until=None)
        .returning(Message.id.label("message_id"), Message.template, *(column for column in ends.c if column.key != "message_id"))
        .cte("gone")
    )
    attempt = (
        update(DeliveryAttempt)
        .where(DeliveryAttempt.message_id.in_(in_rows(ENDS, "message_id", Uuid(), count)))
        .where(DeliveryAttempt.message_id == gone.c.message_id, DeliveryAttempt.fence == gone.c.fence)
        .values(ended_at=gone.c.at, outcome="sent", reply_code=gone.c.code, reply_status=gone.c.enhanced)
        .cte("attempt")
    )
    detail = func.jsonb_build_object("reason", null(), "template", gone.c.template)
    said = (literal(SYSTEM), literal("message.sent"), literal("messages"))
    entry = select(gone.c.entry_id, gone.c.at, *said, gone.c.message_id, detail)
    columns = ["id", "at", "actor", "action", "subject_kind", "subject_id", "detail"]
    return insert(AuditEntry).from_select(columns, entry.add_cte(attempt))


@lru_cache
def ask_taken(count: int) -> Statement:
    """Return `taken_by_carrier` as a round trip asks it."""
    return Statement.of(taken_by_carrier(count))


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
    reason = receipt.reason
    # A server that asks us to slow down says nothing about this mail, so it costs none of its tries.
    if receipt.throttles:
        plan_again(session, message, now() + SLOW_DOWN, reason)
    elif message.attempts < len(RETRY_AFTER):
        wait = RETRY_AFTER[message.attempts] * random.uniform(0.9, 1.1)  # noqa: S311 -- jitter, not a secret
        message.attempts += 1
        plan_again(session, message, now() + wait, reason)
    else:
        fail(session, message, "gave-up" if receipt.passing else reason)


def plan_again(session: Session, message: Message, until: datetime, reason: str) -> None:
    """Plan a message for later, or let it expire when it would come too late to be of use."""
    # Better no mail than one that comes too late to be of use: a reminder after the visit does harm.
    if message.useful_until is not None and until > message.useful_until:
        expire(session, message)
        return
    message.due_at = until
    end(session, message, "planned", reason=reason)


def expire(session: Session, message: Message) -> None:
    """End a message that has outlived its use; what its reader must have heard, somebody calls to say, once for all such of a lead."""
    end(session, message, "expired", reason="outlived")
    template = catalogue().get(message.template)
    if template is not None and template.meta.must_be_heard:
        _open_todo(session, "unheard" if message.person_id else "unheard-referrer", message, due_at=now())


def _refused_for_good(session: Session, message: Message, receipt: Receipt) -> None:
    if (receipt.status or "").startswith("5.1."):
        suppress(session, address_index=address_index_of(session, message), reason="bounced", actor="system")
        end(session, message, "failed", reason="bad-address")
        phone_instead(session, message)
    else:
        fail(session, message, f"smtp-{receipt.code}")


def fail(session: Session, message: Message, reason: str) -> None:
    """End a message that cannot be sent, and ask a person to phone instead."""
    end(session, message, "failed", reason=reason)
    phone_instead(session, message)


def ask_staff(session: Session, message: Message) -> bool:
    """Put an unknown delivery before a person; returns False: it stays unknown until they decide."""
    _open_todo(session, "settle-unknown", message)
    return False


def phone_instead(session: Session, message: Message) -> None:
    """Ask a person to phone whoever a mail did not reach, once for all mails of a lead."""
    _open_todo(session, "phone-instead" if message.person_id else "phone-referrer", message)


def _open_todo(session: Session, kind: str, message: Message, *, due_at: datetime | None = None) -> None:
    due = due_at or end_of_business_days(clinic().office(None).calendar, now(), 1)
    for person_id, lead_id in _about(session, message):
        open_todo(session, kind, person_id=person_id, lead_id=lead_id, due_at=due)


def _about(session: Session, message: Message) -> Iterable[tuple[uuid.UUID, uuid.UUID | None]]:
    if person_id := message.person_id or message.about_id:
        return [(person_id, message.lead_id)]
    # A sign-in link is about nobody; whoever asked for it sees that none has come, and calls.
    told = ABOUT.get(message.template)
    return told(session, message) if told else ()
