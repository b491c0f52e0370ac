"""The use of a signed page is on the record of access: once a person, page and day, and never for a program that only looks."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry

Advance = Callable[[timedelta], None]
PEOPLE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-User": "?1"}


@pytest.fixture
def clock(tuesday: Advance) -> Advance:
    return tuesday


def used(session: Session) -> list[str]:
    """Which pages the record says were used."""
    entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "page.used").order_by(AuditEntry.id))
    return [f"{entry.actor.partition(':')[0]} {entry.detail['page']}" for entry in entries]


@pytest.mark.parametrize("name", ["confirm", "unsubscribe", "preferences"])
def test_a_page_that_somebody_opens_is_on_record(
    web: TestClient, links: dict[str, str], session: Session, clock: Advance, name: str
) -> None:
    assert web.get(links[name], headers=PEOPLE).status_code == 200
    assert used(session) == [f"person {name}"]


def test_opened_again_that_day_it_leaves_no_second_entry_and_the_next_day_it_does(
    web: TestClient, links: dict[str, str], session: Session, clock: Advance
) -> None:
    for _ in range(3):
        web.get(links["preferences"], headers=PEOPLE)
    assert used(session) == ["person preferences"]
    clock(timedelta(days=1))
    web.get(links["preferences"], headers=PEOPLE)
    assert used(session) == ["person preferences"] * 2


def test_each_page_has_an_entry_of_its_own(web: TestClient, links: dict[str, str], session: Session, clock: Advance) -> None:
    for name in ("confirm", "preferences"):
        web.get(links[name], headers=PEOPLE)
    assert used(session) == ["person confirm", "person preferences"]


@pytest.mark.parametrize(
    "program",
    [
        {},
        PEOPLE | {"Sec-Purpose": "prefetch;prerender"},
        PEOPLE | {"Purpose": "prefetch"},
        PEOPLE | {"X-Moz": "prefetch"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "empty"},
    ],
)
def test_a_program_that_only_looks_leaves_no_entry(
    web: TestClient, links: dict[str, str], session: Session, clock: Advance, program: dict[str, str]
) -> None:
    assert web.get(links["preferences"], headers=program).status_code == 200
    assert used(session) == []


def test_a_head_leaves_no_entry(web: TestClient, links: dict[str, str], session: Session, clock: Advance) -> None:
    web.head(links["confirm"], headers=PEOPLE)
    assert used(session) == []


def test_a_link_that_leads_nowhere_leaves_no_entry(web: TestClient, session: Session, clock: Advance) -> None:
    assert web.get("/p/nothing", headers=PEOPLE).status_code == 404
    assert used(session) == []
