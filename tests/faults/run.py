"""One fault's run: put messages down, break something, wait until all is over, gather the evidence."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from leads import db
from leads.audit.seal import seal, verify
from leads.clock import now
from leads.messages.outbox import post
from tests.cast import make_confirmed_person
from tests.faults import monitor
from tests.faults.evidence import Entry, Evidence, Row, Seen, Wanted
from tests.faults.house import USUAL, House
from tests.faults.leaks import FAMILY, GIVEN, MAILBOX, PHONE
from tests.faults.plants import lay, left
from tests.faults.smtp import Rule

TEMPLATES = (("office-location", "transactional"), ("screening-reminder-1", "reminder"), ("how-ketamine-works", "education"))
BATCH = 100
SETTLES_AFTER = timedelta(hours=1, seconds=2)


@dataclass
class Run:
    """What one fault puts down and finds; `long` when there is time for big numbers."""

    house: House
    long: bool = False
    wanted: list[Wanted] = field(default_factory=list)
    people: dict[str, uuid.UUID] = field(default_factory=dict)
    seen_to: int = 0
    known: list[Seen] = field(default_factory=list)
    scripted: bool = False
    met: int = 0
    recovery: float = 0.0
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.house.script()
        # A week on, so that nobody's mails of the last run count against the caps; at ten in the morning every window is open.
        self.house.hop(next_tuesday(now() + timedelta(days=7)))
        for token in (self.house.folder / "plants").iterdir():
            token.unlink()
        self.seen_to = _size(self.house.folder / "seen.log")

    def post(self, count: int, *, want: Mapping[str, Any] | None = None, fresh: bool = False, **decided: Any) -> list[str]:
        """Put down so many messages over the three lanes, each to another person (`fresh`: whom no later fault meets)."""
        made: list[str] = []
        with db.transaction() as session:
            for number, person_id in enumerate(self._somebody(count, fresh=fresh)):
                template, lane = TEMPLATES[number % len(TEMPLATES)]
                values = {"cause": "fault", "facts": {"office": "woodbury"}, "lane": lane} | decided
                message = post(session, person_id, template, **values)
                made.append(message.id.hex)
                self.people[message.id.hex] = person_id
        given = {name: decided[name] for name in ("on_unknown", "useful_until") if name in decided}
        self.wanted += [Wanted(id, **given | dict(want or {})) for id in made]
        return made

    def work(self, *names: str, **environment: str) -> None:
        """Let these workers work, the usual three where none is named."""
        self.house.keep(*(names or USUAL), **environment)

    def lay(self, point: str, times: int) -> None:
        """Let so many workers die at a point of a message's life."""
        lay(self.house.folder / "plants", point, times)

    def use_up_tokens(self) -> None:
        """Put more messages down until every token has been taken: a fault that never struck proves nothing."""
        for _ in range(20):
            if not left(self.house.folder / "plants"):
                return
            self.settle()
            self.post(9)
            time.sleep(0.5)
        self.trouble.append(f"never struck: {', '.join(left(self.house.folder / 'plants'))}")

    def until(self, what: str, share: float = 0.0, *, within: float = 30.0) -> None:
        """Wait until the mail server has seen this happen to a share of all messages (0: to one)."""
        deadline, least = time.monotonic() + within, max(1, int(share * len(self.wanted)))
        while self.count(what) < least:
            if time.monotonic() > deadline:
                self.trouble.append(f"only {self.count(what)} of {least} were {what}")
                return
            time.sleep(0.02)

    def settle(self, *, within: float = 60.0) -> None:
        """Wait until every message came to its end, letting the clock jump to whatever is next; notes how long it took."""
        since = time.monotonic()
        while time.monotonic() - since < within:
            active, next_due, unknown = self._standing()
            if not active:
                if next_due is None and not unknown:
                    self.recovery = max(self.recovery, time.monotonic() - since)
                    return
                self.house.hop(next_due + timedelta(seconds=1) if next_due else now() + SETTLES_AFTER)
            time.sleep(0.1)
        self.trouble.append(f"not settled within {within:.0f} s")

    def seen(self) -> list[Seen]:
        """Return what the mail server saw since this run began; what was read once is not read again."""
        with (self.house.folder / "seen.log").open("rb") as log:
            log.seek(self.seen_to)
            lines = [line for line in log.read().splitlines(keepends=True) if line.endswith(b"\n")]
        self.seen_to += sum(map(len, lines))
        found = [json.loads(line) for line in lines]
        self.known += [Seen(**line | {"shown": datetime.fromisoformat(line["shown"])}) for line in found]
        return self.known

    def count(self, what: str) -> int:
        """Return of how many messages the mail server has seen this."""
        return len({each.id for each in self.seen() if each.what == what})

    def progress(self, more: int = 1, *, within: float = 15.0) -> None:
        """Wait until so many more messages were taken, or as long as that would reasonably take."""
        target, deadline = min(self.count("taken") + more, len(self.wanted)), time.monotonic() + within
        while self.count("taken") < target and time.monotonic() < deadline:
            time.sleep(0.02)

    def script(self, *rules: Rule) -> None:
        """Let the mail server misbehave, or behave again; that it never had to is noted as trouble."""
        self.scripted = True
        self.house.script(*rules)

    def must_log(self, words: str, *, within: float = 20.0) -> None:
        """Wait until a log of this house says so; that none did is trouble, for then the fault never struck."""
        deadline, logs = time.monotonic() + within, self.house.folder / "logs"
        while not any(words in path.read_text(errors="replace") for path in logs.iterdir()):
            if time.monotonic() > deadline:
                self.trouble.append(f"no log says {words}")
                return
            time.sleep(0.1)

    def evidence(self) -> Evidence:
        """Gather everything the checker looks at."""
        ids = [uuid.UUID(wanted.id) for wanted in self.wanted]
        rows = self.house.query("SELECT id, state, reason, lost_leases FROM messages WHERE id = ANY(%s)", ids)
        told = self.house.query("SELECT subject_id, action, detail->>'reason' FROM audit_entries WHERE subject_id = ANY(%s)", ids)
        in_redis = monitor.ids_in(monitor.held(self.house.redis_url)) & {*self.people, *(each.hex for each in self.people.values())}
        seen = self.seen()
        return Evidence(
            wanted=self.wanted,
            seen=seen,
            rows={_hex(id): Row(_hex(id), str(state), reason, lost) for id, state, reason, lost in rows},
            trail=[Entry(_hex(id), str(action), reason) for id, action, reason in told],
            let_go=self._let_go(ids),
            stopped=self._stopped(ids),
            chain_holds=_chain_holds(),
            in_redis=frozenset(in_redis),
            journals_left=sum(_size(path) > 0 for path in (self.house.folder / "journal").glob("*.log")),
            leaks=self.house.leaks(),
            trouble=self._trouble(seen),
        )

    def _trouble(self, seen: Sequence[Seen]) -> list[str]:
        idle = self.scripted and not any(each.what == "struck" for each in seen)
        return [*self.trouble, *(["the mail server never misbehaved"] if idle else [])]

    def _somebody(self, count: int, *, fresh: bool) -> Iterator[uuid.UUID]:
        known = [] if fresh else self.house.people
        while len(known) < count + (0 if fresh else self.met):
            with db.transaction() as session:
                known += [meet(session) for _ in range(min(BATCH, count))]
        mine = known[:count] if fresh else known[self.met : self.met + count]
        self.met += 0 if fresh else count
        yield from mine

    def _standing(self) -> tuple[bool, datetime | None, bool]:
        ids = [uuid.UUID(wanted.id) for wanted in self.wanted]
        # What staff are asked about, or a restore left in doubt, stays unknown until a person decides.
        by_hand = "on_unknown = 'ask_staff' OR reason IS NOT DISTINCT FROM 'restored'"
        ask = f"SELECT state, {by_hand}, min(due_at) FROM messages WHERE id = ANY(%s) GROUP BY 1, 2"
        found: Sequence[Any] = self.house.query(ask, ids)
        planned = [due for state, _, due in found if state == "planned"]
        active = any(state in ("claimed", "sending") for state, *_ in found) or any(due <= now() for due in planned)
        unknown = any(state == "unknown" and not by_hand for state, by_hand, _ in found)
        return active, min(planned, default=None), unknown

    def _let_go(self, ids: list[uuid.UUID]) -> dict[str, list[datetime]]:
        went: dict[str, list[datetime]] = {}
        ask = "SELECT message_id, at FROM delivery_attempts WHERE message_id = ANY(%s) AND outcome IS DISTINCT FROM 'refused'"
        for id, at in self.house.query(ask, ids):
            went.setdefault(_hex(id), []).append(at)
        return went

    def _stopped(self, ids: list[uuid.UUID]) -> dict[str, datetime]:
        ask = """SELECT m.id, min(stop.at) FROM messages m JOIN (
            SELECT person_id, raised_at AS at FROM holds UNION ALL SELECT person_id, at FROM suppressions) stop USING (person_id)
            WHERE m.id = ANY(%s) GROUP BY m.id"""
        return {_hex(id): at for id, at in self.house.query(ask, ids)}


def meet(session: Session) -> uuid.UUID:
    """Return somebody new, whose name is one of the planted words and whose address holds another."""
    address = f"{MAILBOX}.{uuid.uuid4().hex[:12]}@example.com"
    return make_confirmed_person(session, email=address, given_name=GIVEN, family_name=FAMILY, phone=PHONE, birth_date="1971-03-09").id


def _chain_holds() -> bool:
    while True:
        with db.transaction() as session:
            if not seal(session):
                return verify(session).holds


def _hex(id: object) -> str:
    return uuid.UUID(str(id)).hex


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def next_tuesday(at: datetime) -> datetime:
    """Return the Tuesday that follows, ten in the morning in New Haven."""
    there = at.astimezone(ZoneInfo("America/New_York"))
    day = there + timedelta(days=(1 - there.weekday()) % 7)
    return day.replace(hour=10, minute=0, second=0, microsecond=0).astimezone(UTC)
