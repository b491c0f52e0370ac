"""What the broker and its tasks cost beside the mail they carry, and whether a worker grows with what it has sent."""

import os
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psutil
import psycopg

from benchmarks import data
from benchmarks.delivery import prepare, work
from benchmarks.measure import Row, grows
from benchmarks.sink import sink
from benchmarks.stage import Stage
from config.settings import settings
from leads import db
from leads.local import commands
from leads.messages import deliver

A_TASK_DRAINS = 500


def rows(stage: Stage) -> Iterator[Row]:
    """Yield the CPU of hints a message, and (long form) the memory of a worker after 100,000 messages."""
    rounds = 1 if stage.quick else 5
    url = stage.new_database("overhead", like_ours=True)
    with sink() as port:
        os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{port}"
        data.use(url)
        pairs = [(_a_hint(stage) / A_TASK_DRAINS, _a_message(port)) for _ in range(rounds)]
        name = f"broker and task overhead, a hint for {A_TASK_DRAINS} messages"
        yield grows(name, "ms of CPU a message", pairs, against="CPU of a message", must=0.05, aim=0.02)
        if stage.long:
            yield grows("memory of a worker after 100,000 messages", "MB", [_memory(url, port)], against="after 1,000", must=1.1, aim=1.0)
    db.engine().dispose()
    data.use(stage.database_url)


def _a_hint(stage: Stage) -> float:
    """Return the milliseconds of CPU one hint costs: handed out, taken up, and nothing found to do."""
    from tasks.deliver import deliver as task

    count = 300 if stage.quick else 1_000
    with (stage.folder / "hints.log").open("wb") as log:
        process = subprocess.Popen(commands.worker("everything"), stdout=log, stderr=log)
    worker = psutil.Process(process.pid)
    _wait_until_idle(worker)
    before, since = sum(worker.cpu_times()[:2]), time.process_time()
    for _ in range(count):
        task.apply_async(args=("education",), queue="education")
    _wait_until_idle(worker)
    spent = sum(worker.cpu_times()[:2]) - before + time.process_time() - since
    process.terminate()
    process.wait(30)
    return spent / count * 1000


def _wait_until_idle(worker: psutil.Process) -> None:
    """Return once the worker has used next to nothing for a second."""
    last = -1.0
    while (now := sum(worker.cpu_times()[:2])) - last > 0.05 or now < 0.5:
        last = now
        time.sleep(1)


def _a_message(port: int) -> float:
    """Return the milliseconds of CPU a worker process spends on one message."""
    prepare(200)
    db.engine().dispose()
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(_cpu_of_work, port).result() / 200


def _cpu_of_work(port: int) -> float:
    since = time.process_time()
    sent = work(port)
    assert sent == 200, f"{sent} of 200 were sent"
    return (time.process_time() - since) * 1000


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
