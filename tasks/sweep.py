"""Every worker looks for due messages on its own timer: a clock that died must not stop the mail."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import structlog
from celery.signals import celeryd_after_setup, worker_ready, worker_shutdown, worker_shutting_down
from kombu.exceptions import OperationalError

from config.settings import settings
from leads.messages.deliver import drain, finish
from leads.messages.models import LANES
from tasks.deadlines import tell_of_broken_promises
from tasks.deliver import repair
from tasks.events import apply_events
from tasks.hand_over import open_todos
from tasks.heartbeat import show_life
from tasks.inbound import read_mail
from tasks.page import call_pager, escalate_pages, hand_over_silenced, keep_contacts_tested
from tasks.remind import remind_referrers

log = structlog.get_logger()
BATCH = 50
REPAIR_EVERY = 10.0

_end = threading.Event()
_threads: list[threading.Thread] = []


def sweep(lanes: tuple[str, ...], end: threading.Event) -> None:
    """Send what is due in these lanes again and again until `end` is set; nothing that goes wrong ends it."""
    pause = settings().handoff_sweep_seconds
    since_repair = REPAIR_EVERY
    while not end.wait(pause):
        try:
            if since_repair >= REPAIR_EVERY:
                since_repair = 0.0
                repair()
                read_mail()
                apply_events()
                open_todos()
                remind_referrers()
                tell_of_broken_promises()
                hand_over_silenced()
                keep_contacts_tested()
            while drain(lanes, limit=BATCH) and not end.is_set():
                pass
        except Exception as error:
            log.error("sweep.failed", lanes=lanes, exc_info=error)
        since_repair += pause


def watch(end: threading.Event) -> None:
    """Take the steps of alarms nobody has answered, again and again until `end` is set; nothing that goes wrong ends it.

    Apart from the mail: a server that hangs must not keep the next one on the roster from being asked.
    """
    while not end.wait(settings().handoff_sweep_seconds):
        for each in (escalate_pages, call_pager):
            try:
                each()
            except Exception as error:
                log.error("watch.failed", task=each.name, exc_info=error)


@celeryd_after_setup.connect
def _begin(instance: Any, **_: Any) -> None:
    lanes = tuple(name for name in instance.app.amqp.queues.consume_from if name in LANES)
    # Pages have a timer to themselves: behind a thousand other mails one would wait for all of them.
    for apart in (tuple(lane for lane in lanes if lane == "safety"), tuple(lane for lane in lanes if lane != "safety")):
        if apart:
            _start(sweep, apart, _end)
    if "safety" in lanes:
        _start(watch, _end)


def _start(look: Callable[..., None], *words: Any) -> None:
    thread = threading.Thread(target=look, args=words, name=look.__name__, daemon=True)
    _threads.append(thread)
    thread.start()


@worker_ready.connect
def _greet(sender: Any, **_: Any) -> None:
    for queue in sender.app.amqp.queues.consume_from:
        with suppress(OperationalError, OSError):
            show_life.apply_async(args=(queue,), queue=queue, retry=False)


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    _end.set()
    # A task may have hundreds of messages before it: killed among them, those on their way would be unknown.
    finish()


@worker_shutdown.connect
def _wait(**_: Any) -> None:
    # A message in `sending` when the process ends becomes `unknown`: let the one at hand be written down.
    for thread in _threads:
        thread.join(5)
