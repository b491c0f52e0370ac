"""How many lines at a time are worth having: as many as the carrier's distance asks for."""

REMEMBERED = 10
# So long an answer takes on one machine too, when its processors are busy: that is no distance another line could make up for.
NEXT_DOOR = 0.003
# While one writes a mail, another waits for the disk and a third for the database.
AT_HOME = 3
# Their waits come as they please: with as many again the processor hardly ever rests; with more they stand in each other's way.
NEXT_DOOR_LINES = 6


class Rhythm:
    """How a mail's time goes in this process: seconds with the carrier, and of the processor; averages that forget."""

    def __init__(self) -> None:
        self.waiting, self.busy = 0.0, 0.003

    def note(self, waiting: float, busy: float) -> None:
        """Take one more mail into account."""
        self.waiting += (waiting - self.waiting) / REMEMBERED
        self.busy += (max(busy, 1e-4) - self.busy) / REMEMBERED

    @property
    def lines(self) -> int:
        """As many lines as keep the processor at work; to a relay next door a few."""
        return max(NEXT_DOOR_LINES, AT_HOME + int(max(0.0, self.waiting - NEXT_DOOR) / self.busy))
