"""The clock opens the to-dos of sequences; one that fails keeps no other waiting."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from leads.db import transaction
from leads.sequences.definitions import Sequence
from leads.todos.models import Todo
from tests.cast import make_lead
from tests.sequences.conftest import enrolled, make_sequence, publish_only

CALL = {"key": "call-them", "todo": "call", "wait": "3 days"}
STORY: Sequence = make_sequence(CALL)


@pytest.mark.committed
def test_a_broken_enrolment_keeps_no_other_from_its_to_do(
    database: None, redis_url: str, tuesday: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tasks.hand_over import open_todos

    with transaction() as session:
        publish_only(session, monkeypatch, STORY)
        broken, whole = (enrolled(session, make_lead(session), "story") for _ in range(2))
        broken.facts = {"appointment": "no such thing"}
    tuesday(timedelta(days=3))
    open_todos()
    open_todos()
    with transaction() as session:
        assert [todo.enrolment_id for todo in session.scalars(select(Todo))] == [whole.id]
