"""What a dead worker leaves behind is repaired without a blind second send."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.settings import settings
from leads.clock import now
from leads.messages.carriers.base import Receipt
from leads.messages.journal import Entry, Journal, replay, set_aside
from leads.messages.models import Message
from leads.messages.recover import BEFORE_THE_VERDICT, SETTLE_AFTER, recover, replay_journals, settle
from leads.todos.models import Todo

Due = Callable[..., Message]


def lost(session: Session, message: Message, state: str) -> Message:
    message.state, message.fence, message.lease_until = state, 7, session.scalar(select(func.now())) - timedelta(seconds=1)  # type: ignore[operator]
    session.flush()
    return message


def test_a_claim_whose_lease_ran_out_is_planned_again(session: Session, due: Due) -> None:
    message = lost(session, due(), "claimed")
    assert recover(session) == 1
    assert (message.state, message.reason, message.lost_leases) == ("planned", "worker-lost", 1)


def test_a_third_lost_lease_is_poison_and_a_person_looks(session: Session, due: Due) -> None:
    message = lost(session, due(), "claimed")
    message.lost_leases = 2
    recover(session)
    assert (message.state, message.reason) == ("failed", "poison")
    assert session.scalars(select(Todo.kind)).all() == ["phone-instead"]


def test_the_last_try_waits_until_a_failing_machine_may_have_come_to_rest(
    session: Session, due: Due, tuesday: Callable[[timedelta], None]
) -> None:
    message = lost(session, due(), "claimed")
    message.lost_leases = 1
    recover(session)
    assert (message.state, message.due_at) == ("planned", now() + BEFORE_THE_VERDICT)


def test_what_staff_were_asked_about_keeps_nothing_else_waiting(
    session: Session, due: Due, tuesday: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [due(on_unknown=policy) for policy in ("ask_staff", "ask_staff", "assume_sent")]
    for message in rows:
        message.state, message.reason, message.state_at = "unknown", "no-answer", now()
    tuesday(SETTLE_AFTER + timedelta(seconds=1))
    monkeypatch.setattr("leads.messages.recover.AT_ONCE", 1)
    assert settle(session) == 1
    assert [message.state for message in rows] == ["unknown", "unknown", "sent"]


def test_what_was_being_sent_becomes_unknown_never_planned(session: Session, due: Due) -> None:
    message = lost(session, due(), "sending")
    recover(session)
    assert (message.state, message.reason) == ("unknown", "worker-lost")


def test_a_running_lease_is_left_alone(session: Session, due: Due) -> None:
    message = lost(session, due(), "claimed")
    message.lease_until = session.scalar(select(func.now())) + timedelta(minutes=1)  # type: ignore[operator]
    session.flush()
    assert recover(session) == 0
    assert message.state == "claimed"


@pytest.mark.parametrize(
    ("policy", "state"),
    [("assume_sent", ("sent", "assumed")), ("resend_once", ("planned", "resent-once")), ("ask_staff", ("unknown", "no-answer"))],
)
def test_unknown_is_settled_by_the_steps_policy(
    session: Session, due: Due, policy: str, state: tuple[str, str], tuesday: Callable[[timedelta], None]
) -> None:
    message = due(on_unknown=policy)
    message.state, message.reason, message.state_at = "unknown", "no-answer", now()
    session.flush()
    assert settle(session) == 0
    tuesday(SETTLE_AFTER + timedelta(minutes=1))
    settle(session)
    assert (message.state, message.reason) == state


def test_what_was_resent_once_is_not_resent_again(session: Session, due: Due, tuesday: Callable[[timedelta], None]) -> None:
    message = due(on_unknown="resend_once")
    message.state, message.state_at, message.attempts = "unknown", now(), 1
    session.flush()
    tuesday(SETTLE_AFTER + timedelta(minutes=1))
    settle(session)
    assert (message.state, message.reason) == ("sent", "assumed")


def test_an_answer_read_but_not_committed_is_found_in_the_journal(session: Session, due: Due) -> None:
    message = lost(session, due(), "sending")
    recover(session)
    journal = Journal()
    journal.write(message.id, 7, Receipt(250, "2.0.0"))
    journal.close()
    assert replay_journals() == 1
    session.refresh(message)
    assert (message.state, message.reason) == ("sent", None)


def test_a_living_process_keeps_its_journal(tmp_path: Path) -> None:
    journal, found = Journal(tmp_path), list[Entry]()
    journal.write(Message().id, 1, Receipt(250))
    assert replay(found.append, tmp_path) == 0
    journal.close()
    assert replay(found.append, tmp_path) == 1
    assert replay(found.append, tmp_path) == 0


def test_half_a_line_is_no_answer(tmp_path: Path) -> None:
    journal, found = Journal(tmp_path), list[Entry]()
    journal.write(Message().id, 1, Receipt(250))
    os.pwrite(journal.file, b'{"message_id": "01', journal.end)
    journal.close()
    assert replay(found.append, tmp_path) == 1


def test_what_was_forgotten_does_not_come_back_behind_what_is_shorter(tmp_path: Path) -> None:
    journal, found = Journal(tmp_path), list[Entry]()
    journal.write(Message().id, 1, Receipt(250, "2.0.0"))
    journal.write(Message().id, 1, Receipt(250, "2.0.0"))
    journal.forget()
    journal.write(Message().id, 1, Receipt(250))
    journal.close()
    assert replay(found.append, tmp_path) == 1


def test_a_long_batch_outgrows_the_room_made_for_it(tmp_path: Path) -> None:
    journal, found = Journal(tmp_path), list[Entry]()
    for _ in range(400):
        journal.write(Message().id, 1, Receipt(250))
    journal.close()
    assert replay(found.append, tmp_path) == 400
    assert len({entry.message_id for entry in found}) == 400


def test_a_file_of_before_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = list[Entry]()
    (tmp_path / "old.log").write_text('{"message_id": "01", "fence": 1, "code": 250, "status": null}\n')
    assert replay(found.append, tmp_path) == 1


BAD_LINES = (
    b"no json\n",
    b"\xff\xfe\n",
    b"[]\n",
    b'{"fence": 1, "code": 250}\n',
    b'{"message_id": "no-id", "fence": 1, "code": 250, "status": null}\n',
)


@pytest.mark.parametrize("bad", BAD_LINES)
def test_a_line_nobody_can_read_is_set_aside_and_stops_no_other(
    session: Session, due: Due, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: bytes
) -> None:
    monkeypatch.setattr(settings(), "handoff_data_dir", tmp_path)
    messages = [lost(session, due(), "sending") for _ in range(2)]
    good = [json.dumps(vars(Entry(str(message.id), 7, 250, "2.0.0"))).encode() + b"\n" for message in messages]
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "a.log").write_bytes(good[0] + bad)
    (tmp_path / "journal" / "b.log").write_bytes(good[1])
    assert replay_journals() == 2
    session.expire_all()
    assert [message.state for message in messages] == ["sent", "sent"]
    assert (tmp_path / "journal" / "a.unread").read_bytes() == bad
    assert set_aside() == 1
    assert replay_journals() == 0


def test_what_a_newer_version_adds_to_a_line_is_passed_over(tmp_path: Path) -> None:
    found = list[Entry]()
    (tmp_path / "new.log").write_text('{"message_id": "01", "fence": 1, "code": 250, "status": null, "carrier": "smtp"}\n')
    assert replay(found.append, tmp_path) == 1
    assert not set_aside(tmp_path)


def test_what_another_process_has_told_meanwhile_stops_no_round(tmp_path: Path) -> None:
    for _ in range(2):
        journal = Journal(tmp_path)
        journal.write(Message().id, 1, Receipt(250))
        journal.close()
    told: list[Entry] = []

    def tell(entry: Entry) -> None:
        told.append(entry)
        for path in sorted(tmp_path.glob("*.log"))[1:]:
            path.unlink()

    assert replay(tell, tmp_path) == len(told) == 1


def test_while_the_database_is_away_a_journal_stays(tmp_path: Path) -> None:
    def away(entry: Entry) -> None:
        raise psycopg.OperationalError

    line = '{"message_id": "01", "fence": 1, "code": 250, "status": null}\n'
    (tmp_path / "a.log").write_text(line)
    with pytest.raises(psycopg.OperationalError):
        replay(away, tmp_path)
    assert (tmp_path / "a.log").read_text() == line
    assert not set_aside(tmp_path)


def test_an_empty_journal_leaves_no_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.close()
    assert not list(tmp_path.iterdir())
