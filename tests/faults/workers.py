"""The workers under test, real processes: `python -m tests.faults.workers FOLDER` keeps alive whom FOLDER/roster.json names.

All are forked from one process that has imported everything, so that a killed worker is back in a third of a second;
each then runs the very command line that `handoff worker` runs.
"""

import gc
import json
import os
import signal
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from celery.signals import task_success

from tests.faults import mutants, plants

AGAIN_AFTER = 0.2


@dataclass
class Roster:
    """Whom to keep alive, and who lives."""

    folder: Path
    stamp: int = 0
    wanted: dict[str, dict[str, str]] = field(default_factory=dict)
    living: dict[int, str] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)

    def turn(self) -> None:
        """Bury the dead, kill whom nobody wants any more, fork whom somebody wants."""
        self._read()
        self._bury()
        for pid, name in self.living.items():
            if name not in self.wanted:
                os.kill(pid, signal.SIGKILL)
        for name in set(self.wanted) - set(self.living.values()):
            if time.monotonic() - self.ended.get(name, -1.0) > AGAIN_AFTER:
                self._fork(name)

    def end(self) -> None:
        """Kill everybody: what a kill does to the mail has been looked at by then."""
        for pid in self.living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _read(self) -> None:
        path = self.folder / "roster.json"
        with suppress(FileNotFoundError):
            if (stamp := path.stat().st_mtime_ns) != self.stamp:
                self.stamp, self.wanted = stamp, json.loads(path.read_text())

    def _bury(self) -> None:
        while self.living and (pid := os.waitpid(-1, os.WNOHANG)[0]):
            name = self.living.pop(pid)
            self.ended[name] = time.monotonic()
            (self.folder / "pids" / name).unlink(missing_ok=True)

    def _fork(self, name: str) -> None:
        pid = os.fork()
        if pid == 0:
            become(name, self.folder, self.wanted[name])
        self.living[pid] = name
        (self.folder / "pids" / name).write_text(str(pid))


def become(name: str, folder: Path, environment: dict[str, str]) -> None:
    """Be one worker, in this forked process, to its end."""
    os.setsid()
    log = os.open(folder / "logs" / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(environment)
    try:
        _work(name, folder)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _work(name: str, folder: Path) -> None:
    from celery.__main__ import main

    from leads.local import commands, place

    place.forget()
    plants.hurry(folder / "clock.json")
    kind, _, number = name.partition("-")
    if kind in mutants.ENGINES:
        mutants.ENGINES[kind]()
    elif kind == "echo":
        mutants.echo()
    elif kind in mutants.SPOILT:
        mutants.SPOILT[kind]()
        _run(commands.worker(number), main)
    elif kind == "beat":
        command = [part.replace(str(commands.beat_file()), f"{commands.beat_file()}-{number}") for part in commands.beat()]
        _run(command, main)
    else:
        _note_tasks(folder / "ran.log")
        _run(commands.worker(kind, number=int(number)), main)


def _note_tasks(log: Path) -> None:
    """Write down each task that has run, by its name."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @task_success.connect(weak=False)
    def note(sender: Any, **_: Any) -> None:
        os.write(file, f"{sender.name}\n".encode())


def _run(command: list[str], main: object) -> None:
    sys.argv = ["celery", *command[3:]]
    main()  # type: ignore[operator]


def prepare(folder: Path) -> None:
    """Plant what kills, then import the whole product."""
    plants.plant(folder / "plants")

    import celery.apps.beat
    import celery.bin.beat
    import celery.bin.celery
    import celery.bin.worker
    import celery.concurrency.thread
    import celery.worker.components
    import celery.worker.consumer
    import celery.worker.strategy  # noqa: F401
    import kombu.transport.redis  # noqa: F401

    import config.celery  # noqa: F401
    import tasks.deliver
    import tasks.heartbeat
    import tasks.housekeeping
    import tasks.seal  # noqa: F401
    from leads.clinic.profile import clinic
    from leads.messages.templates import catalogue
    from leads.sequences.definitions import sequences
    from tasks import sweep

    sweep.REPAIR_EVERY = plants.REPAIR
    sweep.drain = plants.stumbling(sweep.drain, folder / "plants")  # type: ignore[attr-defined]
    # Compiled once here, each fork has them at once.
    clinic(), catalogue(), sequences()
    # Shared by all forks as long as nobody writes to it, and to look through it for rings is to write.
    gc.collect()
    gc.freeze()


def main(folder: Path) -> None:
    """Keep the roster until our parent has gone or asks us to end."""
    parent = os.getppid()
    prepare(folder)
    roster = Roster(folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while os.getppid() == parent:
            roster.turn()
            time.sleep(0.03)
    finally:
        roster.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
