"""How fast mail goes out: so many a second to a provider and to a domain, so many a day, and after an outage a trickle, not a flood.

The buckets are kept in Redis, for all workers share them; what is lost with it is a few seconds' count. Without Redis each process
keeps to a low rate of its own. All of it goes by the world's clock, however fast ours runs.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import redis
import structlog

from config.settings import settings
from leads.clinic.profile import Rates, clinic
from leads.messages.warm_up import allowed_today, today, until_tomorrow
from leads.security.fields import blind_index

PATIENCE = 0.3
ASK_REDIS_AGAIN_AFTER = 5.0
# What answers somebody's own act finds a place even while others use up all they may: those may use four of five.
SHARE_OF_BULK = 0.8
CATCH_UP_BURST = 20
# These answer somebody, or page us about somebody in danger: neither a day's quota nor the others' share holds them.
NEVER_BULK = ("transactional", "safety")
SLOW_FOR = 60.0
# Where no rates are given, a carrier that was too fast for gets this much, halved, until it has been quiet for a while.
UNRATED = Rates(per_second=4, per_domain_per_second=4)
log = structlog.get_logger()

# Generic cell rate algorithm (ITU-T I.371): a bucket is one number, the moment from which on it would be idle.
# A bucket that was told to slow down doubles its interval once for every begun minute that is left of the slowness.
# Whoever finds a domain's bucket empty is told a turn of their own, one behind the other (KEYS[3], an hour long at most): told the same
# moment, a thousand would come back at once, and all but a few be put off again.
TAKE = """
local t = redis.call('TIME')
local now, wait, which = t[1] * 1000 + t[2] / 1000, 0, 0
local anyway, queues = ARGV[3] == 'safety', ARGV[3] == 'bulk'
local used, most = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1])), tonumber(ARGV[2])
if most >= 0 and used >= most and not anyway then return {-1, 0, used} end
local slow = math.ceil(math.max(0, tonumber(redis.call('GET', KEYS[2]) or '0') - now) / 60000)
local idle, step = {}, {}
for i = 4, #KEYS do
    step[i] = tonumber(ARGV[2 * i - 4]) * 2 ^ slow
    idle[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now)
    local mine = idle[i] - tonumber(ARGV[2 * i - 3]) - now
    if mine > wait then wait, which = mine, i end
end
if wait > 0 and not anyway then
    if queues and which % 2 == 1 then
        local last = tonumber(redis.call('GET', KEYS[3]) or '0')
        local turn = math.min(math.max(last + step[which], now + wait), now + 3600000)
        redis.call('SET', KEYS[3], string.format('%.3f', turn), 'PX', 3600000)
        wait = turn - now
    end
    return {math.ceil(wait), which, used}
end
for i = 4, #KEYS do
    local till = idle[i] + step[i]
    redis.call('SET', KEYS[i], string.format('%.3f', till), 'PX', math.ceil(till - now) + 60000)
end
redis.call('SET', KEYS[1], used + 1, 'PX', 172800000)
return {0, 0, used + 1}
"""
RESERVE = """
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local idle = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local till = idle + tonumber(ARGV[1])
redis.call('SET', KEYS[1], string.format('%.3f', till), 'PX', math.ceil(till - now) + 60000)
return math.ceil(math.max(0, idle - tonumber(ARGV[2]) - now))
"""
# Eight lines that are refused in the same moment have heard of one overload, not of eight.
SLOW_DOWN = """
if not redis.call('SET', KEYS[2], 1, 'NX', 'PX', 5000) then return 0 end
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local till = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + 60000, now + 240000)
redis.call('SET', KEYS[1], string.format('%.3f', till), 'PX', 240000)
return 0
"""


class Wait(NamedTuple):
    """How many seconds a mail must wait, and for what; nothing was taken. Under `domain-rate` mails to other domains may go."""

    seconds: float
    reason: Literal["rate", "domain-rate", "day-quota"]


@dataclass
class Bucket:
    """So many a second, some of them at once."""

    name: str
    per_second: float
    at_once: float = 1.0

    @property
    def spacing(self) -> float:
        """Milliseconds between two mails."""
        return 1000 / self.per_second

    @property
    def leeway(self) -> float:
        """How many milliseconds ahead of its time a mail may go."""
        return self.spacing * max(0.0, self.at_once - 1)


class Pace:
    """The pace of this process, shared by its lines."""

    def __init__(self, url: str | None) -> None:
        self.redis = redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE) if url else None
        self.lock, self.is_away, self.away_until = threading.Lock(), False, 0.0
        self.idle_at: dict[str, float] = {}
        self.slow_until: dict[str, float] = {}
        self.known: dict[str, int] = {}
        if self.redis is not None:
            self.scripts = {lua: self.redis.register_script(lua) for lua in (TAKE, RESERVE, SLOW_DOWN)}

    def take(self, *, carrier: str, domain: str, lane: str, sent_today: int = 0) -> Wait | None:
        """Take one place for a mail and return None, or return how long it must wait; the lane `safety` never does, but is counted.

        `sent_today` is what the database knows to have gone out since midnight: a count that Redis forgot begins there.
        """
        rates, most = self._rates(carrier), allowed_today()
        if rates is None and most is None:
            return None
        day, quota = f"pace:day:{today():%Y%m%d}", -1 if most is None or lane in NEVER_BULK else most
        sent_today = max(sent_today, self.known.get(day, 0))
        buckets = _buckets(carrier, domain, lane, rates) if rates else []
        numbers = [number for bucket in buckets for number in (bucket.spacing, bucket.leeway)]
        line = f"pace:line:{buckets[1].name}" if buckets else "pace:line"
        keys = [day, f"pace:slow:{carrier}", line, *(f"pace:{bucket.name}" for bucket in buckets)]
        answer = self._ask(TAKE, keys, [sent_today, quota, lane if lane in NEVER_BULK else "bulk", *numbers])
        if answer is None:
            return self._alone(rates, domain.lower(), lane, (day, quota, sent_today))
        wait, which, count = answer
        self._learn(day, count)
        if wait < 0:
            return Wait(until_tomorrow(), "day-quota")
        # Keys from the fourth on are the buckets, a carrier's and a domain's by turns.
        return Wait(wait / 1000, "domain-rate" if which % 2 and lane not in NEVER_BULK else "rate") if wait else None

    def place_late(self) -> float:
        """Reserve the next place for a mail that comes late, and return in how many seconds that is; 0.0 means now."""
        bucket = Bucket("late", clinic().mail.catch_up_per_minute / 60, CATCH_UP_BURST)
        answer = self._ask(RESERVE, [f"pace:{bucket.name}"], [bucket.spacing, bucket.leeway])
        return answer / 1000 if answer is not None else self._next_alone(bucket.per_second)

    def slow_down(self, carrier: str) -> None:
        """Halve a carrier's rate, for it said it has too much (421, 454, 429); told again it halves again, each quiet minute doubles.

        What several lines hear within five seconds is one answer.
        """
        self._ask(SLOW_DOWN, [f"pace:slow:{carrier}", f"pace:heard:{carrier}"], [])
        with self.lock:
            now = time.monotonic()
            # Whoever is told remembers it too, for where there are no rates, or no Redis, nobody else is asked.
            self.slow_until[carrier] = min(max(self.slow_until.get(carrier, 0.0), now) + SLOW_FOR, now + 4 * SLOW_FOR)

    def _rates(self, carrier: str) -> Rates | None:
        rates = clinic().mail.rates
        return UNRATED if rates is None and time.monotonic() < self.slow_until.get(carrier, 0.0) else rates

    def _ask(self, lua: str, keys: list[str], told: Sequence[float | str]) -> Any:
        if self.redis is None or not self._may_ask():
            return None
        try:
            answer = self.scripts[lua](keys=keys, args=told)
        # A full Redis under `noeviction` answers with an error, too: to us that is one that is away.
        except (redis.RedisError, OSError) as error:
            self._note_away(error)
            return None
        if self.is_away:
            self._note_back()
        return answer

    def _may_ask(self) -> bool:
        """Return False while Redis is away; now and then one line alone tries it again, and the others need not wait with it."""
        if not self.is_away:
            return True
        with self.lock:
            if time.monotonic() < self.away_until:
                return False
            self.away_until = time.monotonic() + ASK_REDIS_AGAIN_AFTER
            return True

    def _note_away(self, error: Exception) -> None:
        with self.lock:
            is_news, self.is_away = not self.is_away, True
            self.away_until = time.monotonic() + ASK_REDIS_AGAIN_AFTER
        if is_news:
            log.warning("pace.redis_away", error=type(error).__name__)

    def _note_back(self) -> None:
        with self.lock:
            is_news, self.is_away = self.is_away, False
        if is_news:
            log.info("pace.redis_back")

    def _learn(self, day: str, count: int) -> None:
        with self.lock:
            self.known = {day: max(count, self.known.get(day, 0))}

    def _alone(self, rates: Rates | None, domain: str, lane: str, used: tuple[str, int, int]) -> Wait | None:
        day, quota, sent_today = used
        if 0 <= quota <= sent_today:
            return Wait(until_tomorrow(), "day-quota")
        if rates is not None and (wait := self._wait_alone(rates, domain, lane)):
            return wait
        self._learn(day, sent_today + 1)
        return None

    def _wait_alone(self, rates: Rates, domain: str, lane: str) -> Wait | None:
        # Domains that want it slower than our own low rate are asked for apart; at that rate no other comes near its own.
        spacing, slower = 1 / rates.without_redis_per_second, 1 / rates.domains.get(domain, rates.per_domain_per_second)
        with self.lock:
            now = time.monotonic()
            factor = 2 if now < max(self.slow_until.values(), default=0.0) else 1
            steps = {"": spacing * factor} | ({domain: slower * factor} if slower > spacing else {})
            mine = max(steps, key=lambda name: self.idle_at.get(name, 0.0))
            if self.idle_at.get(mine, 0.0) > now and lane != "safety":
                return Wait(self.idle_at[mine] - now, "domain-rate" if mine and lane not in NEVER_BULK else "rate")
            self.idle_at |= {name: now + step for name, step in steps.items()}
        return None

    def _next_alone(self, per_second: float) -> float:
        with self.lock:
            now = time.monotonic()
            mine = max(self.idle_at.get("late", 0.0), now)
            self.idle_at["late"] = mine + 1 / per_second
            return mine - now


def _buckets(carrier: str, domain: str, lane: str, rates: Rates) -> list[Bucket]:
    to_carrier, to_domain = rates.per_second, rates.domains.get(domain.lower(), rates.per_domain_per_second)
    both = [Bucket(carrier, to_carrier, to_carrier), Bucket(f"to:{_hashed(domain.lower())}", to_domain, to_domain)]
    if lane in NEVER_BULK:
        return both
    return both + [Bucket(f"bulk:{each.name}", each.per_second * SHARE_OF_BULK, each.at_once * SHARE_OF_BULK) for each in both]


@lru_cache(maxsize=10_000)
def _hashed(domain: str) -> str:
    # A domain may name a person: what Redis holds must not.
    return blind_index("mail-domain", domain)[:8].hex()


@lru_cache
def pace() -> Pace:
    """Return this process's pace."""
    url = settings().redis_url
    return Pace(url.get_secret_value() if url else None)
