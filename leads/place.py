"""Where a page of a list ended, so that the next one begins behind it whatever has left the list meanwhile."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Place:
    """A row of a list: by its moment and id, and whether it stands among the urgent ones, which come first."""

    at: datetime
    id: uuid.UUID
    urgent: bool = False

    def __str__(self) -> str:
        # Z instead of +00:00: within a link a plus is a space.
        return f"{self.at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}~{self.id}~{int(self.urgent)}"

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """Return the place a link names, or None where it names none."""
        at, _, rest = text.partition("~")
        row_id, _, urgent = rest.partition("~")
        try:
            moment = datetime.fromisoformat(at)
            return cls(moment, uuid.UUID(row_id), urgent == "1") if moment.tzinfo else None
        except ValueError:
            return None
