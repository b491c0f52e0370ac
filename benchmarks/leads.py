"""How long worklist, lead page and search take with a million leads, against ten thousand: the server's time, drawing included."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fastapi.testclient import TestClient
from sqlalchemy import func, select

from benchmarks import data, leads_data
from benchmarks.measure import Row, at_most, grows, percentile
from benchmarks.stage import Stage
from leads import db
from leads.accounts.models import Account
from leads.accounts.sessions import form_token
from leads.accounts.staff import account_index, create_account
from leads.app import create_app
from leads.pipeline.models import Lead
from leads.pipeline.worklist import NEEDS

PASSWORD = "four unrelated words here"
EMAIL = "bench@clinic.test"
ASKED = 200
SMALL, LARGE = 10_000, 1_000_000


@dataclass(frozen=True)
class Page:
    """One thing a coordinator does, by how many milliseconds it must be answered at p99, and how to do it for the nth time."""

    name: str
    must: float
    act: Callable[["Desk", random.Random], int]


class Desk:
    """A coordinator's browser before one database."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.client = TestClient(create_app(), base_url="http://testserver")
        with db.transaction() as session:
            if session.scalar(select(Account).where(Account.email_index == account_index(EMAIL))) is None:
                create_account(session, email=EMAIL, name="Bench", password=PASSWORD, roles=["coordinator"])
            self.first = session.scalar(select(func.min(Lead.serial))) or 1
        page = self.client.get("/console/sign-in").text
        csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
        answer = self.client.post("/console/sign-in", data={"csrf": csrf, "email": EMAIL, "password": PASSWORD, "next": "/console"})
        assert answer.status_code == 200, answer.status_code
        self.csrf = form_token(self.client.cookies["handoff_staff"])

    def get(self, path: str) -> int:
        """Open a page."""
        return self.client.get(path).status_code

    def find(self, words: str) -> int:
        """Search, without going on to the lead that answers."""
        return self.client.post("/console/find", data={"csrf": self.csrf, "q": words}, follow_redirects=False).status_code


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
        url = stage.new_database("ten_thousand_leads", like_ours=True)
        data.use(url)
        leads_data.fill(2_000 if stage.quick else SMALL)
        taken = _measure(2_000 if stage.quick else SMALL)
        db.engine().dispose()
        data.use(stage.database_url)
        for page in PAGES:
            yield at_most(f"{page.name}, ten thousand leads", "ms, p99", [taken[page.name]], must=page.must, aim=page.must / 2)
        return
    with data.server() as url, data.own_keys():
        taken = {}
        for count in (SMALL, LARGE):
            data.use(leads_data.database_of(url, count))
            taken[count] = _measure(count)
            db.engine().dispose()
    data.use(stage.database_url)
    for page in PAGES:
        many, few = taken[LARGE][page.name], taken[SMALL][page.name]
        yield at_most(f"{page.name}, a million leads", "ms, p99", [many], must=page.must, aim=page.must / 2)
        yield grows(f"{page.name}, growing", "ms, p99", [(many, few)], against="ten thousand leads", must=1.5, aim=1.1)


def _measure(count: int) -> dict[str, float]:
    desk, dice, taken = Desk(count), random.Random(7), {}
    for page in PAGES:
        for _ in range(20):
            page.act(desk, dice)
        times = []
        for _ in range(ASKED):
            since = time.perf_counter()
            status = page.act(desk, dice)
            times.append((time.perf_counter() - since) * 1000)
            assert status in (200, 303), (page.name, status)
        taken[page.name] = percentile(times, 0.99)
    return taken
