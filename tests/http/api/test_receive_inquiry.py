"""An inquiry handed on by a machine is kept, or refused in words that name the field."""

import logging
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from leads.accounts.keys import revoke
from leads.accounts.models import ApiKey
from leads.db import transaction
from leads.inquiries.models import Inquiry
from leads.pipeline.models import Lead
from tests.cast import raw_submission
from tests.http.api.conftest import Post, make_key
from tests.schema import change_schema

URL = "/api/v1/inquiries"


def inquiries() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Inquiry)) or 0


def fields(answer: Any) -> list[str]:
    return [each["field"] for each in answer.json()["errors"]]


def test_201_says_number_and_by_when(post: Post, tuesday: object) -> None:
    answer = post(raw_submission())
    assert answer.status_code == 201
    assert list(answer.json()) == ["id", "number", "expected_by"]
    assert answer.json()["expected_by"] == "2026-10-07T18:00:00-04:00"


def test_it_is_kept_with_the_key_that_sent_it(post: Post) -> None:
    told = post(raw_submission()).json()
    with transaction() as session:
        inquiry = session.scalars(select(Inquiry)).one()
        key = session.scalars(select(ApiKey)).one()
        assert (str(inquiry.id), inquiry.channel, inquiry.api_key_id) == (told["id"], "api", key.id)
        assert session.scalars(select(Lead)).one().number == told["number"]


@pytest.mark.parametrize("field", ["given_name", "consent", "consent.contact", "consent.wording"])
def test_each_missing_field_is_named(post: Post, field: str) -> None:
    asked = raw_submission()
    group, _, leaf = field.partition(".")
    del (asked[group] if leaf else asked)[leaf or group]
    answer = post(asked)
    assert answer.status_code == 422
    assert fields(answer) == [field]


def test_one_way_to_answer_is_required(post: Post) -> None:
    answer = post(raw_submission(email=None, phone=None))
    assert (answer.status_code, fields(answer)) == (422, ["phone"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ssn": "000-00-0000"}, "ssn"),
        ({"consent": {"contact": False}}, "consent.contact"),
        ({"consent": {"wording": "1999"}}, "consent.wording"),
        ({"consent": {"everything": True}}, "consent.everything"),
        ({"campaign": {"click_id": "abc"}}, "campaign.click_id"),
        ({"email": "not an address"}, "email"),
        ({"office": "atlantis"}, "office"),
        ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"message": "x" * 4001}, "message"),
    ],
)
def test_a_field_that_cannot_be_accepted_is_named(post: Post, changes: dict[str, Any], field: str) -> None:
    answer = post(raw_submission(**changes))
    assert (answer.status_code, fields(answer)) == (422, [field])
    assert inquiries() == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[" * 5_000, b'{"a":' * 90_000, b"\xff\xfe", b'{"given_name": "\xff"}', b'{"a": 1' + b"0" * 9_000 + b"}"]
)
def test_what_is_no_json_is_malformed(client: TestClient, auth: dict[str, str], body: bytes) -> None:
    answer = client.post(URL, content=body[:250_000], headers=auth | {"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.status_code == 400 or body == b""
    assert set(answer.json()) == {"error", "message", "errors"}


@pytest.mark.parametrize("asked", [[], "words", 7, [{}], False])
def test_json_that_is_no_object_is_refused(post: Post, asked: Any) -> None:
    assert (post(asked).status_code, fields(post(asked))) == (422, ["body"])


def test_json_that_calls_itself_something_else_is_told_how(client: TestClient, auth: dict[str, str]) -> None:
    answer = client.post(URL, content=b"{}", headers=auth | {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 400
    assert "Content-Type: application/json" in answer.json()["message"]


def test_a_number_in_a_names_place_is_told_that_text_is_wanted(post: Post) -> None:
    answer = post(raw_submission(given_name=5))
    assert answer.json()["errors"] == [{"field": "given_name", "code": "string_type", "message": "This should be text."}]


def test_a_huge_body_is_refused(post: Post) -> None:
    answer = post(raw_submission(message="x" * 300_000))
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_a_huge_body_of_unknown_length_is_refused(client: TestClient, auth: dict[str, str]) -> None:
    pieces = (b"x" * 65_536 for _ in range(8))
    answer = client.post(URL, content=pieces, headers=auth | {"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer wh_unknown"}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}]
)
def test_without_a_known_key_nobody_gets_in(client: TestClient, header: dict[str, str]) -> None:
    answer = client.post(URL, json=raw_submission(), headers=header)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_stops_at_once(post: Post) -> None:
    assert post(raw_submission()).status_code == 201
    with transaction() as session:
        revoke(session, "Partner")
    assert post(raw_submission()).status_code == 401


def test_the_missing_scope_is_named(client: TestClient) -> None:
    header = {"Authorization": f"Bearer {make_key('leads:read')}"}
    answer = client.post(URL, json=raw_submission(), headers=header)
    assert answer.status_code == 403
    assert "inquiries:write" in answer.json()["message"]


def test_a_name_never_reaches_headers_or_logs(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [post(raw_submission(given_name="Zephyrine")), post(raw_submission(given_name="Zephyrine", email="Zephyrine"))]
    assert [answer.status_code for answer in answers] == [201, 422]
    assert all("Zephyrine" not in str(answer.headers) + answer.text for answer in answers)
    assert "Zephyrine" not in caplog.text


@pytest.mark.committed
def test_a_commit_that_fails_is_no_201(post: Post) -> None:
    change_schema(
        "CREATE FUNCTION refuse_commit() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'disk full'; END$$",
        "CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON inquiries DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse_commit()",
    )
    try:
        answer = post(raw_submission(), Idempotency_Key="once")
        assert (answer.status_code, answer.json()["error"]) == (500, "internal")
        assert inquiries() == 0
    finally:
        change_schema("DROP FUNCTION refuse_commit CASCADE")
    assert post(raw_submission(), Idempotency_Key="once").status_code == 201
