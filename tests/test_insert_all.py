"""New rows go to the database together, and are afterwards what rows that were flushed one by one would be."""

import subprocess
import sys
from contextlib import suppress

import pytest
from sqlalchemy import event, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leads import db
from leads.audit.models import AuditEntry
from leads.audit.trail import record, record_about
from leads.clock import now
from leads.db import Base, new_id
from leads.insert_all import _order
from leads.messages.models import Heartbeat
from leads.people.models import Person
from leads.pipeline.models import Lead, StageChange
from tests.cast import ACTOR, make_lead


def test_rows_are_inserted_in_the_order_in_which_they_were_made(session: Session) -> None:
    lead = make_lead(session)
    assert session.scalars(select(Lead.id).where(Lead.person_id == lead.person_id)).one() == lead.id


def test_what_the_database_fills_in_is_known_at_once(session: Session) -> None:
    first, second = make_lead(session), make_lead(session)
    assert second.serial == first.serial + 1


def test_a_row_can_be_changed_after_it_was_inserted(session: Session) -> None:
    lead = make_lead(session)
    lead.stage = "contacted"
    session.flush()
    assert session.scalars(select(Lead.stage).where(Lead.id == lead.id)).one() == "contacted"
    assert inspect(lead).persistent


def test_json_and_encrypted_cells_come_back_as_they_were(session: Session) -> None:
    person = session.get_one(Person, make_lead(session).person_id)
    record(session, "test.happened", person, actor=ACTOR, number=7, words=None)
    record(session, "test.happened", person, actor=ACTOR, number=8)
    session.flush()
    session.expire_all()
    details = session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "test.happened").order_by(AuditEntry.id)).all()
    assert details == [{"number": 7, "words": None}, {"number": 8}]
    assert person.given_name == "Ana"


def test_many_rows_take_one_round_trip(session: Session) -> None:
    asked: list[str] = []
    session.add_all(Heartbeat(worker=f"worker {number}", at=now()) for number in range(20))
    listen = lambda *told: asked.append(told[2])  # noqa: E731
    event.listen(db.engine(), "before_cursor_execute", listen)
    session.flush()
    event.remove(db.engine(), "before_cursor_execute", listen)
    assert [each for each in asked if "INSERT" in each] == []
    assert len(session.scalars(select(Heartbeat.id)).all()) == 20


def test_a_row_that_may_not_be_is_refused_as_ever_and_names_no_value(session: Session) -> None:
    beats = [Heartbeat(id=new_id(), worker="the same", at=now()) for _ in range(2)]
    with pytest.raises(IntegrityError) as refusal, session.begin_nested():
        session.add_all(beats)
    assert "parameters" not in str(refusal.value)
    assert session.scalars(select(Heartbeat.id)).all() == []


def test_ids_made_in_one_moment_keep_their_order() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert ids == sorted(ids)
    assert {each.version for each in ids} == {7}


def _happened(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.startswith("test.")).order_by(AuditEntry.id)))


def test_what_is_only_written_goes_alone_and_when_somebody_asks(session: Session) -> None:
    record_about(session, "test.alone", "leads", None, actor=ACTOR)
    assert _happened(session) == ["test.alone"]
    session.commit()
    session.rollback()
    assert _happened(session) == ["test.alone"]


def test_a_savepoint_that_is_rolled_back_takes_what_was_written_in_it(session: Session) -> None:
    record_about(session, "test.before", "leads", None, actor=ACTOR)
    with suppress(ZeroDivisionError), session.begin_nested():
        record_about(session, "test.within", "leads", None, actor=ACTOR)
        _ = 1 / 0
    record_about(session, "test.after", "leads", None, actor=ACTOR)
    assert _happened(session) == ["test.before", "test.after"]


def test_what_is_rolled_back_is_not_sent_with_what_comes_next(session: Session) -> None:
    record_about(session, "test.gone", "leads", None, actor=ACTOR)
    session.rollback()
    record_about(session, "test.stays", "leads", None, actor=ACTOR)
    assert _happened(session) == ["test.stays"]


def test_what_is_added_twice_is_written_once(session: Session) -> None:
    entry = record_about(session, "test.once", "leads", None, actor=ACTOR)
    session.add(entry)
    assert _happened(session) == ["test.once"]


def test_what_a_session_lets_go_is_not_written(session: Session) -> None:
    record_about(session, "test.let-go", "leads", None, actor=ACTOR)
    session.expunge_all()
    assert _happened(session) == []


def test_what_a_savepoint_took_back_is_not_there_any_more(session: Session) -> None:
    beats = [Heartbeat(worker=f"worker {number}", at=now()) for number in range(2)]
    with suppress(ZeroDivisionError), session.begin_nested():
        session.add_all(beats)
        session.flush()
        _ = 1 / 0
    assert [session.get(Heartbeat, beat.id) for beat in beats] == [None, None]


def test_rows_of_one_table_may_be_given_different_things(session: Session) -> None:
    lead = make_lead(session)
    session.add_all(
        [
            StageChange(lead_id=lead.id, from_stage=None, to_stage="new", actor=ACTOR, at=now(), reason="because"),
            StageChange(lead_id=lead.id, to_stage="contacted", at=now(), actor=ACTOR),
        ]
    )
    found = session.scalars(select(StageChange).where(StageChange.lead_id == lead.id, StageChange.actor == ACTOR).order_by(StageChange.id))
    assert [(each.to_stage, each.from_stage, each.reason) for each in found][-2:] == [("new", None, "because"), ("contacted", None, None)]


def test_what_a_row_was_not_given_is_none_without_asking(session: Session) -> None:
    lead = make_lead(session)
    session.flush()
    assert vars(lead)["closed_at"] is None


def test_a_process_that_knows_few_tables_writes_too() -> None:
    alone = "from leads.audit.models import AuditEntry; from leads.insert_all import _place_of; print(_place_of(AuditEntry()))"
    told = subprocess.run([sys.executable, "-c", alone], capture_output=True, text=True, check=True)
    assert told.stdout.strip().isdecimal()


def test_parents_come_before_those_who_name_them() -> None:
    order = _order(Base.metadata, len(Base.metadata.tables))
    named = [(key.column.table.name, table.name) for table in Base.metadata.tables.values() for key in table.foreign_keys]
    assert [(parent, child) for parent, child in named if parent != child and order[parent] >= order[child]] == []
