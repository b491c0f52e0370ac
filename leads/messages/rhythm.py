"""How many lines at a time are worth having: as many as the carrier's distance asks for."""

from collections import deque

REMEMBERED = 10
# So long the answers to one hand of mails take on this very machine: that is no distance another line could make up for.
NEXT_DOOR = 0.008
# While one writes its mails, the other waits for the disk or the database; with more they stand in each other's way.
AT_HOME = 2


class Rhythm:
    """How the time of a hand of mails goes in a lane of this process: seconds with the carrier, and of the processor."""

    def __init__(self) -> None:
        self.busy = 0.005
        self.waits = deque[float](maxlen=REMEMBERED)

    def note(self, waited: float, busy: float) -> None:
        """Take one more hand into account."""
        self.waits.append(waited)
        self.busy += (max(busy, 1e-4) - self.busy) / REMEMBERED

    @property
    def distance(self) -> float:
        """The least that a hand had to wait of late, seconds: a machine that is busy makes most answers late, a distance every one."""
        return min(self.waits, default=0.0)

    @property
    def lines(self) -> int:
        """As many lines as keep the processor at work; to a relay next door two."""
        return AT_HOME + int(max(0.0, self.distance - NEXT_DOOR) / self.busy)
