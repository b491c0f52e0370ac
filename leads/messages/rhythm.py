"""How many lines at a time are worth having, and how many mails on each: what the carrier's distance asks for."""

from collections import deque
from collections.abc import Sequence

REMEMBERED = 10
# What is nearer than this is no distance that another line could make up for.
NEXT_DOOR = 0.003
# While one writes a mail, another waits for the disk and a third for the database.
AT_HOME = 3
# Their waits come as they please; with more they stand in each other's way.
NEXT_DOOR_LINES = 2
# What the database asks and writes for a few mails in one statement costs it little more than for one.
NEXT_DOOR_TOGETHER = 5


class Rhythm:
    """How a mail's time goes in this process: seconds with the carrier, and of the processor; averages that forget."""

    def __init__(self) -> None:
        self.waiting, self.busy = 0.0, 0.003
        self.lately = deque[float](maxlen=REMEMBERED)

    def note(self, waits: Sequence[float], busy: float) -> None:
        """Take a few more mails into account: how long each waited, and what one took of the processor."""
        self.lately.extend(waits)
        for each in waits:
            self.waiting += (each - self.waiting) / REMEMBERED
        self.busy += (max(busy, 1e-4) - self.busy) / REMEMBERED

    @property
    def is_next_door(self) -> bool:
        """True while some answers are there at once: a machine that is busy makes most of them late, a distance every one."""
        return min(self.lately, default=0.0) < NEXT_DOOR

    @property
    def together(self) -> int:
        """How many mails a line sends together: a few to a relay next door, for there none waits long for the others."""
        return NEXT_DOOR_TOGETHER if self.is_next_door else 1

    @property
    def lines(self) -> int:
        """As many lines as keep the processor at work; to a relay next door a few."""
        if self.is_next_door:
            return NEXT_DOOR_LINES
        return AT_HOME + int(max(0.0, self.waiting - NEXT_DOOR) / self.busy)
