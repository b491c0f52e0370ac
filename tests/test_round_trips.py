"""Statements of the hot path share round trips and transactions, and take nothing away from what a transaction promises."""

import psycopg
import pytest
from psycopg.errors import InFailedSqlTransaction, UniqueViolation
from sqlalchemy import bindparam, func, insert, literal, select, text
from sqlalchemy.orm import Session

from leads import db
from leads.clock import now
from leads.db import new_id, transaction
from leads.messages.models import Heartbeat
from leads.round_trips import Statement, round_trips, together
from tests.schema import change_schema

BEAT = Statement.of(insert(Heartbeat).values(id=bindparam("row"), worker=bindparam("name"), at=bindparam("moment")))
SUM = Statement.of(select(literal(2) + bindparam("other")))

SETTING = Statement.of(select(func.current_setting(bindparam("name"))))


def beat(name: str) -> tuple[Statement, dict[str, object]]:
    return BEAT, {"row": new_id(), "name": name, "moment": now()}


def written() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(Heartbeat.worker).order_by(Heartbeat.worker)))


def test_each_statement_answers_with_its_own_rows(session: Session) -> None:
    with round_trips() as trips:
        assert trips.ask((SUM, {"other": 3}), (SUM, {"other": 5})) == [[(5,)], [(7,)]]


def test_a_value_that_is_part_of_the_query_need_not_be_given(session: Session) -> None:
    assert sorted(SUM.filled({"other": 1})) == [1, 2]


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_what_was_asked_without_a_commit_is_undone() -> None:
    with round_trips() as trips:
        trips.commit(beat("kept"))
        trips.ask(beat("forgotten"))
    assert written() == ["kept"]


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_all_of_one_transaction_fails_together() -> None:
    with round_trips() as trips:
        with pytest.raises((UniqueViolation, InFailedSqlTransaction)):
            trips.commit(beat("one"), beat("twice"), beat("twice"))
        trips.undo()
        trips.commit(beat("after"))
    assert written() == ["after"]


def test_on_a_joined_connection_only_its_own_part_is_undone(session: Session) -> None:
    session.add(Heartbeat(worker="before", at=func.now()))
    session.flush()
    with round_trips() as trips:
        trips.ask(beat("forgotten"))
    assert session.scalars(select(Heartbeat.worker)).all() == ["before"]


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_the_next_one_on_the_same_connection_knows_what_is_prepared() -> None:
    for name in ("first", "second"):
        with round_trips() as trips:
            trips.commit(beat(name), beat(f"{name} again"))
    assert len(written()) == 4


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_after_the_driver_let_the_server_forget_it_is_prepared_anew() -> None:
    with round_trips() as trips:
        trips.commit(beat("before"))
    with db.engine().connect() as taken:
        taken.exec_driver_sql("DEALLOCATE ALL")
        taken.commit()
    with round_trips() as trips:
        trips.commit(beat("after"))
    assert written() == ["after", "before"]


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_a_session_prepares_anew_what_the_server_forgot_behind_its_back() -> None:
    with db.transaction() as session:
        together(session, beat("before"))
    with db.engine().connect() as taken:
        taken.exec_driver_sql("DEALLOCATE ALL")
        taken.commit()
    with db.transaction() as session:
        together(session, beat("after"))
    assert written() == ["after", "before"]


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_a_session_prepares_anew_after_a_rollback() -> None:
    with db.transaction() as session:
        together(session, beat("undone"))
        session.rollback()
    with db.transaction() as session:
        together(session, beat("kept"))
        part = session.begin_nested()
        together(session, beat("undone"))
        part.rollback()
        together(session, beat("kept too"))
    assert written() == ["kept", "kept too"]


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_a_value_that_cannot_be_said_leaves_the_connection_in_step() -> None:
    with round_trips() as trips:
        with pytest.raises(psycopg.DataError):
            trips.commit(beat("kept"), beat("no\0name"))
        trips.commit(beat("after"))
    assert written() == ["after"]


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_whoever_has_the_connection_next_finds_it_as_it_was() -> None:
    with round_trips() as trips:
        assert trips.ask((SETTING, {"name": "plan_cache_mode"})) == [[("force_generic_plan",)]]
    with transaction() as session:
        assert session.scalar(text("SHOW plan_cache_mode")) == "auto"


@pytest.mark.committed
@pytest.mark.usefixtures("database")
def test_a_commit_that_fails_is_heard_of_and_leaves_the_connection_in_step() -> None:
    at_the_end = (
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON heartbeats DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()"
    )
    change_schema("CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE unique_violation; END $$", at_the_end)
    try:
        with round_trips() as trips:
            with pytest.raises(UniqueViolation):
                trips.commit(beat("lost"))
            assert trips.ask((SUM, {"other": 3})) == [[(5,)]]
            with pytest.raises(UniqueViolation):
                trips.commit(beat("lost too"))
            assert trips.ask((SUM, {"other": 4})) == [[(6,)]]
    finally:
        change_schema("DROP FUNCTION late() CASCADE")
    assert written() == []
