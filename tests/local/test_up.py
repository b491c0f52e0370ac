"""`handoff up`, as a real process: it comes up, answers, refuses in one sentence, mends itself and stops cleanly."""

import json
import signal
import smtplib
import socket
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from leads.local.redis import free_port
from tests.local.conftest import System, handoff

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    with tempfile.TemporaryDirectory(prefix="handoff-") as made:
        Path(made).chmod(0o755)
        door = {"HANDOFF_INBOUND_LISTEN": f"127.0.0.1:{free_port()}"}
        system = System(Path(made) / "var", free_port(), Path(made) / "output.txt", door)
        try:
            system.start()
            yield system
        finally:
            if system.process and system.process.poll() is None:
                system.stop()


def children(system: System) -> list[psutil.Process]:
    assert system.process
    return psutil.Process(system.process.pid).children(recursive=True)


def door_of(system: System) -> int:
    return int(system.configured["HANDOFF_INBOUND_LISTEN"].partition(":")[2])


def came_back(system: System, word: str, old: int) -> bool:
    for _ in range(600):
        if any(word in child.cmdline() for child in children(system) if child.pid != old):
            return True
        time.sleep(0.1)
    return False


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=60) as response:
        return int(response.status)


def test_prints_a_line_for_each_service_and_where_it_is_ready(system: System) -> None:
    for word in ("PostgreSQL", "Redis", "mailbox", "web", "worker", "beat"):
        assert f"\n{word}" in f"\n{system.said}"
    assert f"ready {system.url}" in system.said
    assert str(system.data_dir) in system.said


def test_is_ready_when_it_says_so(system: System) -> None:
    assert get(f"{system.url}/healthz") == 200
    assert get(f"{system.url}/readyz") == 200


def test_the_first_sign_in_is_printed_and_kept_for_its_owner_only(system: System) -> None:
    kept = system.data_dir / "first-sign-in.txt"
    email, password = kept.read_text().split()
    assert email in system.said
    assert password in system.said
    assert kept.stat().st_mode & 0o077 == 0


def test_what_opens_doors_is_closed_to_others(system: System) -> None:
    for name in ("keys.json", "services.json", "logs", "run", "mailbox"):
        assert (system.data_dir / name).stat().st_mode & 0o077 == 0


def test_other_commands_find_the_running_system(system: System) -> None:
    done = handoff("alive", "web", "beat", "transactional", "--data-dir", str(system.data_dir), "--port", str(system.port))
    assert done.returncode == 0, done.stderr


def test_a_second_start_on_the_same_folder_is_refused_in_one_sentence(system: System) -> None:
    done = handoff("up", "--data-dir", str(system.data_dir), "--port", str(free_port()))
    assert done.returncode == 1
    assert done.stderr.startswith("Another `handoff up`")
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_taken_port_is_refused_in_one_sentence(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = handoff("up", "--data-dir", str(folder / "var"), "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == f"Port {port} is taken: end what listens there, or pass another with --port.\n"


def test_a_worker_that_dies_is_started_again(system: System) -> None:
    worker = next(child for child in children(system) if "transactional-1@%h" in child.cmdline())
    worker.kill()
    system.wait_for(r"worker transactional ended by itself .* starts again in 1 s")
    assert came_back(system, "transactional-1@%h", worker.pid)


def test_where_mail_servers_are_to_bring_mail_a_listener_takes_it(system: System) -> None:
    assert f"mail servers bring mail to 127.0.0.1:{door_of(system)}" in system.said
    with smtplib.SMTP("127.0.0.1", door_of(system)) as door:
        refused = door.sendmail("ana@example.com", ["postmaster@mail.elmharbor.test"], "Subject: Hello\r\n\r\nA question.\r\n")
    assert refused == {}


def test_a_listener_that_dies_is_started_again(system: System) -> None:
    listener = next(child for child in children(system) if "inbound" in child.cmdline())
    listener.kill()
    system.wait_for(r"inbound ended by itself .* starts again in 1 s")
    assert came_back(system, "inbound", listener.pid)


def test_a_place_where_nobody_can_listen_is_refused_in_one_sentence(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = handoff("up", "--data-dir", str(folder / "var"), "--port", str(free_port()), HANDOFF_INBOUND_LISTEN=f"127.0.0.1:{port}")
    assert done.returncode == 1
    assert done.stderr == f"HANDOFF_INBOUND_LISTEN: nobody can listen at 127.0.0.1, port {port} (Address already in use).\n"


def test_ctrl_c_stops_everything_and_a_second_start_finds_the_data(system: System) -> None:
    before = children(system)
    assert len(before) >= 7
    assert system.stop(signal.SIGINT) == 0
    assert not [child for child in before if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert not (system.data_dir / "services.json").exists()
    ring = json.loads((system.data_dir / "keys.json").read_text())
    system.start()
    assert "with password" not in system.said
    assert json.loads((system.data_dir / "keys.json").read_text()) == ring


def test_a_start_after_a_killed_one_ends_its_leftovers_and_works(system: System) -> None:
    left = children(system)
    assert system.process
    system.process.kill()
    system.process.wait()
    system.start()
    assert "earlier start" in system.said
    assert not [child for child in left if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert system.stop(signal.SIGTERM) == 0


def test_a_ring_that_is_gone_is_refused_and_nothing_is_made_in_its_place(system: System) -> None:
    ring, away = system.data_dir / "keys.json", system.data_dir / "away.json"
    ring.rename(away)
    done = handoff("up", "--data-dir", str(system.data_dir), "--port", str(system.port))
    assert done.returncode == 1
    assert "put the escrowed ring back" in done.stderr
    assert not ring.exists()
    away.rename(ring)
