"""The same request twice is done once and answered the same, byte for byte."""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from leads.accounts.models import IdempotentAnswer
from leads.clock import real_now
from leads.db import LOCK, lock_name
from leads.errors import Conflict
from leads.round_trips import Statement, together

HOLD = Statement.of(LOCK)
EARLIER = Statement.of(
    select(IdempotentAnswer.body_hash, IdempotentAnswer.answer).where(
        IdempotentAnswer.key_id == bindparam("holder"), IdempotentAnswer.idempotency_key == bindparam("key")
    )
)


@dataclass(frozen=True)
class Answer:
    """What a caller was told: the status and the JSON text."""

    status: int
    text: str


def once(
    session: Session, key_id: uuid.UUID, idempotency_key: str | None, body: bytes, act: Callable[[], tuple[int, dict[str, Any]]]
) -> Answer:
    """Return what `act` answers, or what it answered before under this key; `body` is all that makes two requests the same.

    A second caller with the key waits for the first one's transaction; raises Conflict when it came with another body.
    """
    if idempotency_key is None:
        return _told(act)
    digest = hashlib.sha256(body).digest()
    # Whoever comes second waits here until the first has committed, and sees what it was told; or takes over if that was rolled back.
    waiting = (HOLD, {"name": lock_name("idempotency", f"{key_id}:{idempotency_key}")})
    _, found = together(session, waiting, (EARLIER, {"holder": key_id, "key": idempotency_key}))
    if found:
        return _earlier(digest, *found[0])
    answer = _told(act)
    session.add(IdempotentAnswer(key_id=key_id, idempotency_key=idempotency_key, body_hash=digest, answer=asdict(answer), at=real_now()))
    return answer


def _told(act: Callable[[], tuple[int, dict[str, Any]]]) -> Answer:
    status, content = act()
    return Answer(status, json.dumps(content, ensure_ascii=False))


def _earlier(digest: bytes, body_hash: bytes, answer: Mapping[str, Any]) -> Answer:
    if body_hash != digest:
        raise Conflict("This Idempotency-Key was used with another body. Take a new key for a new request.", code="idempotency_conflict")
    return Answer(answer["status"], answer["text"])
