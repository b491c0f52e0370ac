"""One fault's run: put messages down, break something, wait until all is over, gather the evidence."""

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from leads import db
from leads.audit.seal import seal, verify
from leads.clock import now
from leads.messages.outbox import post
from tests.cast import make_confirmed_person
from tests.faults import monitor, witness
from tests.faults.evidence import Entry, Evidence, Row, Seen, Wanted
from tests.faults.house import USUAL, House
from tests.faults.leaks import FAMILY, GIVEN, MAILBOX, PHONE, found_in
from tests.faults.plants import lay, left, taken_at
from tests.faults.smtp import Rule
from tests.faults.terms import Terms, next_tuesday, terms_of

TEMPLATES = (("office-location", "transactional"), ("screening-reminder-1", "reminder"), ("how-ketamine-works", "education"))
SENT = frozenset({"sent"})
BATCH = 100
SETTLES_AFTER = timedelta(hours=1, seconds=2)


@dataclass
class Run:
    """What one fault puts down and finds; `long` when there is time for big numbers."""

    house: House
    long: bool = False
    wanted: list[Wanted] = field(default_factory=list)
    people: dict[str, uuid.UUID] = field(default_factory=dict)
    # How many of them may go as soon as they are there.
    prompt: int = 0
    seen_to: int = 0
    said_from: int = 0
    known: list[Seen] = field(default_factory=list)
    scripted: bool = False
    met: int = 0
    # When the fault struck, and how often it must, in real seconds; when all was over.
    strikes: list[float] = field(default_factory=list)
    must_strike: int = 1
    over_at: float = 0.0
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.house.script()
        # A week on, so that nobody's mails of the last run count against the caps; at ten in the morning every window is open.
        self.house.hop(next_tuesday(now() + timedelta(days=7)))
        for token in (self.house.folder / "plants").iterdir():
            token.unlink()
        self.seen_to, self.said_from = (_size(self.house.folder / name) for name in ("seen.log", "monitor.log"))
        witness.stand(self.house)

    def post(
        self, count: int, *, want: Mapping[str, Any] | None = None, fresh: bool = False, at_once: bool = False, **decided: Any
    ) -> list[str]:
        """Put down so many messages over the three lanes, each to another person (`fresh`: whom no later fault meets).

        Each has hours and a use-by, so that some wait and some expire, unless they go `at_once` or their `useful_until` is decided.
        """
        begun = len(self.wanted)
        with db.transaction() as session:
            for number, person_id in enumerate(self._somebody(count, fresh=fresh), begun):
                terms = None if "useful_until" in decided else terms_of(number, at_once=at_once)
                self._put_down(session, number, person_id, terms, want or {}, decided)
        return [wanted.id for wanted in self.wanted[begun:]]

    def _put_down(
        self, session: Session, number: int, person_id: uuid.UUID, terms: Terms | None, want: Mapping[str, Any], decided: Mapping[str, Any]
    ) -> None:
        template, lane = TEMPLATES[number % len(TEMPLATES)]
        due = decided.get("due_at", now())
        asked = {"due_at": due, "lane": lane, **(terms.asked(due) if terms else {}), **decided}
        message = post(session, person_id, template, cause="fault", facts={"office": "woodbury"}, **asked)
        known = {"address": self.house.addresses[person_id], "not_before": due, "useful_until": asked["useful_until"], **want}
        if terms:
            known |= {"hours": terms.hours, "ends": terms.ends(want.get("ends", SENT))}
        self.people[message.id.hex] = person_id
        self.prompt += terms is None or not (terms.waits or terms.expires)
        self.wanted.append(Wanted(message.id.hex, on_unknown=asked.get("on_unknown", "assume_sent"), **known))

    def work(self, *names: str, **environment: str) -> None:
        """Let these workers work, the usual three where none is named."""
        self.house.keep(*(names or USUAL), **environment)

    def lay(self, point: str, times: int) -> None:
        """Let so many workers die at a point of a message's life."""
        lay(self.house.folder / "plants", point, times)

    def use_up_tokens(self) -> None:
        """Put more messages down until every token has been taken: a fault that never struck proves nothing.

        The clock does not jump meanwhile: what two workers died of waits for its last try until the dying is over, and a token that
        was still there then would make it the poison that it is not.
        """
        for _ in range(20):
            if not left(self.house.folder / "plants"):
                return
            self._rest()
            self.post(9, at_once=True)
            time.sleep(0.5)
        self.trouble.append(f"never struck: {', '.join(left(self.house.folder / 'plants'))}")

    def strike(self, times: int = 1) -> None:
        """Note that the fault strikes now; what the mail server and the planted points do is noted by themselves."""
        self.strikes += [time.time()] * times

    def until(self, what: str, share: float = 0.0, *, within: float = 30.0) -> None:
        """Wait until the mail server has seen this happen to a share of all messages that wait for nothing (0: to one)."""
        deadline, least = time.monotonic() + within, max(1, int(share * self.prompt))
        while self.count(what) < least:
            if time.monotonic() > deadline:
                self.trouble.append(f"only {self.count(what)} of {least} were {what}")
                return
            time.sleep(0.02)

    def settle(self, *, within: float = 60.0) -> None:
        """Wait until every message came to its end, letting the clock jump to whatever is next; notes when that was."""
        since = time.monotonic()
        while time.monotonic() - since < within:
            active, next_due, unknown = self._standing()
            if not active:
                if next_due is None and not unknown:
                    self.over_at = time.time()
                    return
                self.house.hop(next_due + timedelta(seconds=1) if next_due else now() + SETTLES_AFTER)
            time.sleep(0.1)
        self.trouble.append(f"not settled within {within:.0f} s")

    def hear(self, within: float = 30.0) -> None:
        """Wait until nothing is unknown while the clock goes its way: an hour later each step's policy decides what nobody has learned."""
        deadline = time.monotonic() + within
        while self._standing()[2] and time.monotonic() < deadline:
            time.sleep(0.1)

    def _rest(self, within: float = 30.0) -> None:
        deadline = time.monotonic() + within
        while self._standing()[0] and time.monotonic() < deadline:
            time.sleep(0.1)

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
        rows = self.house.query("SELECT id, state, reason, lost_leases, encode(mime_hash, 'hex') FROM messages WHERE id = ANY(%s)", ids)
        told = self.house.query("SELECT subject_id, action, detail->>'reason' FROM audit_entries WHERE subject_id = ANY(%s)", ids)
        known = {*self.people, *(each.hex for each in self.people.values())}
        in_redis = monitor.held(self.house.redis_url) + monitor.said(self.house.folder / "monitor.log", self.said_from)
        return Evidence(
            wanted=self.wanted,
            seen=self.seen(),
            rows={id.hex: Row(id.hex, *rest) for id, *rest in rows},
            trail=[Entry(id.hex, action, reason) for id, action, reason in told],
            let_go=witness.let_go(self.house, ids),
            stopped=witness.stopped(self.house, ids),
            chain_holds=_chain_holds(),
            in_redis=frozenset(monitor.ids_in(in_redis) & known),
            journals_left=self._journals_left(),
            leaks=[*self.house.leaks(), *(f"{word} in Redis" for word in found_in(in_redis.encode()))],
            trouble=self._trouble(),
        )

    def _journals_left(self, within: float = 10.0) -> int:
        """Return how many journals still have an answer once the workers had time to replay what the dead left."""
        deadline, folder = time.monotonic() + within, self.house.folder / "journal"
        while (left := sum(_size(path) > 0 for path in folder.glob("*.log"))) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left

    def struck_at(self) -> list[float]:
        """Return when the fault struck, each time: what it noted itself, what the mail server did, and who died at a planted point."""
        misbehaved = [each.at for each in self.seen() if each.what == "struck"]
        return sorted([*self.strikes, *misbehaved, *taken_at(self.house.folder / "plants")])

    def recovery(self) -> float:
        """Return how many seconds after the fault struck for the last time all was over."""
        return max(0.0, self.over_at - max(self.struck_at(), default=self.over_at))

    def _trouble(self) -> list[str]:
        idle = self.scripted and not any(each.what == "struck" for each in self.seen())
        struck = len(self.struck_at())
        rare = [f"struck {struck} times, not {self.must_strike}"] if struck < self.must_strike else []
        return [*self.trouble, *rare, *(["the mail server never misbehaved"] if idle else [])]

    def _somebody(self, count: int, *, fresh: bool) -> Iterator[uuid.UUID]:
        known = [] if fresh else self.house.people
        while len(known) < count + (0 if fresh else self.met):
            with db.transaction() as session:
                met = dict(meet(session) for _ in range(min(BATCH, count)))
            self.house.addresses |= met
            known += met
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


def meet(session: Session) -> tuple[uuid.UUID, str]:
    """Return somebody new and their address: their name is one of the planted words, and their address holds another."""
    address = f"{MAILBOX}.{uuid.uuid4().hex[:12]}@example.com"
    names = {"given_name": GIVEN, "family_name": FAMILY, "phone": PHONE, "birth_date": "1971-03-09"}
    return make_confirmed_person(session, email=address, **names).id, address


def _chain_holds() -> bool:
    while True:
        with db.transaction() as session:
            if not seal(session):
                return verify(session).holds


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
