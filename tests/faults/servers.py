"""Faults of the servers beneath: Redis wiped and killed, PostgreSQL stopped and killed, lines cut, disks full."""

import signal
import subprocess
import time

from tests.faults.plants import LEASE
from tests.faults.relay import relay
from tests.faults.run import Run
from tests.faults.table import Breaks, Impossible, fault

HINTED = ("transactional-1", "everything-1", "everything-2", "beat-1")


@fault("Redis wiped under load", quick=45, long=1_500)
def redis_wiped(run: Run, count: int) -> None:
    run.work(*HINTED)
    run.post(count)
    for _ in range(20 if run.long else 5):
        run.house.flush_redis()
        time.sleep(0.1)


@fault("Redis killed and started empty under load", quick=45, long=1_500)
def redis_restarted(run: Run, count: int) -> None:
    run.work(*HINTED)
    run.post(count)
    run.until("taken", 0.1)
    for _ in range(5 if run.long else 1):
        run.house.restart_redis(away=1.0)


def _stopped(how: signal.Signals) -> Breaks:
    def breaks(run: Run, count: int) -> None:
        run.work()
        for _ in range(5 if run.long else 1):
            run.post(count // (5 if run.long else 1))
            run.until("taken", 0.1)
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
        line.cut()
        run.house.keep("everything-3", "transactional-3", "everything-1", "transactional-1", DATABASE_URL=run.house.home.url)
        time.sleep(LEASE + 1)
        line.mend()
        time.sleep(0.5)


@fault("the journal's disk is full", quick=24, long=300)
def journal_full(run: Run, count: int) -> None:
    journal = run.house.folder / "journal"
    run.house.end_workers()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(journal)], capture_output=True, check=False).returncode:
        raise Impossible("a small tmpfs cannot be mounted here: run it as root, outside a container that forbids it")
    (journal / "filler").write_bytes(b"\0" * 12_288)
    run.work()
    run.post(count)
    time.sleep(3)
    (journal / "filler").unlink()
