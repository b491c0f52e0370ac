"""Calls to a pager service: written down with the page, made after the commit, signed, tried again; the lead's number and nothing else."""

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.audit.trail import record
from leads.clock import now, real_now
from leads.loop.web_hook import Answer, post_to
from leads.pipeline.models import Lead, number
from leads.safety.models import Alarm, PagerCall

LEASE = timedelta(seconds=60)
# Until about an hour has passed: by then the steps after this one call for themselves.
AGAIN_AFTER = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120, 300, 600, 900, 1200))


@dataclass(frozen=True)
class Claimed:
    """A call in our hands: its id, which stays the same however often it is tried, and what it says."""

    id: uuid.UUID
    body: bytes = field(repr=False)


def call_pager(session: Session, *, alarm_id: uuid.UUID | None, step: int) -> bool:
    """Put down a call to be made once this transaction is committed; returns False where the clinic has no pager service."""
    if settings().handoff_pager_url is None:
        return False
    session.add(PagerCall(alarm_id=alarm_id, step=step, at=now(), due_at=real_now(), tries=0))
    return True


def claim(session: Session, *, limit: int = 5) -> list[Claimed]:
    """Take calls that are due, each for a minute; a worker that dies leaves them to the next. Times are real, not the demo's."""
    wanted = (
        select(PagerCall, Alarm, Lead.serial).outerjoin(Alarm, Alarm.id == PagerCall.alarm_id).outerjoin(Lead, Lead.id == Alarm.lead_id)
    )
    ready = wanted.where(PagerCall.ended_at.is_(None), PagerCall.due_at <= real_now()).order_by(PagerCall.due_at, PagerCall.id).limit(limit)
    taken = []
    for call, alarm, serial in session.execute(ready.with_for_update(of=PagerCall, skip_locked=True)).all():
        if alarm is not None and (alarm.taken_at or alarm.ended_at):
            # Somebody has it: whoever would be called now would be called for nothing.
            call.ended_at, call.taken, call.last = now(), False, "not-needed"
            continue
        call.due_at, call.tries = real_now() + LEASE, call.tries + 1
        taken.append(Claimed(call.id, body_of(call, serial)))
    return taken


def make(call: Claimed) -> Answer:
    """Call the service and return what came of it; never raises for what the service does."""
    url, secret = settings().handoff_pager_url, settings().handoff_pager_secret
    if url is None or secret is None:
        return Answer(False, "not-configured")
    headers = signed(call.id, call.body, secret.get_secret_value().strip())
    return post_to(url.get_secret_value().strip(), headers | {"Content-Type": "application/json"}, call.body)


def settle(session: Session, call_id: uuid.UUID, answer: Answer) -> None:
    """Write down what came of a call: taken, again later, or given up; the steps that follow call anew."""
    call = session.get_one(PagerCall, call_id, with_for_update=True, populate_existing=True)
    if call.ended_at is not None:
        return
    call.last = answer.word
    if answer.taken or call.tries > len(AGAIN_AFTER):
        call.ended_at, call.taken = now(), answer.taken
        record(session, "pager.called" if answer.taken else "pager.failed", call, step=call.step, tries=call.tries, last=answer.word)
    else:
        call.due_at = real_now() + AGAIN_AFTER[call.tries - 1]


def body_of(call: PagerCall, serial: int | None) -> bytes:
    """Return what the service is told: that somebody must look, and at which number; of a test, that it is one."""
    kind, data = ("oncall.test", {}) if serial is None else ("safety.page", {"number": number(serial)})
    return json.dumps({"type": kind, "timestamp": call.at.isoformat(), "data": data}).encode()


def signed(call_id: uuid.UUID, body: bytes, secret: str) -> dict[str, str]:
    """Return the headers of Standard Webhooks 1.0: id, moment in Unix seconds, and HMAC-SHA-256 over `id.moment.body`."""
    # The id is signed with the body, and stays the same for every try: the service knows a call it has heard already.
    named, moment = f"msg_{call_id}", str(int(real_now().timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{named}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": named, "webhook-timestamp": moment, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}
