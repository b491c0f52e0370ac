"""How fast mail goes out: so many a second to a provider and to a domain, so many a day, and after an outage a trickle, not a flood.

The buckets are kept in Redis, for all workers share them; what is lost with it is a few seconds' count. Without Redis each process
keeps to a low rate of its own. All of it goes by the world's clock, however fast ours runs.
"""

import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import redis
import structlog

from config.settings import settings
from leads.clinic.profile import Rates, clinic
from leads.messages.warm_up import allowed_today, until_tomorrow
from leads.security.fields import blind_index

PATIENCE = 0.3
ASK_REDIS_AGAIN_AFTER = 5.0
# What answers somebody's own act finds a place even while others use up all they may: those may use four of five.
SHARE_OF_BULK = 0.8
CATCH_UP_BURST = 20
log = structlog.get_logger()

# Generic cell rate algorithm (ITU-T I.371): a bucket is one number, the moment from which on it would be idle.
# A bucket that was told to slow down doubles its interval once for every begun minute that is left of the slowness.
TAKE = """
local t = redis.call('TIME')
local now, wait = t[1] * 1000 + t[2] / 1000, 0
local used = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[1]))
if tonumber(ARGV[2]) >= 0 and used >= tonumber(ARGV[2]) then return -1 end
local slow = math.ceil(math.max(0, tonumber(redis.call('GET', KEYS[2]) or '0') - now) / 60000)
local idle, step = {}, {}
for i = 3, #KEYS do
    step[i] = tonumber(ARGV[2 * i - 3]) * 2 ^ slow
    idle[i] = math.max(tonumber(redis.call('GET', KEYS[i]) or '0'), now)
    wait = math.max(wait, idle[i] - tonumber(ARGV[2 * i - 2]) - now)
end
if wait > 0 then return math.ceil(wait) end
for i = 3, #KEYS do redis.call('SET', KEYS[i], string.format('%.3f', idle[i] + step[i]), 'PX', 600000) end
redis.call('SET', KEYS[1], used + 1, 'PX', 172800000)
return 0
"""
RESERVE = """
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local idle = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
redis.call('SET', KEYS[1], string.format('%.3f', idle + tonumber(ARGV[1])), 'PX', 172800000)
return math.ceil(math.max(0, idle - tonumber(ARGV[2]) - now))
"""
SLOW_DOWN = """
local t = redis.call('TIME')
local now = t[1] * 1000 + t[2] / 1000
local till = math.min(math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + 60000, now + 240000)
redis.call('SET', KEYS[1], string.format('%.3f', till), 'PX', 240000)
"""


class Wait(NamedTuple):
    """How many seconds a mail must wait, and for what; nothing was taken."""

    seconds: float
    reason: Literal["rate", "day-quota"]


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
        self.lock, self.away_until, self.idle_at = threading.Lock(), 0.0, 0.0
        if self.redis is not None:
            self.scripts = {lua: self.redis.register_script(lua) for lua in (TAKE, RESERVE, SLOW_DOWN)}

    def take(self, *, carrier: str, domain: str, lane: str, sent_today: int = 0) -> Wait | None:
        """Take one place for a mail and return None, or return how long it must wait.

        `sent_today` is what the database knows to have gone out since midnight: a count that Redis forgot begins there.
        """
        rates, most = clinic().mail.rates, allowed_today()
        if rates is None and most is None:
            return None
        quota = -1 if most is None or lane == "transactional" else most
        buckets = _buckets(carrier, domain, lane, rates) if rates else []
        numbers = [number for bucket in buckets for number in (bucket.spacing, bucket.leeway)]
        keys = [f"pace:day:{time.strftime('%Y%m%d')}", f"pace:slow:{carrier}", *(f"pace:{bucket.name}" for bucket in buckets)]
        answer = self._ask(TAKE, keys, [sent_today, quota, *numbers])
        if answer is None:
            return self._alone(rates, quota, sent_today)
        if answer < 0:
            return Wait(until_tomorrow(), "day-quota")
        return Wait(answer / 1000, "rate") if answer else None

    def place_late(self) -> float:
        """Reserve the next place for a mail that comes late, and return in how many seconds that is; 0.0 means now."""
        bucket = Bucket("late", clinic().mail.catch_up_per_minute / 60, CATCH_UP_BURST)
        answer = self._ask(RESERVE, [f"pace:{bucket.name}"], [bucket.spacing, bucket.leeway])
        return answer / 1000 if answer is not None else self._next_alone(bucket.per_second)

    def slow_down(self, carrier: str) -> None:
        """Halve a carrier's rate, for it said it has too much (421, 454, 429); told again it halves again, each quiet minute doubles."""
        self._ask(SLOW_DOWN, [f"pace:slow:{carrier}"], [])

    def _ask(self, lua: str, keys: list[str], numbers: list[float]) -> int | None:
        if self.redis is None or time.monotonic() < self.away_until:
            return None
        try:
            answer = self.scripts[lua](keys=keys, args=numbers)
        except (redis.RedisError, OSError) as error:
            self._away(error)
            return None
        if self.away_until:
            self.away_until = 0.0
            log.info("pace.redis_back")
        return int(answer or 0)

    def _away(self, error: Exception) -> None:
        if not self.away_until:
            log.warning("pace.redis_away", error=type(error).__name__)
        self.away_until = time.monotonic() + ASK_REDIS_AGAIN_AFTER

    def _alone(self, rates: Rates | None, quota: int, sent_today: int) -> Wait | None:
        if 0 <= quota <= sent_today:
            return Wait(until_tomorrow(), "day-quota")
        if rates is None:
            return None
        with self.lock:
            now = time.monotonic()
            if self.idle_at > now:
                return Wait(self.idle_at - now, "rate")
            self.idle_at = now + 1 / rates.without_redis_per_second
        return None

    def _next_alone(self, per_second: float) -> float:
        with self.lock:
            now = time.monotonic()
            mine = max(self.idle_at, now)
            self.idle_at = mine + 1 / per_second
            return mine - now


def _buckets(carrier: str, domain: str, lane: str, rates: Rates) -> list[Bucket]:
    # A domain may name a person: what Redis holds must not.
    hashed = blind_index("mail-domain", domain.lower())[:8].hex()
    to_carrier, to_domain = rates.per_second, rates.domains.get(domain.lower(), rates.per_domain_per_second)
    both = [Bucket(carrier, to_carrier, to_carrier), Bucket(f"to:{hashed}", to_domain, to_domain)]
    if lane == "transactional":
        return both
    return both + [Bucket(f"bulk:{each.name}", each.per_second * SHARE_OF_BULK, each.at_once * SHARE_OF_BULK) for each in both]


@lru_cache
def pace() -> Pace:
    """Return this process's pace."""
    url = settings().redis_url
    return Pace(url.get_secret_value() if url else None)
