"""What the broker and its tasks cost beside the mail they carry, and whether a worker grows with what it has sent."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import psutil
import psycopg
import redis
from sqlalchemy import func, select

from benchmarks import data
from benchmarks.delivery import LANE, prepare
from benchmarks.measure import Row, grows, told
from benchmarks.sink import sink
from benchmarks.stage import Stage
from config.settings import settings
from leads import db
from leads.local import commands
from leads.messages import deliver
from leads.messages.models import Message

# As the clock gives its hints, but often enough that none is missed while a short backlog lasts.
A_HINT_EVERY = 1.0


def rows(stage: Stage) -> Iterator[Row]:
    """Yield the CPU of broker and tasks beside a message's, and (long form) the memory of a worker after 100,000 messages."""
    rounds, backlog = (1, 1_000) if stage.quick else (5, 3_000)
    url = stage.new_database("overhead", like_ours=True)
    with sink() as port:
        os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
        data.use(url)
        pairs = [_a_backlog(stage, backlog) for _ in range(rounds)]
        name = f"broker and task overhead, a Celery worker that drains {backlog:,} messages"
        yield grows(name, "ms of CPU a message", pairs, against="CPU of a message", must=0.05, aim=0.02)
        hints = [(_a_hint(stage), message) for _, message in pairs]
        yield told("broker and task overhead, a hint for a single message", "ms of CPU a message", hints, against="CPU of a message")
        if stage.long:
            yield grows("memory of a worker after 100,000 messages", "MB", [_memory(url, port)], against="after 1,000", must=1.1, aim=1.0)
    db.engine().dispose()
    data.use(stage.database_url)


def _a_backlog(stage: Stage, count: int) -> tuple[float, float]:
    """Return the milliseconds of CPU a message costs outside its delivery (worker, broker, whoever hints), and inside."""
    prepare(count)
    with _worker(stage) as (worker, inside):
        hint = _hint()
        outside = _spent(stage, worker)
        hinting = _hint_until_sent(hint)
        # A task's own end, and the news of it to the broker, belong to it.
        time.sleep(1)
        within = float(inside.read_text())
        beside = _spent(stage, worker) - outside + hinting - within
    return beside / count * 1000, within / count * 1000


def _hint_until_sent(hint: Callable[[], object]) -> float:
    """Hint as the clock does until nothing is left to send; returns the seconds of CPU that took here."""
    spent = 0.0
    while _left():
        since = time.process_time()
        hint()
        spent += time.process_time() - since
        time.sleep(A_HINT_EVERY)
    return spent


def _hint() -> Callable[[], object]:
    """Return what gives a hint, the broker's line open: to import and to connect is done once in the life of a process."""
    from tasks.deliver import deliver as task

    def hint() -> object:
        return task.apply_async(args=(LANE,), queue=LANE)

    hint()
    return hint


def _left() -> int:
    with db.transaction() as session:
        return session.scalar(select(func.count()).where(Message.state != "sent")) or 0


def _spent(stage: Stage, worker: psutil.Process) -> float:
    """Return the seconds of CPU of a worker and of the broker, since they began."""
    with redis.Redis.from_url(stage.redis_url) as client:
        broker = client.info("cpu")
    return float(sum(worker.cpu_times()[:2]) + broker["used_cpu_user"] + broker["used_cpu_sys"])


def _a_hint(stage: Stage) -> float:
    """Return the milliseconds of CPU one hint costs: handed out, taken up, and nothing found to do."""
    count = 300 if stage.quick else 1_000
    with _worker(stage) as (worker, _):
        hint = _hint()
        before, since = _spent(stage, worker), time.process_time()
        for _ in range(count):
            hint()
        _wait_until_idle(worker)
        return (_spent(stage, worker) - before + time.process_time() - since) / count * 1000


@contextmanager
def _worker(stage: Stage) -> Iterator[tuple[psutil.Process, Path]]:
    """Run a worker, and yield it, once it has nothing more to do, and the file that has its seconds inside the draining."""
    inside = stage.folder / "inside"
    inside.write_text("0")
    command = [sys.executable, "-m", "benchmarks.counted", str(inside), *commands.worker("everything")[3:]]
    with (stage.folder / "hints.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        worker = psutil.Process(process.pid)
        _wait_until_idle(worker)
        yield worker, inside
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_idle(worker: psutil.Process) -> None:
    """Return once the worker has used next to nothing for a second."""
    last = -1.0
    while (now := sum(worker.cpu_times()[:2])) - last > 0.05 or now < 0.5:
        assert worker.status() != psutil.STATUS_ZOMBIE, "the worker has ended: see hints.log"
        last = now
        time.sleep(1)


def _memory(url: str, port: int) -> tuple[float, float]:
    with psycopg.connect(url, autocommit=True) as connection:
        data.messages(connection, 100_000, due=100_000, lane="transactional")
    db.engine().dispose()
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(_sizes, port).result()


def _sizes(port: int) -> tuple[float, float]:
    db.engine.cache_clear()
    os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
    settings.cache_clear()
    me, sizes = psutil.Process(), dict[int, float]()
    sent = 0
    while done := deliver.drain(("transactional",), limit=500):
        sent += done
        sizes[sent] = me.memory_info().rss / 2**20
    return sizes[max(sizes)], sizes[min(size for size in sizes if size >= 1_000)]
