"""What an inquiry may hold, and the words for what it may not."""

from typing import Any

import pytest
from pydantic import ValidationError

from leads.clinic.typed import from_form
from leads.http.errors import from_model
from leads.inquiries.submission import Submission
from tests.cast import raw_submission, submission


def refused(**changes: Any) -> dict[str, str]:
    """Field and code of everything that is wrong with Ana's inquiry after `changes`."""
    with pytest.raises(ValidationError) as caught:
        Submission.model_validate(raw_submission(**changes))
    return {each.field: each.code for each in from_model(caught.value).errors}


def test_a_name_one_way_to_answer_and_the_consent_are_enough() -> None:
    asked = {"given_name": "Ana", "phone": "203-555-0123", "consent": {"contact": True, "wording": "2026-11"}}
    kept = Submission.model_validate(asked)
    assert (kept.office, kept.language, kept.for_whom, kept.safe_voicemail) == ("none", "en", "self", False)
    assert not kept.consent.education


def test_a_phone_number_is_kept_so_that_it_can_be_dialled() -> None:
    assert submission(phone="(203) 555-0123").phone == "+12035550123"
    assert submission(phone="+44 20 7946 0018").phone == "+442079460018"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"given_name": " "}, "given_name", "missing"),
        ({"given_name": "A" * 81}, "given_name", "too_long"),
        ({"email": "ana@"}, "email", "no_email"),
        ({"email": "ana@example.com, eve@example.com"}, "email", "no_email"),
        ({"phone": "12"}, "phone", "no_phone"),
        ({"email": "", "phone": ""}, "phone", "email_or_phone"),
        ({"birth_date": "21/07/1985"}, "birth_date", "no_date"),
        ({"birth_date": "2999-01-01"}, "birth_date", "in_future"),
        ({"birth_date": "1899-12-31"}, "birth_date", "too_long_ago"),
        ({"for_whom": "minor"}, "for_whom", "under_age"),
        ({"for_whom": "my cat"}, "for_whom", "unknown_choice"),
        ({"office": "boston"}, "office", "unknown_choice"),
        ({"interest": "yes"}, "interest", "unknown_choice"),
        ({"language": "fr"}, "language", "unknown_choice"),
        ({"safe_email": "perhaps"}, "safe_email", "no_yes_or_no"),
        ({"message": "x" * 4001}, "message", "too_long"),
        ({"ssn": "078-05-1120"}, "ssn", "extra_forbidden"),
        ({"consent": {"contact": False}}, "consent.contact", "required"),
        ({"consent": {"wording": "1999-01"}}, "consent.wording", "unknown_wording"),
        ({"campaign": {"click_id": "7"}}, "campaign.click_id", "extra_forbidden"),
    ],
)
def test_what_cannot_be_accepted_is_named_by_field(changes: dict[str, Any], field: str, code: str) -> None:
    assert refused(**changes) == {field: code}


def test_every_refusal_says_what_is_wrong_in_plain_words() -> None:
    with pytest.raises(ValidationError) as caught:
        Submission.model_validate({"email": 5, "birth_date": "never", "office": [], "consent": 1, "x": 1})
    words = [each.message for each in from_model(caught.value).errors]
    assert len(words) == 6
    assert not any("input" in each.lower() or "permitted" in each for each in words)


def test_the_eighteenth_birthday_is_the_first_day_we_may_help(tuesday: Any) -> None:
    assert submission(birth_date="2008-10-06").birth_date is not None
    assert refused(birth_date="2008-10-07") == {"birth_date": "under_age"}


def test_a_wrong_address_is_not_also_called_missing() -> None:
    assert refused(email="ana@", phone="") == {"email": "no_email"}


def test_control_characters_and_turned_text_are_taken_out() -> None:
    asked = submission(given_name="A\x00n\u202ea\n\ud800", message="one\r\ntwo\x1b[31m\tthree")
    assert asked.given_name == "Ana"
    assert asked.message == "one\ntwo[31m\tthree"


def test_a_line_break_cannot_add_a_second_recipient() -> None:
    assert refused(email="ana@example.com\r\nBcc: eve@example.com") == {"email": "no_email"}


def test_dotted_form_names_become_the_nested_object() -> None:
    form = {"given_name": "Ana", "message": "  ", "consent.contact": "true", "consent.wording": "2026-11"}
    assert from_form(form) == {"given_name": "Ana", "consent": {"contact": "true", "wording": "2026-11"}}


def test_a_form_that_uses_a_group_as_a_field_is_refused_not_broken() -> None:
    form = from_form({"consent": "yes", "consent.contact": "true", "a.b.c": "x", "given_name": "Ana", "phone": "203-555-0123"})
    with pytest.raises(ValidationError) as caught:
        Submission.model_validate(form)
    assert {each.field for each in from_model(caught.value).errors} == {"consent", "a"}
