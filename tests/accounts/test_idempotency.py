"""What came twice is done once."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.accounts.idempotency import Answer, once
from leads.accounts.keys import create_key
from leads.accounts.models import IdempotentAnswer
from leads.accounts.tidy import tidy
from leads.clock import real_now
from leads.db import transaction
from leads.errors import Conflict


class Counting:
    """Something that must happen once."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> tuple[int, dict[str, Any]]:
        self.times += 1
        return 201, {"number": f"L-{self.times:06d}", "id": "né", "aa": 1}


@pytest.fixture
def key_id(session: Session) -> uuid.UUID:
    return create_key(session, "Website", ["inquiries:write"])[0].id


def test_without_a_key_it_is_done_each_time(session: Session, key_id: uuid.UUID) -> None:
    act = Counting()
    assert once(session, key_id, None, b"{}", act) != once(session, key_id, None, b"{}", act)


def test_the_same_again_gets_the_same_bytes(session: Session, key_id: uuid.UUID) -> None:
    act = Counting()
    first = once(session, key_id, "abc", b"{}", act)
    session.expire_all()
    assert once(session, key_id, "abc", b"{}", act) == first
    assert act.times == 1


def test_another_body_under_the_key_is_a_conflict(session: Session, key_id: uuid.UUID) -> None:
    once(session, key_id, "abc", b"{}", Counting())
    with pytest.raises(Conflict) as refusal:
        once(session, key_id, "abc", b"{ }", Counting())
    assert (refusal.value.status, refusal.value.code) == (409, "idempotency_conflict")


def test_two_key_holders_do_not_meet(session: Session, key_id: uuid.UUID) -> None:
    other = create_key(session, "Partner", ["inquiries:write"])[0].id
    act = Counting()
    once(session, key_id, "abc", b"{}", act)
    once(session, other, "abc", b"{ }", act)
    assert act.times == 2


def test_what_failed_leaves_the_key_free(session: Session, key_id: uuid.UUID) -> None:
    def fail() -> tuple[int, dict[str, Any]]:
        raise Conflict("not now")

    with pytest.raises(Conflict), session.begin_nested():
        once(session, key_id, "abc", b"{}", fail)
    assert once(session, key_id, "abc", b"{}", Counting()).status == 201


def test_an_answer_is_forgotten_after_seven_days(session: Session, key_id: uuid.UUID) -> None:
    for name, days in (("old", 8), ("young", 6)):
        once(session, key_id, name, b"{}", Counting())
        row = session.scalars(select(IdempotentAnswer).where(IdempotentAnswer.idempotency_key == name)).one()
        row.at = real_now() - timedelta(days=days)
    session.flush()
    tidy(session)
    assert session.scalars(select(IdempotentAnswer.idempotency_key)).all() == ["young"]


@pytest.mark.committed
@pytest.mark.parametrize("ends_well", [True, False])
def test_the_second_waits_for_the_first(database: None, ends_well: bool) -> None:
    with transaction() as session:
        key_id = create_key(session, "Website", ["inquiries:write"])[0].id
    act, begun, answers = Counting(), threading.Event(), []

    def second() -> None:
        with transaction() as session:
            begun.set()
            answers.append(once(session, key_id, "abc", b"{}", act))

    thread = threading.Thread(target=second)
    first = _first(key_id, act, thread, begun, ends_well)
    thread.join(10)
    assert answers == ([first] if ends_well else [Answer(201, first.text.replace("000001", "000002"))])
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(IdempotentAnswer)) == 1


def _first(key_id: uuid.UUID, act: Counting, thread: threading.Thread, begun: threading.Event, ends_well: bool) -> Answer:
    try:
        with transaction() as session:
            answer = once(session, key_id, "abc", b"{}", act)
            thread.start()
            begun.wait(10)
            thread.join(0.3)
            assert thread.is_alive()
            if not ends_well:
                raise InterruptedError
    except InterruptedError:
        pass
    return answer
