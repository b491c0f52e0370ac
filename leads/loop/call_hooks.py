"""Delivering knocks: claimed, sent outside of any transaction, written down; again later where nobody took it, at least once."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.accounts.models import ApiKey
from leads.audit.trail import record
from leads.clock import now, real_now
from leads.loop.models import Knock, Subscription
from leads.loop.subscribe import stop
from leads.loop.web_hook import Answer

LEASE = timedelta(minutes=2)
AGAIN_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440))
STATUS_PROFILE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/backport-subscription-status-r4"


@dataclass(frozen=True)
class Claimed:
    """A knock in our hands: where to, with what."""

    id: uuid.UUID
    endpoint: str
    headers: Sequence[str]
    body: bytes


def claim(session: Session, *, limit: int = 20) -> list[Claimed]:
    """Take knocks that are due, each for two minutes; a worker that dies leaves them to the next. Times are real, not the demo's."""
    wanted = select(Knock, Subscription).join(Subscription, Subscription.id == Knock.subscription_id)
    due = wanted.where(Knock.ended_at.is_(None), Knock.due_at <= real_now()).order_by(Knock.due_at, Knock.id).limit(limit)
    taken = []
    for knock, subscription in session.execute(due.with_for_update(of=Knock, skip_locked=True)).all():
        knock.due_at, knock.tries = real_now() + LEASE, knock.tries + 1
        if _is_over(session, subscription):
            stop(session, subscription, "off", "its key was revoked")
        else:
            taken.append(Claimed(knock.id, subscription.endpoint or "", subscription.headers or [], body_of(knock, subscription)))
    return taken


def settle(session: Session, knock_id: uuid.UUID, answer: Answer) -> None:
    """Write down what came of a knock: taken, again later, or, after a day and a half, the end of its subscription."""
    knock = session.get_one(Knock, knock_id, with_for_update=True)
    subscription = session.get_one(Subscription, knock.subscription_id, with_for_update=True)
    knock.last = answer.word
    if knock.ended_at is not None:
        return
    if answer.taken:
        knock.ended_at, knock.taken = now(), True
        subscription.state = "active" if subscription.state == "requested" else subscription.state
    elif knock.tries > len(AGAIN_AFTER):
        stop(session, subscription, "error", f"gave up after {knock.tries} tries: {answer.word}")
        record(session, "subscription.failed", subscription, last=answer.word)
    else:
        knock.due_at = real_now() + AGAIN_AFTER[knock.tries - 1]


def body_of(knock: Knock, subscription: Subscription) -> bytes:
    """Return a notification as the Subscriptions R4 Backport has it, id-only: that there is news of a Task, and its id."""
    base = f"{settings().public_url}/fhir"
    status = {
        "resourceType": "Parameters",
        "id": str(knock.id),
        "meta": {"profile": [STATUS_PROFILE]},
        "parameter": _status(knock, subscription, base),
    }
    first = {"fullUrl": f"urn:uuid:{knock.id}", "resource": status, **_done("GET", f"Subscription/{subscription.id}/$status")}
    about = [{"fullUrl": f"{base}/Task/{knock.referral_id}", **_done("PUT", f"Task/{knock.referral_id}")}] if knock.referral_id else []
    bundle = {"resourceType": "Bundle", "type": "history", "timestamp": _instant(knock.at), "entry": [first, *about]}
    return json.dumps(bundle).encode()


def _status(knock: Knock, subscription: Subscription, base: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = [
        {"name": "subscription", "valueReference": {"reference": f"{base}/Subscription/{subscription.id}"}},
        {"name": "topic", "valueCanonical": f"{base}/SubscriptionTopic/referral"},
        {"name": "status", "valueCode": subscription.state},
        {"name": "type", "valueCode": "event-notification" if knock.referral_id else "handshake"},
        {"name": "events-since-subscription-start", "valueString": str(knock.number)},
    ]
    if knock.referral_id is None:
        return told
    happened: list[dict[str, Any]] = [
        {"name": "event-number", "valueString": str(knock.number)},
        {"name": "timestamp", "valueInstant": _instant(knock.at)},
        {"name": "focus", "valueReference": {"reference": f"{base}/Task/{knock.referral_id}"}},
    ]
    return [*told, {"name": "notification-event", "part": happened}]


def _done(method: str, url: str) -> dict[str, Any]:
    return {"request": {"method": method, "url": url}, "response": {"status": "200"}}


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _is_over(session: Session, subscription: Subscription) -> bool:
    return session.get_one(ApiKey, subscription.api_key_id).revoked_at is not None
