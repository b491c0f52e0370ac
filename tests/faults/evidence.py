"""What is known after a fault: what was wanted, what the mail server saw, and what the database, the trail and Redis say."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cached_property
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Hours:
    """From when to when, by the clock on the office's wall; worked out here anew, so that the product is not its own judge."""

    zone: str
    opens: time
    closes: time
    # Monday is 0.
    days: frozenset[int] = frozenset(range(7))

    def holds(self, at: datetime) -> bool:
        """True when this moment lies inside."""
        wall = at.astimezone(ZoneInfo(self.zone))
        return self.opens <= wall.time() < self.closes and wall.weekday() in self.days


@dataclass(frozen=True)
class Wanted:
    """One message that was put down, and the ends it may come to."""

    id: str
    ends: frozenset[str] = frozenset({"sent"})
    on_unknown: str = "assume_sent"
    useful_until: datetime | None = None
    hours: Hours | None = None
    not_before: datetime | None = None
    address: str | None = None

    @property
    def must_arrive(self) -> bool:
        """True when nothing but arriving will do."""
        return self.ends == {"sent"}


@dataclass(frozen=True)
class Seen:
    """One line of the mail server's log. `what` is one of:

    dotted: the final dot came · taken: it has the mail and would deliver it, whatever it answers · answered: it answered the dot ·
    refused: it said no, at any verb · broken: the connection ended without QUIT, and this was the last message on it.
    """

    what: str
    id: str
    at: float
    shown: datetime
    connection: int
    code: int | None = None
    # Of a mail that came whole: whom it was for, and the SHA-256 of what it said, as hexadecimal digits.
    to: str | None = None
    digest: str | None = None


@dataclass(frozen=True)
class Row:
    """One message as the database has it at the end."""

    id: str
    state: str
    reason: str | None = None
    lost_leases: int = 0
    mime_hash: str | None = None


@dataclass(frozen=True)
class Entry:
    """One line of the audit trail about a message."""

    id: str
    action: str
    reason: str | None = None


@dataclass(frozen=True)
class Evidence:
    """Everything the checker may look at."""

    wanted: Sequence[Wanted]
    seen: Sequence[Seen]
    rows: Mapping[str, Row]
    trail: Sequence[Entry] = ()
    # By the database's clock: when each message was let go, and when its person's stop was committed.
    let_go: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    stopped: Mapping[str, datetime] = field(default_factory=dict)
    chain_holds: bool = True
    in_redis: frozenset[str] = frozenset()
    journals_left: int = 0
    leaks: Sequence[str] = ()
    trouble: Sequence[str] = ()

    @cached_property
    def taken(self) -> Counter[str]:
        """How often the server took each message."""
        return Counter(each.id for each in self.seen if each.what == "taken")

    @cached_property
    def unknown(self) -> frozenset[str]:
        """The messages of which nobody ever learned whether they arrived; an answer that was found later is knowledge."""
        decided = {each.id for each in self.trail if each.reason in ("assumed", "resent-once")}
        return frozenset(decided | {row.id for row in self.rows.values() if row.state == "unknown"})

    @cached_property
    def in_doubt(self) -> frozenset[str]:
        """The messages of which nothing could be known: the connection broke, the dot was never answered, or a restore forgot."""
        dots = Counter(each.id for each in self.seen if each.what == "dotted")
        answers = Counter(each.id for each in self.seen if each.what == "answered")
        unanswered = {id for id, count in dots.items() if count > answers[id]}
        # A restore forgets what the old system saw of its own mails.
        restored = {each.id for each in self.trail if each.reason == "restored"}
        return frozenset(unanswered | restored | {each.id for each in self.seen if each.what == "broken"})

    @cached_property
    def refused_for_good(self) -> frozenset[str]:
        """The messages that the server said no to with a 5xx."""
        return frozenset(each.id for each in self.seen if each.what == "refused" and (each.code or 0) >= 500)
