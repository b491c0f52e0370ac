"""The clock pages on without beat, and one alarm that fails keeps no other waiting."""

import importlib
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import ModuleType

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.db import transaction
from leads.safety.disclose import disclose
from leads.safety.models import Alarm, ContactTest
from tests.cast import make_lead
from tests.safety.cast import make_roster, put_on_call


@pytest.fixture
def page(redis_url: str) -> ModuleType:
    return importlib.import_module("tasks.page")


@pytest.fixture
def sweep(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.setattr(settings(), "handoff_sweep_seconds", 0.01)
    return importlib.import_module("tasks.sweep")


def alarms(count: int) -> None:
    for _ in range(count):
        with transaction() as session:
            lead = make_lead(session)
            disclose(session, lead.person_id, lead.id, source="inquiry")


def steps() -> list[int]:
    with transaction() as session:
        return list(session.scalars(select(Alarm.step).order_by(Alarm.id)))


@pytest.mark.usefixtures("database")
def test_it_takes_the_steps_that_are_due(page: ModuleType, tuesday: Callable[[timedelta], None]) -> None:
    alarms(1)
    tuesday(timedelta(minutes=15))
    page.escalate_pages()
    page.escalate_pages()
    assert steps() == [2]


@pytest.mark.usefixtures("database")
def test_one_that_fails_keeps_no_other_waiting(
    page: ModuleType, tuesday: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    alarms(2)
    tuesday(timedelta(minutes=15))
    with transaction() as session:
        broken = session.scalars(select(Alarm.id).order_by(Alarm.id)).first()
    escalate = page.escalate

    def fail_once(session: object, alarm_id: object) -> int:
        if alarm_id == broken:
            raise RuntimeError("a row nobody can read")
        return int(escalate(session, alarm_id))

    monkeypatch.setattr(page, "escalate", fail_once)
    page.escalate_pages()
    assert steps() == [1, 2]


def test_a_worker_pages_on_by_itself_and_no_exception_ends_that(sweep: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    end, seen = threading.Event(), []

    class Task:
        name = "tasks.page.escalate_pages"

        def __call__(self) -> None:
            seen.append(self.name)
            if len(seen) == 3:
                end.set()
            raise RuntimeError("the database went away")

    monkeypatch.setattr(sweep, "escalate_pages", Task())
    monkeypatch.setattr(sweep, "call_pager", Task())
    sweep.watch(end)
    assert len(seen) >= 3


@pytest.mark.usefixtures("database")
def test_a_contact_who_cannot_be_tested_keeps_no_other_waiting(
    page: ModuleType, tuesday: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction() as session:
        ids = [each.id for each in make_roster(session)]
    put_on_call(monkeypatch, "alba@example.com", "boris@example.com", "chloe@example.com")
    send_test = page.keep_tested.send_test

    def fail_for_the_first(session: Session, account_id: uuid.UUID) -> object:
        if account_id == ids[0]:
            raise RuntimeError("the disk is full")
        return send_test(session, account_id)

    monkeypatch.setattr(page.keep_tested, "send_test", fail_for_the_first)
    page.keep_contacts_tested()
    with transaction() as session:
        assert set(session.scalars(select(ContactTest.account_id))) == set(ids[1:])
