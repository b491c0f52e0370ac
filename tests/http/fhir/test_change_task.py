"""The sender of a Task may cancel it and answer a question, and nothing else; the guides' conflicts are decided as published."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from leads.db import transaction
from leads.http.fhir.codes import BSER
from leads.http.fhir.parse import parse
from leads.loop.models import ReferralEvent
from leads.todos.models import Todo
from tests.http.fhir.cast import abort_of, bundle, concept
from tests.http.fhir.conftest import Send, business, get, happen, id_in

pytestmark = pytest.mark.usefixtures("tells_all")
BY_INPUT = {"input": [{"type": {"text": "ECG"}, "valueString": "QTc 410 ms."}]}


class Sender:
    """A practice's record system that has sent one referral."""

    def __init__(self, client: TestClient, auth: dict[str, str], task_id: str) -> None:
        self.client, self.auth, self.task_id = client, auth, task_id

    def task(self) -> dict[str, Any]:
        return get(self.client, self.auth, f"Task/{self.task_id}")

    def put(self, if_match: str | None = None, **changes: Any) -> Any:
        task = self.task()
        headers = {"If-Match": if_match or f'W/"{task["meta"]["versionId"]}"', "Content-Type": "application/fhir+json"}
        return self.client.put(f"/fhir/Task/{self.task_id}", json=task | changes, headers=self.auth | headers)

    def abort(self) -> Any:
        return self.client.post("/fhir/Task", json=abort_of(self.task_id), headers=self.auth)


@pytest.fixture
def sender(client: TestClient, auth: dict[str, str], task_id: str) -> Sender:
    return Sender(client, auth, task_id)


def events() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(ReferralEvent.event).order_by(ReferralEvent.version)))


def words(answer: Any) -> str:
    return str(parse(answer.content, "OperationOutcome")["issue"][0]["details"]["text"])


@pytest.mark.parametrize("before", [[], ["accept"], ["ask"]])
def test_before_it_is_in_progress_it_is_cancelled_at_once(sender: Sender, before: list[str]) -> None:
    happen(sender.task_id, *before)
    answer = sender.put(status="cancelled", statusReason={"text": "The patient moved away."})
    assert (answer.status_code, answer.json()["status"], business(answer.json())[1]) == (200, "cancelled", "6.0")
    request = get(sender.client, sender.auth, f"ServiceRequest/{sender.task_id}", "ServiceRequest")
    assert request["status"] == "revoked"


def test_a_withdrawal_leaves_the_lead_for_a_person_to_decide(sender: Sender) -> None:
    sender.put(status="cancelled")
    with transaction() as session:
        assert "withdrawn" in session.scalars(select(Todo.kind).where(Todo.done_at.is_(None))).all()


def test_once_it_is_in_progress_we_must_be_asked(sender: Sender) -> None:
    happen(sender.task_id, "accept", "schedule")
    answer = sender.put(status="cancelled")
    assert answer.status_code == 422
    assert "abort" in words(answer)


def test_a_cancellation_task_is_answered_in_kind(sender: Sender) -> None:
    happen(sender.task_id, "accept", "schedule")
    answer = sender.abort()
    assert (answer.status_code, answer.json()["status"]) == (201, "in-progress")
    assert (sender.task()["status"], business(sender.task())) == ("in-progress", (BSER, "5.2"))
    happen(sender.task_id, "confirm_cancel")
    assert get(sender.client, sender.auth, answer.headers["Location"].partition("/fhir/")[2])["status"] == "completed"


def test_a_cancellation_that_comes_too_late_is_rejected(sender: Sender) -> None:
    happen(sender.task_id, "accept", "schedule")
    answer = sender.abort()
    happen(sender.task_id, "outcome")
    assert get(sender.client, sender.auth, f"Task/{answer.json()['id']}")["status"] == "rejected"


def test_asked_twice_is_asked_once(sender: Sender) -> None:
    first, second = sender.abort(), sender.abort()
    assert (first.json()["id"], events()) == (second.json()["id"], ["package", "cancel_request"])


@pytest.mark.parametrize("code", ["5.2", "5.4"])
def test_bsers_way_to_ask_is_taken_in_both_spellings(sender: Sender, code: str) -> None:
    happen(sender.task_id, "accept", "schedule")
    answer = sender.put(businessStatus=concept(BSER, code))
    assert (answer.status_code, business(answer.json())) == (200, (BSER, "5.2"))


def test_declining_revokes_nothing_and_the_sender_need_not_cancel(sender: Sender) -> None:
    happen(sender.task_id, "decline", reason="not-a-fit")
    answer = sender.put(status="cancelled")
    assert (answer.status_code, sender.task()["status"]) == (422, "rejected")
    assert get(sender.client, sender.auth, f"ServiceRequest/{sender.task_id}", "ServiceRequest")["status"] == "active"


def test_what_is_not_allowed_now_lists_what_is(sender: Sender) -> None:
    happen(sender.task_id, "accept", "outcome")
    answer = sender.abort()
    assert answer.status_code == 422
    assert "reopen" in words(answer)


@pytest.mark.parametrize(
    "given", [{"note": [{"text": "QTc 410 ms."}]}, {"input": [{"type": {"text": "ECG"}, "valueString": "QTc 410 ms."}]}]
)
def test_a_question_is_answered(sender: Sender, given: dict[str, Any]) -> None:
    happen(sender.task_id, "ask", missing=["the last ECG"], note="By fax is fine.")
    answer = sender.put(**given)
    assert (answer.status_code, answer.json()["status"], events()[-1]) == (200, "received", "answer")


def test_an_answer_goes_back_to_where_it_came_from(sender: Sender) -> None:
    happen(sender.task_id, "accept", "ask", missing=["the last ECG"])
    assert sender.put(note=[{"text": "QTc 410 ms."}]).json()["status"] == "accepted"


def test_our_own_note_sent_back_is_no_answer(sender: Sender) -> None:
    happen(sender.task_id, "ask", missing=["the last ECG"], note="By fax is fine.")
    assert (sender.put().status_code, events()) == (422, ["package", "ask"])


def test_an_answer_without_a_question_is_refused(sender: Sender) -> None:
    assert sender.put(note=[{"text": "By the way."}]).status_code == 422


@pytest.mark.parametrize("changes", [{"status": "completed"}, {"owner": {"reference": "Organization/me"}}, {"priority": "stat"}])
def test_nothing_else_is_the_senders_to_change(sender: Sender, changes: dict[str, Any]) -> None:
    assert (sender.put(**changes).status_code, events()) == (422, ["package"])


@pytest.mark.parametrize("if_match", ['W/"7"', "*", "1", '"x"'])
def test_an_old_version_changes_nothing(sender: Sender, if_match: str) -> None:
    answer = sender.put(if_match, status="cancelled")
    assert (answer.status_code, events()) == (412, ["package"])
    assert 'W/"1"' in words(answer)


def test_without_a_version_nothing_changes(sender: Sender) -> None:
    answer = sender.client.put(f"/fhir/Task/{sender.task_id}", json=sender.task(), headers=sender.auth)
    assert answer.status_code == 412


def test_another_practice_can_change_nothing(sender: Sender, stranger: dict[str, str]) -> None:
    theirs = Sender(sender.client, stranger, sender.task_id)
    put = sender.client.put(f"/fhir/Task/{sender.task_id}", json=sender.task(), headers=stranger | {"If-Match": 'W/"1"'})
    assert (put.status_code, theirs.abort().status_code, events()) == (404, 404, ["package"])


def test_any_other_task_is_refused_with_the_way_out(sender: Sender) -> None:
    answer = sender.client.post("/fhir/Task", json=abort_of("x") | {"code": concept("x", "fulfill")}, headers=sender.auth)
    assert (answer.status_code, "transaction Bundle" in words(answer)) == (422, True)


def test_a_cancellation_names_a_task(sender: Sender) -> None:
    focus = {"reference": f"ServiceRequest/{sender.task_id}"}
    assert sender.client.post("/fhir/Task", json=abort_of("x") | {"focus": focus}, headers=sender.auth).status_code == 422


@pytest.mark.parametrize("ours", [[], ["accept"], ["accept", "schedule"], ["decline"], ["accept", "outcome"]])
def test_without_the_patients_grant_every_answer_is_the_same(client: TestClient, auth: dict[str, str], send: Send, ours: list[str]) -> None:
    sender = Sender(client, auth, id_in(send(bundle(("consent",)))))
    happen(sender.task_id, *ours)
    put, asked, answer = sender.put(status="cancelled"), sender.abort(), sender.put(note=[{"text": "By the way."}])
    assert (put.status_code, put.json()["status"], put.headers["ETag"]) == (200, "received", 'W/"1"')
    assert (asked.status_code, words(asked)) == (202, "Received. Please call us to hear more.")
    assert (answer.status_code, words(answer)) == (422, "Nothing has been asked here. Please call us.")
