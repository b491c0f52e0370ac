"""How often: a generous allowance a second for each key."""

import threading
import time
import uuid

from config.settings import settings
from leads.errors import TooMany

BURST_SECONDS = 10


class Allowance:
    """A token bucket a key, in this process: it keeps one caller from starving the others, and costs no round trip."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._left: dict[uuid.UUID, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def spend(self, key_id: uuid.UUID) -> None:
        """Take one of the key's requests; raises TooMany with the seconds until the next one is free."""
        at = time.monotonic()
        with self._lock:
            left, since = self._left.get(key_id, (self._burst, at))
            left = min(self._burst, left + (at - since) * self._per_second)
            self._left[key_id] = (max(left - 1, 0.0) if left >= 1 else left, at)
        if left < 1:
            wait = max(1, round((1 - left) / self._per_second))
            raise TooMany(f"This key asks more than {self._per_second:g} times a second. Wait a little.", retry_after=wait)


def allowance() -> Allowance:
    """Return a new allowance as the settings say."""
    per_second = settings().handoff_api_rate
    return Allowance(per_second, per_second * BURST_SECONDS)
