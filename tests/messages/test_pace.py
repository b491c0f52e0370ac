"""Mail goes out as fast as others let us, never in a flood, and at a low pace where Redis is away; by real seconds."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from itertools import pairwise

import pytest
import redis
from hypothesis import given
from hypothesis import settings as few
from hypothesis import strategies as st
from structlog.testing import capture_logs

from leads.clinic.profile import Rates
from leads.clock import frozen
from leads.messages.pace import Bucket, Pace, Wait

Configure = Callable[..., None]
# No Redis listens there.
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def two(redis_url: str) -> tuple[Pace, Pace]:
    """The pace of two processes, over an empty Redis."""
    redis.Redis.from_url(redis_url).flushall()
    return Pace(redis_url), Pace(redis_url)


def stop(redis_url: str, *, seconds: float) -> None:
    """Make Redis silent for a while, as one that swaps or is cut off: connections stay open, and nothing answers."""
    if "@" not in redis_url:
        pytest.skip("only fakeredis here")
    redis.Redis.from_url(redis_url).client_pause(int(seconds * 1000))


def take(pace: Pace, domain: str = "example.com", lane: str = "education", **told: int) -> Wait | None:
    return pace.take(carrier="smtp", domain=domain, lane=lane, **told)


def taken(pace: Pace, tries: int, **what: str) -> int:
    return sum(take(pace, **what) is None for _ in range(tries))  # type: ignore[arg-type]


def test_without_rates_nothing_waits_and_redis_is_not_asked() -> None:
    assert take(Pace(NOBODY)) is None


def test_a_carrier_that_has_too_much_is_slowed_without_rates_too(two: tuple[Pace, Pace]) -> None:
    assert taken(two[0], 100) == 100
    two[0].slow_down("smtp")
    assert taken(two[0], 100) <= 5
    assert taken(two[0], 100, lane="transactional") <= 2
    assert two[0].take(carrier="postmark", domain="example.com", lane="education") is None


def test_told_again_without_rates_it_is_slowed_again(two: tuple[Pace, Pace], redis_url: str) -> None:
    two[0].slow_down("smtp")
    once = next_wait(two[0])
    later(redis_url)
    two[0].slow_down("smtp")
    assert next_wait(two[0]) > 1.5 * once


def test_it_is_slowed_without_rates_and_without_redis() -> None:
    alone = Pace(None)
    assert taken(alone, 100) == 100
    alone.slow_down("smtp")
    assert taken(alone, 100) == 1


def test_without_rates_the_slowness_ends(two: tuple[Pace, Pace], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.messages.pace.SLOW_FOR", 0.1)
    two[0].slow_down("smtp")
    time.sleep(0.2)
    assert taken(two[0], 100) == 100


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
    """Return the bucket's own spacing; a machine that pauses between two takes makes the wait look shorter, never longer."""
    return max(_one_wait(pace) for _ in range(3))


def _one_wait(pace: Pace) -> float:
    """Take what may go now, wait out the pause and take once more; the wait after that is the spacing."""
    while not (wait := take(pace, lane="transactional")):
        pass
    time.sleep(wait.seconds + 0.002)
    assert take(pace, lane="transactional") is None
    after = take(pace, lane="transactional")
    assert after is not None
    return after.seconds


def later(redis_url: str) -> None:
    """As though five seconds had passed since the carrier was last heard."""
    redis.Redis.from_url(redis_url).delete("pace:heard:smtp")


def slow_for(redis_url: str) -> float:
    return float(str(redis.Redis.from_url(redis_url, decode_responses=True).get("pace:slow:smtp"))) / 1000 - time.time()


def test_a_carrier_that_has_too_much_is_given_half_and_then_a_quarter(two: tuple[Pace, Pace], redis_url: str, configure: Configure) -> None:
    configure(rates={"per_second": 20, "per_domain_per_second": 20})
    assert next_wait(two[0]) == pytest.approx(0.05, abs=0.02)
    two[0].slow_down("smtp")
    assert next_wait(two[1]) == pytest.approx(0.10, abs=0.03)
    later(redis_url)
    two[0].slow_down("smtp")
    assert next_wait(two[1]) == pytest.approx(0.20, abs=0.05)


def test_eight_lines_that_hear_of_one_overload_halve_once(two: tuple[Pace, Pace], redis_url: str) -> None:
    for _ in range(8):
        two[0].slow_down("smtp")
    assert 55 < slow_for(redis_url) <= 60


def test_a_carrier_that_is_left_alone_gets_its_rate_back(two: tuple[Pace, Pace], redis_url: str, configure: Configure) -> None:
    configure(rates={"per_second": 20, "per_domain_per_second": 20})
    two[0].slow_down("smtp")
    redis.Redis.from_url(redis_url).set("pace:slow:smtp", time.time() * 1000 + 600)
    assert next_wait(two[1]) == pytest.approx(0.10, abs=0.03)
    time.sleep(max(0.0, slow_for(redis_url)))
    assert next_wait(two[1]) == pytest.approx(0.05, abs=0.03)


def test_those_a_domain_has_no_place_for_are_told_turns_one_behind_the_other(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 100, "domains": {"Slow.Example.com": 2}})
    taken(two[0], 1, domain="slow.example.com")
    turns = [wait for number in range(6) if (wait := take(two[number % 2], "slow.example.com"))]
    assert {wait.reason for wait in turns} == {"domain-rate"}
    assert [later.seconds - wait.seconds for wait, later in pairwise(turns)] == pytest.approx([0.625] * 5, abs=0.1)


def test_a_page_about_somebody_in_danger_waits_for_nothing_but_is_counted(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(rates={"per_second": 1, "per_domain_per_second": 1}, day_quota=3)
    assert taken(two[0], 5, lane="safety") == 5
    wait = take(two[1])
    assert wait is not None
    assert wait.reason == "day-quota"


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
    alone = Pace(NOBODY)
    since = time.monotonic()
    assert taken(alone, 50) == 1
    assert time.monotonic() - since < 2
    assert alone.place_late() == pytest.approx(0.2, abs=0.2)


def test_a_redis_that_does_not_answer_is_given_up_at_once_by_all_lines_with_one_word(configure: Configure) -> None:
    configure(rates={"per_second": 1000, "per_domain_per_second": 1000, "without_redis_per_second": 0.1})
    # Connections are accepted and nothing is ever said, as by a machine that swaps or a network that was cut.
    with socket.create_server(("127.0.0.1", 0)) as silent, capture_logs() as said, ThreadPoolExecutor(8) as lines:
        cut_off = Pace(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        went = sum(lines.map(lambda _: take(cut_off) is None, range(100)))
        assert time.monotonic() - began < 2
    assert (went, [line["event"] for line in said]) == (1, ["pace.redis_away"])


def test_redis_is_used_again_once_it_is_back(two: tuple[Pace, Pace], redis_url: str, configure: Configure) -> None:
    configure(rates={"per_second": 1000, "per_domain_per_second": 1000, "without_redis_per_second": 0.1})
    pace = two[0]
    stop(redis_url, seconds=1)
    assert taken(pace, 5) == 1
    redis.Redis.from_url(redis_url).ping()
    pace.away_until = 0.0
    with capture_logs() as said:
        assert taken(pace, 20) == 20
    assert [line["event"] for line in said] == ["pace.redis_back"]


def test_a_domain_that_wants_it_slower_gets_it_slower_without_redis_too(configure: Configure) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 100, "domains": {"example.com": 0.1}, "without_redis_per_second": 50})
    alone = Pace(NOBODY)
    assert take(alone) is None
    time.sleep(0.03)
    wait = take(alone)
    assert wait is not None
    assert (round(wait.seconds), wait.reason) == (10, "domain-rate")
    assert take(alone, "example.org") is None


def test_a_carrier_that_has_too_much_is_heard_without_redis_too(configure: Configure) -> None:
    configure(rates={"per_second": 100, "per_domain_per_second": 100, "without_redis_per_second": 1})
    alone = Pace(NOBODY)
    alone.slow_down("smtp")
    take(alone)
    wait = take(alone)
    assert wait is not None
    assert (round(wait.seconds), wait.reason) == (2, "rate")


def test_a_days_quota_holds_though_redis_goes_away(two: tuple[Pace, Pace], configure: Configure) -> None:
    configure(day_quota=5)
    assert taken(two[0], 3) == 3
    two[0]._note_away(OSError())
    assert taken(two[0], 5) == 2


def test_a_days_quota_outlives_an_emptied_redis(two: tuple[Pace, Pace], redis_url: str, configure: Configure) -> None:
    configure(day_quota=5)
    assert taken(two[0], 3) == 3
    redis.Redis.from_url(redis_url).flushall()
    assert taken(two[0], 5) == 2


@pytest.mark.parametrize(("moment", "day"), [("2026-10-06T23:30-04:00", b"20261006"), ("2026-10-07T00:30-04:00", b"20261007")])
def test_a_day_is_the_offices_and_not_the_servers(
    two: tuple[Pace, Pace], redis_url: str, configure: Configure, moment: str, day: bytes
) -> None:
    configure(day_quota=5)
    with frozen(datetime.fromisoformat(moment)):
        take(two[0])
    assert redis.Redis.from_url(redis_url).keys("pace:day:*") == [b"pace:day:" + day]


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
