"""The same request twice is done once and answered the same, byte for byte."""

import hashlib
import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from leads.accounts.models import IdempotentAnswer
from leads.clock import real_now
from leads.db import new_id
from leads.errors import Conflict
from leads.round_trips import Statement, together

# The unique index makes a second caller wait until the first has committed, and take over if it was rolled back.
TAKE = Statement.of(
    insert(IdempotentAnswer).on_conflict_do_nothing(index_elements=["key_id", "idempotency_key"]).returning(IdempotentAnswer.id)
)
ANSWER = Statement.of(update(IdempotentAnswer).where(IdempotentAnswer.id == bindparam("row")).values(answer=bindparam("told")))


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
    row_id = _take(session, key_id, idempotency_key, digest)
    if row_id is None:
        return _earlier(session, key_id, idempotency_key, digest)
    answer = _told(act)
    together(session, (ANSWER, {"row": row_id, "told": asdict(answer)}))
    return answer


def _told(act: Callable[[], tuple[int, dict[str, Any]]]) -> Answer:
    status, content = act()
    return Answer(status, json.dumps(content, ensure_ascii=False))


def _take(session: Session, key_id: uuid.UUID, idempotency_key: str, digest: bytes) -> uuid.UUID | None:
    row = {"id": new_id(), "key_id": key_id, "idempotency_key": idempotency_key, "body_hash": digest, "answer": None, "at": real_now()}
    ((*taken,),) = together(session, (TAKE, row))
    return taken[0][0] if taken else None


def _earlier(session: Session, key_id: uuid.UUID, idempotency_key: str, digest: bytes) -> Answer:
    row = session.scalar(
        select(IdempotentAnswer).where(IdempotentAnswer.key_id == key_id, IdempotentAnswer.idempotency_key == idempotency_key)
    )
    if row is None or row.answer is None:
        raise Conflict("The request under this Idempotency-Key has not ended. Please send it again.", code="idempotency_conflict")
    if row.body_hash != digest:
        raise Conflict("This Idempotency-Key was used with another body. Take a new key for a new request.", code="idempotency_conflict")
    return Answer(row.answer["status"], row.answer["text"])
