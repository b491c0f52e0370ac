"""The Celery app, its queues and, in words, all that the clock does."""

from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init
from kombu import Exchange, Queue

import leads.models  # noqa: F401
from config import logging
from config.settings import SettingsError, settings
from leads.clinic.profile import clinic
from leads.messages.models import LANES
from leads.messages.templates import catalogue
from leads.sequences.definitions import sequences

QUEUES = (*LANES, "housekeeping")
SHORT = {"socket_timeout": 5, "socket_connect_timeout": 3, "socket_keepalive": True, "health_check_interval": 15}
# Receipts kept in Redis would bring back hints nobody misses, and one that Redis was away for is owed for ever: a worker that owes as
# many as it may take at once takes nothing more, and is deaf until it is started anew (kombu 5.7).
WITHOUT_RECEIPTS = {"ack_emulation": False}


def every(seconds: float, task: str, *words: str, queue: str = "housekeeping") -> dict[str, Any]:
    """Return a beat entry; a hint that waited longer than the next one takes to come is thrown away."""
    return {"task": task, "schedule": seconds, "args": words, "options": {"queue": queue, "expires": max(10.0, 2 * seconds)}}


BEAT = {
    "deliver safety pages, every 2 seconds": every(2, "tasks.deliver.deliver", "safety", queue="safety"),
    "page the next one where nobody has answered, every 5 seconds": every(5, "tasks.page.escalate_pages", queue="safety"),
    "call the pager service, every 5 seconds": every(5, "tasks.page.call_pager", queue="safety"),
    "have somebody call where a hold keeps a visit's mail back, every 30 seconds": every(30, "tasks.page.hand_over_silenced"),
    "test who is on call once a week, in office hours, and tell who did not answer, every 30 seconds": every(
        30, "tasks.page.keep_contacts_tested"
    ),
    "deliver what is due in the transactional lane, every 2 seconds": every(
        2, "tasks.deliver.deliver", "transactional", queue="transactional"
    ),
    "deliver what is due in the reminder lane, every 5 seconds": every(5, "tasks.deliver.deliver", "reminder", queue="reminder"),
    "deliver what is due in the education lane, every 5 seconds": every(5, "tasks.deliver.deliver", "education", queue="education"),
    "repair what a dead worker left, every 10 seconds": every(10, "tasks.deliver.repair"),
    "read the mail that came in, every 5 seconds": every(5, "tasks.inbound.read_mail"),
    "apply what came back by mail, every 5 seconds": every(5, "tasks.events.apply_events"),
    "fetch the certificates that news of our mail is signed with, every 10 seconds": every(10, "tasks.events.fetch_certificates"),
    "open the to-dos of sequences whose time has come, every 30 seconds": every(30, "tasks.hand_over.open_todos"),
    "end the offers of visits that nobody answered, every minute": every(60, "tasks.offers.expire_offers"),
    "remind referrers who owe us an answer, every minute": every(60, "tasks.remind.remind_referrers"),
    "tell supervisors of broken promises, every minute": every(60, "tasks.deadlines.tell_of_broken_promises"),
    "knock where referrers have subscribed to news, every 10 seconds": every(10, "tasks.hooks.call_hooks"),
    "go on with spreadsheets that are being brought in, every 2 seconds": every(2, "tasks.imports.work_on_imports"),
    "tell of approvals of mails that ran out, every 5 minutes": every(300, "tasks.wording.tell_of_lapsed_approvals"),
    "tell offices of new leads and of mails that did not arrive, every minute": every(60, "tasks.wording.tell_staff"),
    "send the morning's numbers to who wants them, every 5 minutes": every(300, "tasks.wording.send_daily_briefs"),
    "seal the audit trail, every 2 seconds": every(2, "tasks.seal.seal_audit"),
    "make people findable by name who are not yet, every minute": every(60, "tasks.housekeeping.find_names"),
    "throw away old counters, idempotent answers and sessions, every hour": every(3600, "tasks.housekeeping.throw_away"),
    **{
        f"show that the {queue} queue is worked, every 10 seconds": every(10, "tasks.heartbeat.show_life", queue, queue=queue)
        for queue in QUEUES
    },
}


def _broker() -> str:
    url = settings().redis_url
    if url is None:
        raise SettingsError("No Redis: set REDIS_URL, or start the embedded one with `handoff up`.")
    return url.get_secret_value()


# A worker that cannot read the clinic must not start: without the crisis text no mail may go out.
clinic()
app = Celery(
    "handoff",
    broker=_broker(),
    include=[
        "tasks.deadlines",
        "tasks.deliver",
        "tasks.events",
        "tasks.hand_over",
        "tasks.heartbeat",
        "tasks.hooks",
        "tasks.housekeeping",
        "tasks.inbound",
        "tasks.imports",
        "tasks.offers",
        "tasks.page",
        "tasks.remind",
        "tasks.seal",
        "tasks.sweep",
        "tasks.wording",
    ],
)
app.conf.update(
    beat_schedule=BEAT,
    beat_schedule_filename=str(Path(settings().handoff_data_dir) / "run" / "beat"),
    beat_max_loop_interval=2,
    # Each with a routing key of its own: left to its default, every queue would get every hint.
    task_queues=[Queue(name, Exchange("handoff"), routing_key=name) for name in QUEUES],
    task_default_exchange="handoff",
    task_default_routing_key="housekeeping",
    task_default_queue="housekeeping",
    task_create_missing_queues=False,
    # Results would be one more place where something about a patient could come to lie.
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    # A hint that waits in a busy worker's hands helps nobody; in Redis the next free one takes it.
    worker_prefetch_multiplier=1,
    # Remote control lets whoever reaches Redis stop our workers; nothing here needs it.
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options=SHORT | WITHOUT_RECEIPTS,
)


@setup_logging.connect
def _log_as_we_do(**_: Any) -> None:
    logging.configure("celery")


@worker_init.connect
def _read_what_it_will_say(**_: Any) -> None:
    # Left to the first tasks, each of a worker's threads would read all of it for itself.
    catalogue()
    sequences()
