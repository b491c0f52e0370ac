"""A worker keeps several connections going at once, and every message still goes once, or is put back whole."""

import errno
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from config.settings import settings
from leads.db import transaction
from leads.messages import deliver
from leads.messages.deliver import Backlog, drain
from leads.messages.due import Due
from leads.messages.journal import Journal
from leads.messages.models import LANES, Message
from leads.messages.outbox import post
from leads.messages.send import Line, send
from tests.cast import make_confirmed_person
from tests.smtp_server import ScriptedServer

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("database")]


@pytest.fixture(autouse=True)
def over_this_server(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    point_to(server.url, monkeypatch)


def point_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", url)
    settings.cache_clear()
    deliver._spare_lines.cache_clear()


def make_due(count: int, lane: str = "transactional", *, lost_leases: int = 0) -> None:
    with transaction() as session:
        person = make_confirmed_person(session)
        for _ in range(count):
            message = post(session, person.id, "office-location", cause="test", lane=lane, facts={"office": "woodbury"})
            message.lost_leases = lost_leases


def states() -> dict[tuple[str, str | None], int]:
    with transaction() as session:
        rows = session.execute(select(Message.state, Message.reason, func.count()).group_by(Message.state, Message.reason))
        return {(state, reason): count for state, reason, count in rows}


def test_a_backlog_goes_out_over_several_connections_each_mail_once(server: ScriptedServer) -> None:
    make_due(40)
    assert drain(LANES) == 40
    assert states() == {("sent", None): 40}
    assert set(Counter(mail["Message-ID"] for mail in server.mails).values()) == {1}
    assert server.connections > 1


def test_a_single_mail_needs_a_single_connection(server: ScriptedServer) -> None:
    make_due(1)
    assert drain(LANES) == 1
    assert server.connections == 1


def test_many_hints_at_once_send_everything_once(server: ScriptedServer) -> None:
    make_due(30)
    with ThreadPoolExecutor(6) as hints:
        assert sum(hints.map(lambda _: drain(("transactional",)), range(6))) == 30
    assert len(server.mails) == 30


def test_a_server_that_is_not_there_leaves_every_mail_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    make_due(30)
    point_to("smtp://127.0.0.1:1", monkeypatch)
    assert drain(LANES) == 0
    assert states() == {("planned", "no-carrier"): 30}


def test_a_server_that_takes_nothing_of_ours_rests_the_lane_for_all_lines(server: ScriptedServer) -> None:
    make_due(30)
    server.answer["MAIL"].extend(["550 5.7.1 blocked"] * 30)
    drain(LANES)
    assert {state for state, _ in states()} == {"planned"}
    assert drain(LANES) == 0
    assert not server.mails


def test_a_full_disk_stops_the_mail_but_forgets_nothing(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    make_due(3)

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Journal, "write", no_room)
    with pytest.raises(OSError, match="No space"):
        drain(LANES)
    assert states() == {("sent", None): 1, ("planned", None): 2}
    assert len(server.mails) == 1


def test_what_waits_too_long_for_its_turn_is_given_back_before_its_lease_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    make_due(3)
    with deliver._open_line("transactional") as line:
        backlog = Backlog("transactional", 3)
        backlog.claim_more(line.trips)
        backlog.claimed_at -= settings().handoff_lease_seconds
        [again] = backlog.take(line)
    assert again.fence == 2
    assert states() == {("claimed", None): 3}


def test_a_mail_that_came_due_while_the_lane_was_busy_is_not_forgotten(server: ScriptedServer) -> None:
    make_due(1)
    turn = deliver.TURNS["transactional"]
    with turn.taken:
        assert drain(("transactional",)) == 0
    assert turn.wanted.is_set()
    assert drain(("transactional",)) == 1


def test_of_what_was_with_the_dead_one_at_a_time_is_on_its_way_whatever_its_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    lanes, on_their_way, most = ("safety", "transactional"), threading.Semaphore(0), list[int]()
    for lane in lanes:
        make_due(3, lane, lost_leases=1)

    def look(hand: list[Due], line: Line) -> None:
        on_their_way.release()
        time.sleep(0.05)
        most.append(on_their_way._value)
        send(hand, line)
        on_their_way.acquire()

    monkeypatch.setattr(deliver, "send", look)
    with ThreadPoolExecutor(2) as hints:
        assert list(hints.map(lambda lane: drain((lane,)), lanes)) == [3, 3]
    assert most == [1] * 6
    assert states() == {("sent", None): 6}


def test_a_worker_that_is_told_to_end_gives_back_what_it_has_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    make_due(5)
    monkeypatch.setattr(deliver, "_ending", threading.Event())
    with deliver._open_line("transactional") as line:
        backlog = Backlog("transactional", 5)
        backlog.claim_more(line.trips)
        assert backlog.take(line)
        deliver.finish()
        assert backlog.take(line) == []
    assert states() == {("planned", None): 4, ("claimed", None): 1}
    assert drain(LANES) == 0
