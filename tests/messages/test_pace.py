"""Mail goes out as fast as others let us, never in a flood, and at a low pace where Redis is away; by real seconds."""

import time
from collections.abc import Callable
from datetime import date

import pytest
import redis
from hypothesis import given
from hypothesis import settings as few
from hypothesis import strategies as st

from leads.clinic.profile import Rates
from leads.local.redis import free_port
from leads.messages.pace import Bucket, Pace, Wait

Configure = Callable[..., None]


@pytest.fixture
def two(redis_url: str) -> tuple[Pace, Pace]:
    """The pace of two processes, over an empty Redis."""
    redis.Redis.from_url(redis_url).flushall()
    return Pace(redis_url), Pace(redis_url)


def take(pace: Pace, domain: str = "example.com", lane: str = "education", **told: int) -> Wait | None:
    return pace.take(carrier="smtp", domain=domain, lane=lane, **told)


def taken(pace: Pace, tries: int, **what: str) -> int:
    return sum(take(pace, **what) is None for _ in range(tries))  # type: ignore[arg-type]


def test_without_rates_nothing_waits_and_redis_is_not_asked() -> None:
    assert take(Pace(f"redis://127.0.0.1:{free_port()}/0")) is None


def test_two_processes_share_one_rate(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 10})
    assert taken(two[0], 20) + taken(two[1], 20) == pytest.approx(8, abs=3)


def test_one_domains_rate_does_not_slow_another(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 100, "domains": {"slow.example.com": 1}})
    assert take(two[0], "slow.example.com") is None
    assert take(two[0], "slow.example.com") is not None
    assert take(two[0], "example.com") is None


def test_a_wait_says_how_long_and_taking_then_succeeds(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 4})
    while not (wait := take(two[0])):
        pass
    assert 0 < wait.seconds < 0.5
    time.sleep(wait.seconds + 0.01)
    assert take(two[0]) is None


def test_what_answers_somebody_is_not_starved_by_the_rest(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(rates={"per_second": 20, "per_domain_per_second": 20})
    taken(two[0], 40)
    assert taken(two[0], 10, lane="transactional") >= 3


def next_wait(pace: Pace) -> float:
    """Take what may go now, wait out the pause and take once more; the wait after that is the bucket's own spacing."""
    while not (wait := take(pace, lane="transactional")):
        pass
    time.sleep(wait.seconds + 0.002)
    assert take(pace, lane="transactional") is None
    after = take(pace, lane="transactional")
    assert after is not None
    return after.seconds


def test_a_carrier_that_has_too_much_is_given_half_and_then_a_quarter(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(rates={"per_second": 20, "per_domain_per_second": 20})
    assert next_wait(two[0]) == pytest.approx(0.05, abs=0.02)
    two[0].slow_down("smtp")
    assert next_wait(two[1]) == pytest.approx(0.10, abs=0.03)
    two[0].slow_down("smtp")
    assert next_wait(two[1]) == pytest.approx(0.20, abs=0.05)


def test_late_mail_is_spread_over_time(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(catch_up_per_minute=60)
    places = [two[number % 2].place_late() for number in range(40)]
    assert places[0] == 0
    assert places == sorted(places)
    assert 15 < places[-1] < 25


def test_an_emptied_redis_only_forgets_counts(two: tuple[Pace, Pace], redis_url: str, configure: Configure) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 1})
    taken(two[0], 3)
    redis.Redis.from_url(redis_url).flushall()
    assert take(two[0]) is None


def test_without_redis_each_process_keeps_a_low_rate(configure: Configure) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 100, "without_redis_per_second": 5})
    alone = Pace(f"redis://127.0.0.1:{free_port()}/0")
    since = time.monotonic()
    assert taken(alone, 50) == 1
    assert time.monotonic() - since < 2
    assert alone.place_late() == pytest.approx(0.2, abs=0.2)


def test_redis_is_used_again_once_it_is_back(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 100, "without_redis_per_second": 1})
    pace = two[0]
    pace._away(OSError())
    assert taken(pace, 5) == 1
    pace.away_until = time.monotonic() - 1
    assert taken(pace, 5) == 5


def test_a_used_up_day_waits_for_the_next(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(day_quota=3)
    assert taken(two[0], 5) == 3
    wait = take(two[1])
    assert wait is not None
    assert wait.reason == "day-quota"
    assert 0 < wait.seconds <= 25 * 3600
    assert take(two[1], lane="transactional") is None


def test_a_day_that_redis_forgot_is_counted_on_from_the_database(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(day_quota=3)
    assert take(two[0], sent_today=2) is None
    assert take(two[0], sent_today=2) is not None


def test_redis_never_holds_a_domain(two: tuple[Pace, Pace], redis_url: str, configure: Configure) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 100}, warm_up={"starts": date(2026, 1, 1), "first_day": 5, "growth": 2})
    take(two[0], "ana-rivera.example.com")
    two[0].place_late()
    two[0].slow_down("smtp")
    server = redis.Redis.from_url(redis_url)
    held = b" ".join(key + b"=" + bytes(server.get(key) or b"") for key in server.scan_iter())
    assert b"rivera" not in held
    assert b"example" not in held


@given(st.floats(0.1, 1000), st.floats(1, 100))
@few(max_examples=50, deadline=None)
def test_a_buckets_leeway_is_what_may_go_at_once(rate: float, at_once: float) -> None:
    bucket = Bucket("x", rate, at_once)
    assert bucket.leeway == pytest.approx((at_once - 1) * bucket.spacing)


@pytest.mark.parametrize("wrong", [{"per_second": 0, "per_domain_per_second": 1}, {"per_second": 1}])
def test_a_rate_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="per_"):
        Rates.model_validate(wrong)
