"""A Bundle says the same as a form or a call of the API would, or is refused with the place of what is wrong."""

import json
from typing import Any

import pytest

from leads.clinic.profile import clinic
from leads.errors import Invalid, LeadsError
from leads.http.fhir.parse import parse
from leads.http.fhir.read_order import Order, read_order
from leads.referrals.submission import Submission
from tests.http.fhir.cast import PDF, PLACER, bundle, concept, placer, ref

READ = {
    "provider": {
        "npi": "1234567893",
        "given_name": "Ana",
        "family_name": "Rivera",
        "practice": "Riverside Psychiatry",
        "phone": "203-555-0140",
        "email": "rivera@riverside.test",
    },
    "patient": {
        "given_name": "Jordan",
        "family_name": "Doe",
        "birth_date": "1985-07-21",
        "phone": "203-555-0123",
        "email": "jordan@example.com",
        "address": "1 Elm Street, New Haven, CT 06510",
        "consent": {"contact": True, "status_to_referrer": True, "wording": "2026-11"},
    },
    "reason": "Two adequate trials without response.\nMajor depressive disorder",
    "diagnosis": "Major depressive disorder",
    "trials": [{"drug": "sertraline", "dose": "200 mg", "weeks": 10, "outcome": "no response"}],
    "urgency": "urgent",
    "note": "Prefers mornings.",
}


def read(sent: dict[str, Any], header: str | None = None) -> Order:
    return read_order(sent, practice="The key's own", if_none_exist=header)


def wrong(sent: dict[str, Any], header: str | None = None) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        read(sent, header)
    return [each.field.partition("resource.")[2] or each.field for each in refusal.value.errors]


def test_a_complete_bundle_says_what_a_form_would() -> None:
    order = read(bundle())
    assert order.submission == Submission.model_validate(READ)
    assert order.placer == PLACER


def test_the_cast_is_valid_fhir() -> None:
    assert parse(json.dumps(bundle()).encode(), "Bundle")["type"] == "transaction"


@pytest.mark.parametrize("name", ["moon", 3, ["Task"], {"a": 1}, "fhirtypes", None])
def test_a_resource_of_no_known_type_is_malformed(name: Any) -> None:
    sent = bundle() | {"contained": [{"resourceType": name}]}
    sent["entry"][1]["resource"]["contained"] = [{"resourceType": name}]
    with pytest.raises(LeadsError):
        parse(json.dumps(sent).encode(), "Bundle")


def test_a_null_is_nothing() -> None:
    sent = bundle(request={"note": [None], "locationCode": [{"coding": None}]}, patient={"address": [None]})
    assert read(parse(json.dumps(sent).encode(), "Bundle")).submission.patient.address is None


def test_without_an_organization_it_is_the_practice_of_the_key() -> None:
    order = read(bundle(("practice", "role"), request={"requester": ref("clinician")}))
    assert order.submission.provider.practice == "The key's own"


def test_an_organization_alone_does_not_refer() -> None:
    sent = bundle(("clinician", "role"), request={"requester": ref("practice")})
    assert wrong(sent) == ["requester"]


def test_where_the_practice_refers_its_clinician_stays_accountable() -> None:
    sent = bundle(("role",), request={"requester": ref("practice")})
    assert read(sent).submission.provider.npi == "1234567893"


def test_no_consent_grants_nothing() -> None:
    assert not any(read(bundle(("consent",))).submission.patient.consent.model_dump().values())


@pytest.mark.parametrize(
    "changed",
    [{"status": "inactive"}, {"status": "rejected"}, {"provision": {"type": "deny"}}, {"provision": {"code": [{"text": "contact"}]}}],
)
def test_what_is_no_grant_of_ours_grants_nothing(changed: dict[str, Any]) -> None:
    assert not read(bundle(consent=changed)).submission.patient.consent.contact


def test_a_wording_that_is_not_the_current_one_is_refused() -> None:
    assert wrong(bundle(consent={"policyRule": {"text": "2019-01"}})) == ["policyRule"]


def test_a_listed_contraindication_is_one_and_another_allergy_is_not_lost() -> None:
    code = clinic().referrals.contraindications[0].code
    listed = {"resourceType": "AllergyIntolerance", "patient": ref("patient"), "code": {"coding": [{"code": code}]}}
    order = read(bundle(one=listed, two=listed | {"code": {"text": "latex"}}))
    assert order.submission.contraindications == (code,)
    assert "Allergy: latex" in (order.submission.note or "")


def test_a_questionnaire_answers_our_fields_and_the_rest_becomes_words() -> None:
    items = [
        {"linkId": "current_risk", "answer": [{"valueBoolean": True}]},
        {"linkId": "office", "answer": [{"valueCoding": {"code": "woodbury"}}]},
        {"linkId": "g", "item": [{"linkId": "phq9", "text": "PHQ-9", "answer": [{"valueInteger": 21}]}]},
    ]
    order = read(bundle(form={"resourceType": "QuestionnaireResponse", "status": "completed", "item": items}))
    assert (order.submission.current_risk, order.submission.office) == (True, "woodbury")
    assert order.submission.note == "Prefers mornings.\nPHQ-9: 21"


def test_a_further_condition_and_a_third_language_are_told_in_words() -> None:
    second = {"resourceType": "Condition", "subject": ref("patient"), "code": {"text": "Hypertension"}}
    speaks = {"communication": [{"language": {"text": "Portuguese", "coding": [{"code": "pt-BR"}]}}]}
    note = read(bundle(second=second, patient=speaks)).submission.note or ""
    assert "Condition: Hypertension" in note
    assert "Language: Portuguese" in note


def test_a_spanish_speaker_is_written_to_in_spanish() -> None:
    speaks = {"communication": [{"language": {"coding": [{"code": "es-MX"}]}, "preferred": True}]}
    assert read(bundle(patient=speaks)).submission.patient.language == "es"


def test_an_office_is_named_by_location() -> None:
    assert read(bundle(request={"locationCode": [concept("x", "woodbury")]})).submission.office == "woodbury"


def test_documents_come_along() -> None:
    attached = [{"attachment": {"contentType": "application/pdf", "title": "letter.pdf", "data": PDF}}]
    [document] = read(bundle(letter={"resourceType": "DocumentReference", "status": "current", "content": attached})).documents
    assert (document.name, document.content[:4]) == ("letter.pdf", b"%PDF")


def test_nothing_is_fetched_from_elsewhere() -> None:
    linked = [{"attachment": {"url": "https://ehr.riverside.test/letter.pdf"}}]
    assert wrong(bundle(letter={"resourceType": "DocumentReference", "status": "current", "content": linked})) == [
        "content[0].attachment.data"
    ]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"request": {"status": "draft"}}, "status"),
        ({"request": {"intent": "plan"}}, "intent"),
        ({"request": {"category": None}}, "category"),
        ({"request": {"code": None}}, "code"),
        ({"request": {"requester": None}}, "requester"),
        ({"request": {"reasonCode": [{"coding": [{"code": "F33.2"}]}]}}, "reasonCode"),
        ({"request": {"reasonCode": None, "reasonReference": None}}, "reasonCode"),
        ({"request": {"identifier": None}}, "identifier"),
        ({"request": {"subject": {"reference": "Patient/7"}}}, "subject"),
        ({"request": {"priority": "soon"}}, "priority"),
        ({"task": {"status": "draft"}}, "status"),
        ({"task": {"status": "completed"}}, "status"),
        ({"task": {"intent": "plan"}}, "intent"),
        ({"task": {"code": concept("x", "fulfill")}}, "code"),
        ({"task": {"focus": ref("patient")}}, "focus"),
        ({"task": {"for": None}}, "for"),
        ({"patient": {"birthDate": "2015-01-01"}}, "birthDate"),
        ({"patient": {"name": None}}, "name"),
        ({"patient": {"telecom": None}}, "telecom"),
        ({"clinician": {"identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567890"}]}}, "identifier"),
        ({"clinician": {"telecom": None}}, "telecom"),
        ({"odd": {"resourceType": "Observation"}}, "Bundle.entry[9].resource"),
    ],
)
def test_what_is_wrong_is_named_in_fhirpath(changes: dict[str, Any], place: str) -> None:
    assert place in wrong(bundle(**changes))


def test_a_task_may_come_as_received() -> None:
    assert read(bundle(task={"status": "received", "businessStatus": None})).placer == PLACER


def test_bsers_own_example_is_not_taken_at_its_word() -> None:
    told = concept("http://hl7.org/fhir/us/bser/CodeSystem/TaskBusinessStatusCS", "7.0")
    assert wrong(bundle(task={"status": "requested", "businessStatus": told})) == ["businessStatus"]


@pytest.mark.parametrize(
    "header", ["identifier=https://ehr.riverside.test/orders|ORD-7", "identifier=https%3A%2F%2Fehr.riverside.test%2Forders%7CORD-7"]
)
def test_if_none_exist_may_name_the_request_instead(header: str) -> None:
    assert read(bundle(request={"identifier": None}), header).placer == PLACER


@pytest.mark.parametrize("header", ["identifier=https://ehr.riverside.test/orders|ORD-8", "name=Doe"])
def test_if_none_exist_must_mean_the_same_request(header: str) -> None:
    assert len(wrong(bundle(), header)) == 1


def test_two_placers_are_one_too_many() -> None:
    assert wrong(bundle(request={"identifier": [placer(), placer(value="ORD-8")]})) == ["identifier"]


@pytest.mark.parametrize("left_out", ["patient", "request", "task", "clinician"])
def test_what_a_referral_cannot_be_without(left_out: str) -> None:
    assert wrong(bundle((left_out,)))


def test_only_creation_is_taken() -> None:
    sent = bundle()
    sent["entry"][0]["request"] = {"method": "DELETE", "url": "Patient/7"}
    assert wrong(sent) == ["Bundle.entry[0].request.method"]


@pytest.mark.parametrize("entries", [[], [{"request": {"method": "POST", "url": "Task"}}]])
def test_an_empty_bundle_is_refused(entries: list[Any]) -> None:
    assert wrong({"resourceType": "Bundle", "type": "transaction", "entry": entries})
