"""A record that is restricted here answers its sender as ever, word for word: not even the restriction can be read from outside."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from leads.access.outside import looks_from_outside
from leads.access.restrict import restrict
from leads.audit.models import AuditEntry
from leads.db import transaction
from leads.loop.models import Referral
from leads.people.models import Person
from tests.cast import ACTOR, raw_submission
from tests.http.fhir.conftest import Send, happen, id_in, key_of


@pytest.fixture
def auth(database: None) -> dict[str, str]:
    """The key of Riverside Psychiatry, which also has a form of ours on its site."""
    return key_of("Riverside Psychiatry", "fhir", "referrals:read", "inquiries:write")


@pytest.fixture
def ways(client: TestClient, auth: dict[str, str], send: Send, tells_all: None) -> list[str]:
    """Every address at which the sender of a booked referral, and of an inquiry, reads of it."""
    task_id = id_in(send())
    happen(task_id, "accept", "schedule")
    inquiry = client.post("/api/v1/inquiries", json=raw_submission(), headers=auth).json()["id"]
    fhir = [f"Task/{task_id}", f"Task/{task_id}/_history", f"ServiceRequest/{task_id}", f"Task/{inquiry}", f"ServiceRequest/{inquiry}"]
    return [*(f"/fhir/{each}" for each in (*fhir, f"Task?_id={task_id}")), f"/api/v1/referrals/{task_id}", "/api/v1/referrals"]


def close_all() -> None:
    """Restrict everybody's record."""
    with transaction() as session:
        for person in session.scalars(select(Person)):
            restrict(session, person.id, reason="She works at our front desk.", actor=ACTOR, roles={"supervisor"})


def read_all(client: TestClient, auth: dict[str, str], ways: list[str]) -> list[Any]:
    """What each way says, without the moment at which it was asked."""
    answers = [client.get(way, headers=auth) for way in ways]
    assert {each.status_code for each in answers} == {200}
    return [{**each.json(), "meta": None, "ask_next_since": None} for each in answers]


def test_the_sender_reads_the_same_as_before(client: TestClient, auth: dict[str, str], ways: list[str]) -> None:
    before = read_all(client, auth, ways)
    close_all()
    assert read_all(client, auth, ways) == before


def test_each_way_to_it_is_a_look_that_supervisors_see(client: TestClient, auth: dict[str, str], ways: list[str], tuesday: Any) -> None:
    read_all(client, auth, ways)
    tuesday(timedelta(minutes=1))
    close_all()
    assert not _seen()
    for count, way in enumerate(ways, start=1):
        client.get(way, headers=auth)
        assert sum(_seen()) == count, way


def test_a_search_says_on_record_which_it_showed(client: TestClient, auth: dict[str, str], ways: list[str]) -> None:
    client.get(ways[5], headers=auth)
    with transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "referrals.listed")).one()
        shown = session.scalars(select(Referral)).one()
        assert (entry.detail["count"], entry.detail["referrals"]) == (1, [shown.number])


def test_another_practice_reads_as_little_as_ever(client: TestClient, stranger: dict[str, str], ways: list[str]) -> None:
    close_all()
    assert client.get(ways[0], headers=stranger).status_code == 404
    assert not _seen()


def _seen() -> list[int]:
    with transaction() as session:
        return [each.times for each in looks_from_outside(session)]
