"""What Prometheus reads: counts and ages only, no label that tells who anybody is."""

from collections.abc import Iterator

from prometheus_client import ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from config.settings import SettingsError
from leads.db import transaction
from leads.http.ops.measures import by_state, silence, waiting
from leads.http.ops.requests import registry
from leads.messages.journal import set_aside
from leads.safety.models import Alarm
from leads.safety.oncall import roster
from leads.safety.page import OPEN


def exposition() -> bytes:
    """Return the metrics of this process and of the database as Prometheus text."""
    return generate_latest(registry)


class MailCollector(Collector):
    """Asks the database at each scrape, so that every process tells the same."""

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return nothing: asking the database already when the module is imported would be too soon."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges; while the database does not answer, only that."""
        try:
            with transaction() as session:
                found = list(_gauges(session))
        except (SQLAlchemyError, SettingsError):
            found = []
        yield GaugeMetricFamily("handoff_database_up", "1 while the database answers.", value=float(bool(found)))
        yield from found


def _gauges(session: Session) -> Iterator[GaugeMetricFamily]:
    messages = GaugeMetricFamily("handoff_messages", "Messages by state and lane.", labels=("state", "lane"))
    for (state, lane), count in by_state(session).items():
        messages.add_metric((state, lane), count)
    yield messages
    due = GaugeMetricFamily("handoff_oldest_due_seconds", "Real seconds the oldest due message has waited.", labels=("lane",))
    for lane, seconds in waiting(session).items():
        due.add_metric((lane,), seconds)
    yield due
    reached = sum(each.counts for each in roster(session).now)
    yield GaugeMetricFamily("handoff_on_call", "People on call now who answered a test of late.", value=reached)
    ringing = session.scalar(select(func.count()).select_from(Alarm).where(*OPEN)) or 0
    yield GaugeMetricFamily("handoff_alarms_ringing", "Disclosures that nobody has taken yet.", value=ringing)
    yield GaugeMetricFamily(
        "handoff_journal_unread", "Answers of carriers in this machine's journals that nobody could read.", value=set_aside()
    )
    beats = GaugeMetricFamily("handoff_heartbeat_age_seconds", "Real seconds since a worker's last sign of life.", labels=("worker",))
    for worker, age in silence(session).items():
        if age is not None:
            beats.add_metric((worker,), age)
    yield beats


registry.register(MailCollector())
ProcessCollector(registry=registry)
