"""How long worklist, lead page and search take with a million leads, against ten thousand: from question to the last byte."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from sqlalchemy import func, select

from benchmarks import data, leads_data
from benchmarks.measure import Row, at_most, grows, percentile
from benchmarks.served import served
from benchmarks.stage import Stage
from leads import db, migrate
from leads.accounts.models import Account
from leads.accounts.sessions import form_token
from leads.accounts.staff import account_index, create_account
from leads.local import commands
from leads.pipeline.models import Lead
from leads.pipeline.worklist import NEEDS

PASSWORD = "four unrelated words here"
EMAIL = "bench@clinic.test"
ASKED, WARM_UP = 200, 20
SMALL, LARGE = 10_000, 1_000_000


@dataclass(frozen=True)
class Page:
    """One thing a coordinator does, by how many milliseconds it must be answered at p99, and how to do it for the nth time."""

    name: str
    must: float
    act: Callable[["Desk", random.Random], int]


class Desk:
    """A coordinator's browser before a web process on one database."""

    def __init__(self, count: int, port: int) -> None:
        self.count = count
        self.line, self.cookies = HTTPConnection("127.0.0.1", port), SimpleCookie()
        with db.transaction() as session:
            if session.scalar(select(Account).where(Account.email_index == account_index(EMAIL))) is None:
                create_account(session, email=EMAIL, name="Bench", password=PASSWORD, roles=["coordinator"])
            self.first = session.scalar(select(func.min(Lead.serial))) or 1
        self.get("/console/sign-in")
        csrf = self.seen.partition('name="csrf" value="')[2].partition('"')[0]
        assert self._ask("POST", "/console/sign-in", csrf=csrf, email=EMAIL, password=PASSWORD, next="/console") == 303, self.seen
        self.csrf = form_token(self.cookies["handoff_staff"].value)
        # Until every desk is ready the server would have hung up by itself; the next question takes a new line.
        self.line.close()

    def get(self, path: str) -> int:
        """Open a page."""
        return self._ask("GET", path)

    def find(self, words: str) -> int:
        """Search, without going on to the lead that answers."""
        return self._ask("POST", "/console/find", csrf=self.csrf, q=words)

    def _ask(self, method: str, path: str, **form: str) -> int:
        carried = "; ".join(f"{name}={each.value}" for name, each in self.cookies.items())
        headers = {"Cookie": carried, "Content-Type": "application/x-www-form-urlencoded"}
        self.line.request(method, path, urlencode(form) if form else None, headers)
        answer = self.line.getresponse()
        self.seen = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            self.cookies.load(cookie)
        return answer.status


def _a_name(desk: Desk, dice: random.Random) -> int:
    return desk.find(" ".join(leads_data.name_of(dice.randrange(desk.count))))


def _an_address(desk: Desk, dice: random.Random) -> int:
    return desk.find(leads_data.email_of(dice.randrange(desk.count)))


def _a_phone(desk: Desk, dice: random.Random) -> int:
    return desk.find(leads_data.phone_of(dice.randrange(desk.count)))


PAGES = (
    Page("worklist, everything", 50, lambda desk, _: desk.get("/console")),
    Page("worklist, fifty of one need", 50, lambda desk, dice: desk.get(f"/console?need={dice.choice(NEEDS)}")),
    Page("worklist of one office", 50, lambda desk, dice: desk.get(f"/console?office=woodbury&need={dice.choice(NEEDS)}")),
    Page("board", 50, lambda desk, _: desk.get("/console/board")),
    Page("lead's page", 80, lambda desk, dice: desk.get(f"/console/leads/L-{desk.first + dice.randrange(desk.count):06d}")),
    Page("search by name", 100, _a_name),
    Page("search by e-mail", 100, _an_address),
    Page("search by phone", 100, _a_phone),
)


def rows(stage: Stage) -> Iterator[Row]:
    """Yield p99s with ten thousand leads; in the long form with a million of them, and against ten thousand."""
    if not stage.long:
        url, count = stage.new_database("ten_thousand_leads", like_ours=True), 2_000 if stage.quick else SMALL
        data.use(url)
        leads_data.fill(count)
        taken = _measure({count: url})
        data.use(stage.database_url)
        for page in PAGES:
            yield at_most(f"{page.name}, ten thousand leads", "ms, p99", taken[page.name], must=page.must, aim=page.must / 2)
        return
    with data.server() as url, data.own_keys():
        taken = _measure({count: leads_data.database_of(url, count) for count in (SMALL, LARGE)})
    data.use(stage.database_url)
    for page in PAGES:
        few, many = taken[page.name]
        yield at_most(f"{page.name}, a million leads", "ms, p99", [many], must=page.must, aim=page.must / 2)
        yield grows(f"{page.name}, growing", "ms, p99", [(many, few)], against="ten thousand leads", must=1.5, aim=1.1)


def _measure(databases: Mapping[int, str]) -> dict[str, list[float]]:
    """Return the p99 of each page on each database, in milliseconds; asked by turns, so that a busy moment of the machine meets all."""
    with ExitStack() as stack:
        desks = [stack.enter_context(_desk(count, url)) for count, url in databases.items()]
        return {page.name: _times_of(page, desks) for page in PAGES}


@contextmanager
def _desk(count: int, url: str) -> Iterator[Desk]:
    data.use(url)
    # A kept database may be older than what is measured.
    migrate.upgrade(db.engine())
    with served(lambda port: commands.web("127.0.0.1", port), "/healthz") as (port,):
        yield Desk(count, port)
    db.engine().dispose()


def _times_of(page: Page, desks: Sequence[Desk]) -> list[float]:
    dice, taken = random.Random(7), [list[float]() for _ in desks]
    for turn in range(WARM_UP + ASKED):
        for desk, times in zip(desks, taken, strict=True):
            since = time.perf_counter()
            status = page.act(desk, dice)
            assert status in (200, 303), (page.name, status)
            if turn >= WARM_UP:
                times.append((time.perf_counter() - since) * 1000)
    return [percentile(times, 0.99) for times in taken]
