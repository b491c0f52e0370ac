"""What we ask and what was answered can be taken elsewhere: valid FHIR R4, with the codes others know the instruments by."""

from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy.orm import Session

from leads.screening.fhir_export import to_questionnaire, to_response
from leads.screening.models import Screening
from leads.screening.questionnaire import definition
from leads.screening.save import save_page
from leads.screening.submit import submit

ME = "person:test"


def valid(resource: dict[str, Any]) -> Any:
    return get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def items(resource: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every item at any depth, by its linkId."""
    found = {}
    for item in resource.get("item", ()):
        found |= {item["linkId"]: item} | items(item)
    return found


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_questionnaire_is_valid_and_says_the_same_words(language: Any) -> None:
    resource = to_questionnaire(definition(), language)
    assert valid(resource).status == "active"
    for question in definition().all_questions():
        assert items(resource)[question.key]["text"] == question.words[language]


def test_instruments_carry_the_codes_they_are_known_by() -> None:
    found = items(to_questionnaire(definition()))
    assert [found[key]["code"][0]["code"] for key in ("mood", "phq-9.better-off-dead", "worry", "gad-7.nervous")] == [
        "44249-1", "44260-8", "69737-5", "69725-0",
    ]  # fmt: skip


def test_each_answer_of_an_instrument_says_what_it_counts() -> None:
    options = items(to_questionnaire(definition()))["gad-7.relax"]["answerOption"]
    assert [option["valueCoding"]["extension"][0]["valueDecimal"] for option in options] == [0, 1, 2, 3]


def test_the_line_that_names_the_authors_goes_along() -> None:
    found = items(to_questionnaire(definition()))
    assert found["phq-9.attribution"]["text"].endswith("display or distribute.")


def test_answers_are_a_valid_response_of_the_same_questionnaire(session: Session, screening: Screening) -> None:
    trial = {"drug": "sertraline", "dose": "100 mg", "weeks": "8", "outcome": "no-help"}
    save_page(session, screening.id, "history", {"diagnosis": ["depression", "anxiety"]}, actor=ME)
    save_page(session, screening.id, "treatments", {"trials": [trial, {"drug": "bupropion"}]}, actor=ME)
    save_page(session, screening.id, "mood", {"phq-9.sleep": "2"}, actor=ME)
    save_page(session, screening.id, "medicines", {"medicines": "one\ntwo"}, actor=ME)
    session.flush()
    response = to_response(session, submit(session, screening.id, actor=ME))
    assert valid(response).status == "completed"
    found = items(response)
    assert [answer["valueCoding"]["code"] for answer in found["diagnosis"]["answer"]] == ["depression", "anxiety"]
    assert [answer["valueString"] for answer in found["medicines"]["answer"]] == ["one", "two"]
    assert found["phq-9.sleep"]["answer"][0]["valueCoding"] == {"code": "2", "display": "More than half the days"}
    assert len([item for group in response["item"] for item in group["item"] if item["linkId"] == "trials"]) == 2


def test_a_form_that_is_still_open_says_so_and_an_empty_one_has_no_items(session: Session, screening: Screening) -> None:
    response = to_response(session, screening)
    assert valid(response).status == "in-progress"
    assert "item" not in response


def test_it_names_nobody(session: Session, screening: Screening) -> None:
    assert str(to_response(session, screening)["subject"]) == f"{{'reference': 'Patient/{screening.person_id}'}}"
