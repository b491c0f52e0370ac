"""Faults of the servers beneath: Redis wiped and killed, PostgreSQL stopped and killed, lines cut, disks full."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults import before, witness
from tests.faults.plants import LEASE
from tests.faults.relay import relay
from tests.faults.run import Run
from tests.faults.table import Breaks, Impossible, fault

OLD, NEW = "the-commit-before", "the-new-one"
GROWING = ("messages", "audit_entries", "delivery_attempts")
HINTED = ("transactional-1", "everything-1", "everything-2", "beat-1")


@fault("Redis wiped under load", quick=45, long=1_500)
def redis_wiped(run: Run, count: int) -> None:
    run.work(*HINTED)
    run.post(count)
    for _ in range(20 if run.long else 5):
        run.strike(run.house.flush_redis())
        time.sleep(0.1)


@fault("Redis killed and started empty under load", quick=45, long=1_500)
def redis_restarted(run: Run, count: int) -> None:
    run.work(*HINTED)
    run.post(count)
    run.until("taken", 0.1)
    run.must_strike = 5 if run.long else 1
    for _ in range(run.must_strike):
        run.strike()
        run.house.restart_redis(away=1.0)


def _stopped(how: signal.Signals) -> Breaks:
    def breaks(run: Run, count: int) -> None:
        run.work()
        run.must_strike = 5 if run.long else 1
        for _ in range(run.must_strike):
            run.post(count // run.must_strike)
            run.until("taken", 0.1)
            run.strike()
            run.house.restart_postgres(how, away=0.5)

    return breaks


fault("PostgreSQL stopped and started under load", quick=45, long=1_500)(_stopped(signal.SIGINT))
fault("PostgreSQL stopped at once", quick=45, long=1_500, ci=False)(_stopped(signal.SIGQUIT))
fault("PostgreSQL killed", quick=45, long=1_500)(_stopped(signal.SIGKILL))


@fault("cut off from the database for longer than the lease", quick=45, long=1_000)
def cut_off(run: Run, count: int) -> None:
    with relay(run.house.home.sockets) as line:
        run.house.keep("everything-3", "transactional-3", DATABASE_URL=line.url)
        run.post(count)
        run.until("taken", 0.2)
        run.strike()
        line.cut()
        run.house.keep("everything-3", "transactional-3", "everything-1", "transactional-1", DATABASE_URL=run.house.home.url)
        time.sleep(LEASE + 1)
        line.mend()
        # Whoever was cut off knows what became of its mails, and says so as soon as it can.
        run.hear()


@fault("the journal's disk is full", quick=24, long=300)
def journal_full(run: Run, count: int) -> None:
    run.house.end_workers()
    with small_disk(run.house.folder / "journal", "64k") as disk:
        fill(disk)
        run.strike()
        run.work()
        run.post(count)
        run.must_log("builtins.OSError")
        (disk / "filler").unlink()
        run.settle()
        run.house.end_workers()


@fault("PostgreSQL's disk is full", quick=60, long=1_000)
def database_full(run: Run, count: int) -> None:
    run.house.end_workers()
    with small_disk(run.house.folder / "tablespace", "64m", run.house.home.user) as disk:
        run.house.query(f"CREATE TABLESPACE small LOCATION '{disk}'")
        run.post(count)
        for table in GROWING:
            run.house.query(f"ALTER TABLE {table} SET TABLESPACE small")
            # Packed, for room inside the pages would let them go on for a while.
            run.house.query(f"VACUUM FULL {table}")
        fill(disk)
        run.strike()
        run.work()
        run.must_log("No space left on device")
        (disk / "filler").unlink()
        run.settle()
        run.house.end_workers()
        for table in GROWING:
            run.house.query(f"ALTER TABLE {table} SET TABLESPACE pg_default")
        run.house.query("DROP TABLESPACE small")


@contextmanager
def small_disk(folder: Path, size: str, user: str | None = None) -> Iterator[Path]:
    """Mount a small disk for as long as the block lasts; raises Impossible where this machine does not let us."""
    folder.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        raise Impossible("a small tmpfs cannot be mounted here: run it as root, outside a container that forbids it")
    try:
        if user:
            shutil.chown(folder, user)
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def fill(disk: Path) -> None:
    """Leave not a byte free."""
    with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"\0" * 4096):
            pass


@fault("a worker of the commit before beside a new one", quick=30, long=600)
def the_commit_before(run: Run, count: int) -> None:
    old, url = before.unpack(run.house.folder / "before"), f"{run.house.home.url}&application_name="
    run.house.end_workers()
    theirs = {"PYTHONPATH": str(old), "DATABASE_URL": url + OLD}
    workers = [run.house.child(f"before-{kind}", before.worker(kind), **theirs) for kind in ("transactional", "everything")]
    for worker in workers:
        worker.start()
    try:
        # Alone at first, for only then is it sure to be at work when the new one comes.
        run.post(count // 2)
        run.until("answered", 1.0)
        alone = witness.let_go_by(run.house, OLD)
        run.work("transactional-1", "everything-1", DATABASE_URL=url + NEW)
        _until_both_send(run, alone, count // 4)
        run.must_strike = count // 4
        run.strike(witness.let_go_by(run.house, OLD))
    finally:
        for worker in workers:
            worker.ask_to_end()
            worker.end(time.monotonic() + 8)


def _until_both_send(run: Run, alone: int, count: int) -> None:
    """Put messages down until the old one, who let go `alone` by itself, and the new one have each let some go side by side."""
    for _ in range(10):
        run.post(count)
        run.until("answered", 1.0)
        if witness.let_go_by(run.house, OLD) > alone and witness.let_go_by(run.house, NEW):
            return
    run.trouble.append("the old and the new one never both sent")


@fault("its metrics are read meanwhile", quick=15, long=100)
def metrics_read(run: Run, count: int) -> None:
    run.house.start_web()
    run.work()
    run.post(count)
    run.until("answered", 0.5)
    run.strike()
    run.house.scrape()
