"""A message that may not go yet waits a moment, or is planned for its turn; it is never dropped and costs none of its tries."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import redis
from sqlalchemy.orm import Session

from leads.clock import now
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.switch import stops
from tests.cast import make_confirmed_person
from tests.smtp_server import ScriptedServer

Due = Callable[..., Message]
Configure = Callable[..., None]
Advance = Callable[[timedelta], None]
Freeze = Callable[[datetime], AbstractContextManager[object]]


pytestmark = pytest.mark.usefixtures("an_empty_queue")


def test_after_an_outage_mail_trickles_instead_of_flooding(
    session: Session, tuesday: Advance, due: Due, carrier: SmtpCarrier, server: ScriptedServer, configure: Configure
) -> None:
    configure(caps={"a_day": 100, "a_week": 100}, catch_up_per_minute=6)
    late = [due(lane="reminder", due_at=now() - timedelta(days=1)) for _ in range(25)]
    drain(LANES, carrier=carrier)
    assert 20 <= len(server.mails) <= 22
    session.expire_all()
    waiting = sorted(each.due_at for each in late if each.state == "planned")
    assert now() < waiting[0] < waiting[-1] < now() + timedelta(seconds=100)
    tuesday(timedelta(seconds=100))
    drain(LANES, carrier=carrier)
    assert len(server.mails) == 25


BY_DAY = {"office": "woodbury", "rule": {"from": "09:00", "to": "18:00", "business_days": True}}
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize("back", [datetime(2026, 10, 14, 2, tzinfo=NEW_YORK), datetime(2026, 10, 14, 10, tzinfo=NEW_YORK)], ids=str)
def test_back_after_ten_days_the_opening_of_a_window_lets_no_flood_through(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, configure: Configure, freeze: Freeze, back: datetime
) -> None:
    configure(caps={"a_day": 1000, "a_week": 1000}, catch_up_per_minute=6)
    with freeze(back):
        for _ in range(60):
            due(lane="reminder", due_at=now() - timedelta(days=10), useful_until=None, window=BY_DAY)
        drain(LANES, carrier=carrier)
    opening = max(back, back.replace(hour=9)) + timedelta(seconds=1)
    gone = [_gone_by(opening + timedelta(seconds=later), freeze, carrier, server) for later in (0, 100, 400)]
    assert 20 <= gone[0] <= 22
    assert 30 <= gone[1] <= 33
    assert gone[2] == 60


def _gone_by(moment: datetime, freeze: Freeze, carrier: SmtpCarrier, server: ScriptedServer) -> int:
    with freeze(moment):
        drain(LANES, carrier=carrier)
    return len(server.mails)


def test_what_came_late_and_lost_its_turn_gets_another(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, configure: Configure, tuesday: Advance
) -> None:
    configure(caps={"a_day": 1000, "a_week": 1000}, catch_up_per_minute=1)
    late = [due(lane="reminder", moved_by=["catch-up", "cap"]) for _ in range(22)]
    drain(LANES, carrier=carrier)
    session.expire_all()
    assert [each.moved_by for each in late if each.state == "planned"] == [["catch-up", "cap", "catch-up"]] * 2
    tuesday(timedelta(minutes=3))
    drain(LANES, carrier=carrier)
    assert len(server.mails) == 22


def test_what_a_cap_put_off_on_an_ordinary_day_needs_no_turn(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, configure: Configure
) -> None:
    configure(caps={"a_day": 1000, "a_week": 1000}, catch_up_per_minute=1)
    for _ in range(22):
        due(lane="reminder", local_due=(now() - timedelta(days=3)).isoformat(), moved_by=["cap"])
    drain(LANES, carrier=carrier)
    assert len(server.mails) == 22


def test_what_has_outlived_its_use_meanwhile_does_not_go(
    session: Session, tuesday: Advance, due: Due, carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    old = due(lane="reminder", due_at=now() - timedelta(days=10), useful_until=now() - timedelta(days=9))
    drain(LANES, carrier=carrier)
    session.refresh(old)
    assert (old.state, old.reason) == ("expired", "outlived")
    assert not server.mails


@pytest.mark.parametrize("poison", [{"template": "no-longer-there"}, {"local_due": "some day"}], ids=str)
def test_what_cannot_be_judged_late_stops_nobody_else(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, poison: dict[str, str]
) -> None:
    late = {"lane": "reminder", "due_at": now() - timedelta(hours=2)}
    broken, other = due(**late), due(**late)
    for name, value in poison.items():
        setattr(broken, name, value)
    session.flush()
    drain(LANES, carrier=carrier)
    session.refresh(other)
    assert other.state == "sent"


def test_a_slow_domain_is_planned_for_its_turn_and_holds_up_nobody(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, configure: Configure
) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 100, "domains": {"example.com": 0.1}})
    first, second = due(lane="reminder"), due(lane="reminder")
    drain(LANES, carrier=carrier)
    session.expire_all()
    assert {first.state, second.state} == {"sent", "planned"}
    waits = second if second.state == "planned" else first
    assert (waits.reason, waits.attempts) == ("domain-rate", 0)


def test_mail_to_a_slow_domain_does_not_keep_the_line_from_others(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, configure: Configure
) -> None:
    rates = {"per_second": 100, "per_domain_per_second": 100, "domains": {"example.com": 1}}
    configure(rates=rates, caps={"a_day": 100, "a_week": 100})
    slow = [due(lane="reminder") for _ in range(3)]
    other = due(lane="reminder", person_id=make_confirmed_person(session, email="ana@example.org").id)
    began = time.monotonic()
    drain(LANES, carrier=carrier)
    session.expire_all()
    assert time.monotonic() - began < 1
    assert other.state == "sent"
    assert sorted(each.state for each in slow) == ["planned", "planned", "sent"]


def test_yesterdays_count_does_not_use_up_the_new_day(
    session: Session, tuesday: Advance, due: Due, carrier: SmtpCarrier, server: ScriptedServer, configure: Configure
) -> None:
    configure(day_quota=1)
    due(lane="reminder", window=None)
    drain(LANES, carrier=carrier)
    tuesday(timedelta(days=1))
    due(lane="reminder", window=None)
    drain(LANES, carrier=carrier)
    assert len(server.mails) == 2
    assert not stops(session)


def test_a_used_up_day_rests_the_lane_where_everybody_can_see_it(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, configure: Configure
) -> None:
    configure(day_quota=1)
    for _ in range(3):
        due(lane="reminder")
    urgent = due()
    drain(("reminder", "transactional"), carrier=carrier)
    session.refresh(urgent)
    assert [(stop.lane, stop.reason) for stop in stops(session)] == [("reminder", "day-quota")]
    assert urgent.state == "sent"
    assert len(server.mails) == 2


def test_a_server_that_has_too_much_slows_us_down_and_costs_no_try(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, redis_url: str
) -> None:
    message = due()
    server.answer["MAIL"].append("421 4.3.2 too much")
    drain(LANES, carrier=carrier)
    session.refresh(message)
    assert (message.state, message.attempts) == ("planned", 0)
    assert redis.Redis.from_url(redis_url).exists("pace:slow:smtp")


def test_an_address_that_cannot_be_read_stops_only_its_own_mail(
    session: Session, due: Due, carrier: SmtpCarrier, server: ScriptedServer, configure: Configure
) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 100})
    message = due()
    session.connection().exec_driver_sql("UPDATE people SET email = 'x'")
    drain(LANES, carrier=carrier)
    session.refresh(message)
    assert (message.state, message.reason) == ("failed", "unreadable_cell")
