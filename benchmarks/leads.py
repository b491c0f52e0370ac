"""How long worklist, lead page and search take with a million leads, against ten thousand: from question to the last byte."""

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import unescape
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from benchmarks import data
from benchmarks.leads_data import email_of, name_of, phone_of
from benchmarks.measure import Row, at_most, grows, percentile
from benchmarks.served import served
from benchmarks.stage import Stage
from benchmarks.years import fill, story
from leads import db, migrate
from leads.accounts.sessions import form_token
from leads.local import commands
from leads.pipeline.lists import NEEDS

ASKED, WARM_UP, ROUNDS = 200, 20, 3
SMALL, LARGE = 10_000, 1_000_000
FURTHER = re.compile(r'href="(\?[^"]*after=[^"]*)"')
A_LEAD = 'href="/console/leads/L-'
EARLIER = re.compile(r'href="(/console/leads/[^"]*before=[^"]*)"')


@dataclass(frozen=True)
class Page:
    """One thing a coordinator does, by how many milliseconds it must be answered at p99, and how to do it once more."""

    name: str
    must: float
    act: Callable[["Desk", random.Random], int]
    # What is opened before, and not counted.
    before: Callable[["Desk", random.Random], int] | None = None


class Desk:
    """A coordinator's browser before a web process on one database."""

    def __init__(self, count: int, port: int) -> None:
        self.count = count
        self.line, self.cookies = HTTPConnection("127.0.0.1", port), SimpleCookie()
        self.get("/console/sign-in")
        csrf = self.seen.partition('name="csrf" value="')[2].partition('"')[0]
        assert self._ask("POST", "/console/sign-in", csrf=csrf, email=fill.EMAIL, password=fill.PASSWORD, next="/console") == 303, self.seen
        self.csrf = form_token(self.cookies["handoff_staff"].value)
        self.lists = [path for need in (*NEEDS, "closed") if (path := self._further(need))]
        # Until every desk is ready the server would have hung up by itself; the next question takes a new line.
        self.line.close()

    def get(self, path: str) -> int:
        """Open a page."""
        return self._ask("GET", path)

    def find(self, words: str) -> int:
        """Search, and go on to the lead where a single one answers: either way until somebody is seen."""
        answered = self._ask("POST", "/console/find", csrf=self.csrf, q=words)
        assert answered == 303 or A_LEAD in self.seen, (words, self.seen)
        return self._ask("GET", self.sent_to) if answered == 303 else answered

    def read(self, number: int) -> int:
        """Open a lead's page."""
        return self.get(f"/console/leads/L-{story.serial_of(number):06d}")

    def earlier(self) -> int:
        """Go on to what happened before that which the page shows."""
        found = EARLIER.search(self.seen)
        assert found is not None, self.seen
        return self.get(unescape(found[1]))

    def one_of(self, dice: random.Random, kind: tuple[int, int]) -> int:
        """Return the number of some lead of a kind of which there is one in so many."""
        every, place = kind
        return dice.randrange(self.count // every) * every + place

    def _further(self, need: str) -> str | None:
        self.get(f"/console?need={need}")
        found = FURTHER.search(self.seen)
        return f"/console{unescape(found[1])}" if found else None

    def _ask(self, method: str, path: str, **form: str) -> int:
        carried = "; ".join(f"{name}={each.value}" for name, each in self.cookies.items())
        headers = {"Cookie": carried, "Content-Type": "application/x-www-form-urlencoded"}
        self.line.request(method, path, urlencode(form) if form else None, headers)
        answer = self.line.getresponse()
        self.seen, self.sent_to = answer.read().decode(), answer.headers["Location"]
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.cookies.load(cookie)
        return answer.status


def _a_name(desk: Desk, dice: random.Random) -> int:
    return desk.find(" ".join(name_of(dice.randrange(desk.count))))


def _a_beginning(desk: Desk, dice: random.Random) -> int:
    given, family = name_of(dice.randrange(desk.count))
    return desk.find(f"{given[:3]} {family[:3]}")


def _a_given_name(desk: Desk, dice: random.Random) -> int:
    # One of two dozen: tens of thousands have it.
    return desk.find(name_of(dice.randrange(desk.count))[0])


def _an_address(desk: Desk, dice: random.Random) -> int:
    return desk.find(email_of(dice.randrange(desk.count)))


def _a_phone(desk: Desk, dice: random.Random) -> int:
    return desk.find(phone_of(dice.randrange(desk.count)))


def _a_referrer(desk: Desk, dice: random.Random) -> int:
    return desk.find(" ".join(fill.referrer_named(dice.randrange(fill.referrers_of(desk.count)))))


def _a_long_story(desk: Desk, dice: random.Random) -> int:
    return desk.read(desk.one_of(dice, story.LONG))


def _list(name: str, path: str) -> Page:
    return Page(f"worklist, {name}", 50, lambda desk, _: desk.get(path))


PAGES = (
    _list("everything", "/console"),
    *(_list(need, f"/console?need={need}") for need in (*NEEDS, "closed", "waitlist")),
    _list("mine", "/console?owner=me"),
    _list("merge?", "/console/merges"),
    _list("deliveries unknown or failed", "/console/sending"),
    _list("inbox", "/console/inbox"),
    _list("scans", "/console/scans"),
    _list("quarantine", "/console/quarantine"),
    Page("worklist, the next fifty of one need", 50, lambda desk, dice: desk.get(dice.choice(desk.lists))),
    Page("worklist of one office", 50, lambda desk, dice: desk.get(f"/console?office=new-haven&need={dice.choice(NEEDS)}")),
    Page("board", 50, lambda desk, _: desk.get("/console/board")),
    Page("lead's page", 80, lambda desk, dice: desk.read(dice.randrange(desk.count))),
    Page("lead's page, a long story", 80, _a_long_story),
    Page("lead's page, further back", 80, lambda desk, _: desk.earlier(), _a_long_story),
    Page("lead's page, restricted", 80, lambda desk, dice: desk.read(desk.one_of(dice, story.RESTRICTED))),
    Page("search by name", 100, _a_name),
    Page("search by the beginning of a name", 100, _a_beginning),
    Page("search by a given name alone", 100, _a_given_name),
    Page("search by e-mail", 100, _an_address),
    Page("search by phone", 100, _a_phone),
    Page("search by referrer", 100, _a_referrer),
)


def rows(stage: Stage) -> Iterator[Row]:
    """Yield p99s with ten thousand leads; in the long form with a million of them, and against ten thousand."""
    if not stage.long:
        url = stage.new_database("ten_thousand_leads", like_ours=True)
        count, asked = (2_000, 50) if stage.quick else (SMALL, ASKED)
        data.use(url)
        fill.fill(count)
        taken = _measure({count: url}, rounds=1, asked=asked)
        data.use(stage.database_url)
        for page in PAGES:
            yield at_most(f"{page.name}, ten thousand leads", "ms, p99", taken[page.name][0], must=page.must, aim=page.must / 2)
        return
    with data.kept(*(f"bench_leads_{count}" for count in data.LEADS)) as url, data.own_keys():
        taken = _measure({count: fill.database_of(url, count) for count in (SMALL, LARGE)}, rounds=ROUNDS, asked=ASKED)
    data.use(stage.database_url)
    for page in PAGES:
        few, many = taken[page.name]
        yield at_most(f"{page.name}, a million leads", "ms, p99", many, must=page.must, aim=page.must / 2)
        pairs = list(zip(many, few, strict=True))
        yield grows(f"{page.name}, growing", "ms, p99", pairs, against="ten thousand leads", must=1.5, aim=1.1)


def _measure(databases: Mapping[int, str], *, rounds: int, asked: int) -> dict[str, list[list[float]]]:
    """Return the p99s of each page on each database, one a round, in ms; asked by turns, so that a busy moment of the machine meets all."""
    with ExitStack() as stack:
        desks = [stack.enter_context(_desk(count, url)) for count, url in databases.items()]
        measured = {page.name: [_times_of(page, desks, asked) for _ in range(rounds)] for page in PAGES}
    return {name: [list(each) for each in zip(*times, strict=True)] for name, times in measured.items()}


@contextmanager
def _desk(count: int, url: str) -> Iterator[Desk]:
    data.use(url)
    # A kept database may be older than what is measured.
    migrate.upgrade(db.engine())
    with served(lambda port: commands.web("127.0.0.1", port), "/healthz") as (port,):
        yield Desk(count, port)
    db.engine().dispose()


def _times_of(page: Page, desks: Sequence[Desk], asked: int) -> list[float]:
    dice, taken = random.Random(7), [list[float]() for _ in desks]
    for turn in range(WARM_UP + asked):
        for desk, times in zip(desks, taken, strict=True):
            if page.before is not None:
                page.before(desk, dice)
            since = time.perf_counter()
            status = page.act(desk, dice)
            assert status in (200, 303, 403), (page.name, status, desk.seen[:2000])
            if turn >= WARM_UP:
                times.append((time.perf_counter() - since) * 1000)
    return [percentile(times, 0.99) for times in taken]
