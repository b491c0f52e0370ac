"""The OpenAPI document is true, and its page stands on its own."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from leads.accounts.models import SCOPES
from leads.http.api.routes import build_api
from tests.cast import raw_submission
from tests.http.api.conftest import Post, practice_key
from tests.referrals.cast import raw_referral

DOCUMENT: dict[str, Any] = build_api().openapi()
OPERATIONS = [(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods]
EXPECTED = {
    ("/v1/inquiries", "post"): "400 401 403 409 413 422 429 500",
    ("/v1/referrals", "post"): "400 401 403 409 413 422 429 500",
    ("/v1/referrals", "get"): "401 403 422 429 500",
    ("/v1/referrals/{id}", "get"): "401 403 404 422 429 500",
    ("/v1/leads", "get"): "401 403 422 429 500",
    ("/v1/leads/{number}", "get"): "401 403 404 422 429 500",
    ("/v1/leads/{number}/stage", "post"): "400 401 403 404 409 412 413 422 429 500",
    ("/v1/slots", "get"): "401 403 422 429 500",
    ("/v1/appointments", "get"): "401 403 422 429 500",
    ("/v1/appointments", "post"): "400 401 403 409 413 422 429 500",
    ("/v1/appointments/{id}", "get"): "401 403 404 422 429 500",
    ("/v1/appointments/{id}/move", "post"): "400 401 403 404 409 412 413 422 429 500",
    ("/v1/appointments/{id}/cancel", "post"): "400 401 403 404 409 412 413 422 429 500",
    ("/v1/appointments/{id}/confirm", "post"): "401 403 404 409 412 422 429 500",
    ("/v1/appointments/{id}/attended", "post"): "401 403 404 409 412 422 429 500",
    ("/v1/appointments/{id}/no-show", "post"): "401 403 404 409 412 422 429 500",
}


def validator(component: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{component}", "components": DOCUMENT["components"]})


def test_it_is_served_as_it_is_built(client: TestClient) -> None:
    assert client.get("/api/openapi.json").json() == DOCUMENT
    assert (DOCUMENT["openapi"][:3], DOCUMENT["servers"]) == ("3.1", [{"url": "/api"}])


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_each_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_refusal_is_listed_with_the_error_model(path: str, method: str) -> None:
    told = {status: each for status, each in DOCUMENT["paths"][path][method]["responses"].items() if status >= "400"}
    assert " ".join(sorted(told)) == EXPECTED[path, method]
    models = {each["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2] for each in told.values()}
    assert models <= {"Problem", "NewerStateProblem"}


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_every_operation_asks_for_a_key_and_names_its_scope(path: str, method: str) -> None:
    told = DOCUMENT["paths"][path][method]
    assert told["security"] == [{"api_key": []}]
    assert told["x-scope"] in SCOPES


def test_the_example_is_accepted(post: Post) -> None:
    example = DOCUMENT["paths"]["/v1/inquiries"]["post"]["requestBody"]["content"]["application/json"]["example"]
    validator("Submission").validate(example)
    assert post(example).status_code == 201


def test_the_example_of_a_referral_is_accepted(client: TestClient) -> None:
    example = DOCUMENT["paths"]["/v1/referrals"]["post"]["requestBody"]["content"]["application/json"]["example"]
    validator("ReferralSubmission").validate(example)
    assert client.post("/api/v1/referrals", json=example, headers=practice_key()).status_code == 201


def test_answers_about_referrals_are_as_described(client: TestClient) -> None:
    key = practice_key()
    told = client.post("/api/v1/referrals", json=raw_referral(), headers=key).json()
    validator("ReferralReceived").validate(told)
    validator("ReferralList").validate(client.get("/api/v1/referrals", headers=key).json())
    validator("ReferralStatus").validate(client.get(f"/api/v1/referrals/{told['number']}", headers=key).json())


def test_answers_are_as_described(client: TestClient, auth: dict[str, str], post: Post) -> None:
    told = post(raw_submission()).json()
    validator("InquiryReceived").validate(told)
    validator("Problem").validate(post({}).json())
    validator("LeadList").validate(client.get("/api/v1/leads", headers=auth).json())
    validator("SlotList").validate(client.get("/api/v1/slots", headers=auth).json())
    validator("AppointmentList").validate(client.get("/api/v1/appointments", headers=auth).json())
    validator("LeadDetails").validate(client.get(f"/api/v1/leads/{told['number']}", headers=auth).json())


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(client: TestClient) -> None:
    answer = client.get("/api/docs")
    assert answer.status_code == 200
    assert all(f"/api{path}" in answer.text for path, _ in OPERATIONS)
    assert re.findall(r"<script|\sstyle=|<style|\son\w+=", answer.text) == []
    assert re.findall(r'(?:src|href)="(?!/|#)[^"]*"', answer.text) == []


def test_the_page_says_what_a_site_must_show(client: TestClient) -> None:
    page = client.get("/api/docs").text
    assert "988lifeline.org" in page
    assert "curl http" in page


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v2/inquiries", "/api/redoc"])
def test_elsewhere_is_nothing_and_says_so_in_json(client: TestClient, path: str) -> None:
    answer = client.get(path, follow_redirects=True)
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


def test_the_wrong_method_says_so_in_json(client: TestClient) -> None:
    answer = client.get("/api/v1/inquiries")
    assert (answer.status_code, answer.json()["error"], answer.headers["Allow"]) == (405, "method_not_allowed", "POST")
