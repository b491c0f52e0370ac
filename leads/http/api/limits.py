"""How often: a generous allowance a second for each key, and a small one of wrong keys for each source."""

import threading
import time
from collections.abc import Hashable

from config.settings import settings
from leads.errors import TooMany

BURST_SECONDS = 10
# A key has 256 random bits, so nobody guesses one: this spares the database whoever tries, or whose script never stops.
WRONG_KEYS_PER_SECOND, WRONG_KEYS_AT_ONCE = 0.2, 20
SOURCES_REMEMBERED = 10_000


class Allowance:
    """A token bucket each, in this process: it keeps one caller from starving the others, and costs no round trip."""

    def __init__(self, per_second: float, burst: float, words: str = "") -> None:
        self._per_second, self._burst = per_second, burst
        self._words = words or f"This key asks more than {per_second:g} times a second. Wait a little."
        self._left: dict[Hashable, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def spend(self, whose: Hashable) -> None:
        """Take one request of a key, or of a source; raises TooMany with the seconds until the next one is free."""
        at = time.monotonic()
        with self._lock:
            left = self._left_of(whose, at)
            self._left[whose] = (max(left - 1, 0.0) if left >= 1 else left, at)
            self._forget(at)
        self._check(left)

    def need(self, whose: Hashable) -> None:
        """Raise TooMany where nothing is left to take; takes nothing."""
        with self._lock:
            left = self._left_of(whose, time.monotonic())
        self._check(left)

    def _left_of(self, whose: Hashable, at: float) -> float:
        left, since = self._left.get(whose, (self._burst, at))
        return min(self._burst, left + (at - since) * self._per_second)

    def _check(self, left: float) -> None:
        if left < 1:
            raise TooMany(self._words, retry_after=max(1, round((1 - left) / self._per_second)))

    def _forget(self, at: float) -> None:
        # There are only so many keys, but as many sources as somebody cares to send from.
        if len(self._left) > SOURCES_REMEMBERED:
            self._left = {whose: kept for whose, kept in self._left.items() if self._left_of(whose, at) < self._burst}
            for whose in list(self._left)[: max(0, len(self._left) - SOURCES_REMEMBERED)]:
                del self._left[whose]


def wrong_keys() -> Allowance:
    """Return a new allowance of keys that nobody knows, for each source."""
    words = "Too many API keys from here were wrong. Wait a little, then send the right one."
    return Allowance(WRONG_KEYS_PER_SECOND, WRONG_KEYS_AT_ONCE, words)


def allowance() -> Allowance:
    """Return a new allowance as the settings say."""
    per_second = settings().handoff_api_rate
    return Allowance(per_second, per_second * BURST_SECONDS)
