"""Asking a carrier about what stayed unknown, before the step's policy applies: that it has the mail is knowledge, no answer is none."""

import uuid
from datetime import timedelta

import httpx
import structlog
from sqlalchemy import and_, or_, select

from leads.audit.trail import SYSTEM
from leads.clock import now
from leads.db import transaction
from leads.messages import outcome
from leads.messages.carriers.events import Unread
from leads.messages.carriers.known import CARRIERS
from leads.messages.decide import RESTORED, end_doubt
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.recover import SETTLE_AFTER

AT_ONCE = 20
# What staff are asked about stays unknown for days: it is looked up while the question is new.
STILL_NEW = SETTLE_AFTER + timedelta(minutes=2)
log = structlog.get_logger()


def ask_carriers() -> int:
    """Look up what has stayed unknown where its carrier can be asked, and write down what it has; returns how many that were.

    No transaction is open while a carrier is asked, and one that cannot be asked leaves the messages to their policy.
    """
    told, away = 0, set[str]()
    for message_id, fence, carrier in _in_doubt():
        # Whoever asks here sends mail as well: a carrier that hangs costs it one time-out, not one for each message.
        if carrier in away:
            continue
        try:
            told += _has(carrier, message_id) and _write_down(message_id, fence)
        except (httpx.HTTPError, Unread) as error:
            away.add(carrier)
            log.warning("carrier.not_asked", carrier=carrier, message_id=str(message_id), error=type(error).__name__)
    return told


def _in_doubt() -> list[tuple[uuid.UUID, int, str]]:
    can_be_asked = [name for name, known in CARRIERS.items() if known.has]
    attempt = and_(DeliveryAttempt.message_id == Message.id, DeliveryAttempt.fence == Message.fence)
    still_open = or_(Message.on_unknown != "ask_staff", Message.state_at > now() - STILL_NEW)
    # What a restore left in doubt goes by what a person says, whatever the carrier knows of the old system's mails.
    unknown = (Message.state == "unknown", Message.reason.is_distinct_from(RESTORED), Message.state_at < now() - SETTLE_AFTER, still_open)
    wanted = select(Message.id, Message.fence, DeliveryAttempt.carrier).join(DeliveryAttempt, attempt)
    with transaction() as session:
        found = session.execute(wanted.where(*unknown, DeliveryAttempt.carrier.in_(can_be_asked)).order_by(Message.state_at).limit(AT_ONCE))
        return [(message_id, fence, carrier) for message_id, fence, carrier in found]


def _has(carrier: str, message_id: uuid.UUID) -> bool:
    ask = CARRIERS[carrier].has
    return ask is not None and ask(message_id)


def _write_down(message_id: uuid.UUID, fence: int) -> bool:
    with transaction() as session:
        message = session.get_one(Message, message_id, with_for_update=True, populate_existing=True)
        # An event, or somebody who decided, was faster.
        if (message.state, message.fence) != ("unknown", fence):
            return False
        message.sent_at = message.state_at
        outcome.end(session, message, "sent", reason="looked-up")
        end_doubt(session, message, actor=SYSTEM, outcome="sent")
    return True
