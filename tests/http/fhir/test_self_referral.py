"""A web inquiry that a practice's own site handed on is a Task and ServiceRequest too, for that practice alone."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from leads.consent.ledger import Spoken, grant
from leads.db import transaction
from leads.inquiries.models import Inquiry
from leads.pipeline.models import Lead
from tests.cast import ACTOR, raw_submission
from tests.http.fhir.conftest import business, get, key_of


@pytest.fixture
def own(database: None) -> dict[str, str]:
    """The key of a practice that has a form of ours on its site."""
    return key_of("Riverside Psychiatry", "fhir", "inquiries:write")


@pytest.fixture
def inquiry_id(client: TestClient, own: dict[str, str]) -> str:
    return str(client.post("/api/v1/inquiries", json=raw_submission(), headers=own).json()["id"])


def test_it_is_the_same_task_with_the_practice_as_requester(client: TestClient, own: dict[str, str], inquiry_id: str) -> None:
    task = get(client, own, f"Task/{inquiry_id}")
    assert (task["status"], business(task)[1], task["requester"]["display"]) == ("received", "2.0", "Riverside Psychiatry")
    assert get(client, own, task["requester"]["reference"], "Organization")["name"] == "Riverside Psychiatry"


def test_the_request_repeats_nothing_the_person_wrote(client: TestClient, own: dict[str, str], inquiry_id: str) -> None:
    request = get(client, own, f"ServiceRequest/{inquiry_id}", "ServiceRequest")
    assert (request["status"], "reasonCode" in request) == ("active", False)
    assert not [word for word in ("Ana", "Rivera", "know more") if word in str(request)]


def test_without_the_persons_word_it_stays_received(client: TestClient, own: dict[str, str], inquiry_id: str) -> None:
    with transaction() as session:
        session.scalars(select(Lead)).one().stage = "booked"
    assert get(client, own, f"Task/{inquiry_id}")["status"] == "received"


def test_with_it_the_stage_shows(client: TestClient, own: dict[str, str], inquiry_id: str) -> None:
    with transaction() as session:
        session.scalars(select(Lead)).one().stage = "booked"
        person_id = session.scalars(select(Inquiry.person_id)).one()
        grant(session, person_id, "status_to_referrer", Spoken(source="call", method="phone"), actor=ACTOR)
    assert business(get(client, own, f"Task/{inquiry_id}"))[1] == "5.1.1"


def test_a_completed_one_has_an_output(client: TestClient, own: dict[str, str], inquiry_id: str) -> None:
    with transaction() as session:
        lead = session.scalars(select(Lead)).one()
        lead.stage, lead.outcome = "closed", "started-care"
        grant(session, lead.person_id, "status_to_referrer", Spoken(source="call", method="phone"), actor=ACTOR)
    task = get(client, own, f"Task/{inquiry_id}")
    assert (task["status"], len(task["output"])) == ("completed", 1)


@pytest.mark.parametrize("kind", ["Task", "ServiceRequest"])
def test_another_practice_finds_nothing(client: TestClient, stranger: dict[str, str], inquiry_id: str, kind: str) -> None:
    assert client.get(f"/fhir/{kind}/{inquiry_id}", headers=stranger).status_code == 404


def test_an_inquiry_of_no_practice_is_nobodys(client: TestClient, own: dict[str, str]) -> None:
    client.post("/api/v1/inquiries", json=raw_submission(), headers=own)
    with transaction() as session:
        inquiry = session.scalars(select(Inquiry)).one()
        inquiry.api_key_id = None
    assert client.get(f"/fhir/Task/{inquiry.id}", headers=own).status_code == 404
