"""What a machine wrote is told from what a person wrote, and is never answered."""

import pytest

from leads.inbound.automatic import automatic
from leads.inbound.mail import header, parse
from tests.inbound.mails import parsed, written


def kind(name: str) -> tuple[str, bool] | None:
    mail = parsed(name)
    return automatic(mail, header(mail, "Return-Path").strip("<>"))


@pytest.mark.parametrize("name", ["away-exchange", "away-gmail", "away-outlook-spanish", "away-sieve", "away-yahoo"])
def test_an_absence_note_is_known_as_one(name: str) -> None:
    assert kind(name) == ("out-of-office", True)


def test_where_only_the_subject_says_so_we_are_not_sure() -> None:
    assert kind("away-by-subject-alone") == ("out-of-office", False)


def test_a_filter_that_asks_us_to_prove_ourselves_is_no_absence() -> None:
    assert kind("challenge") == ("challenge", True)


def test_a_mailing_list_is_nobodys_answer() -> None:
    assert kind("list") == ("bulk", False)


@pytest.mark.parametrize("name", ["reply-gmail", "reply-outlook", "reply-iphone-spanish"])
def test_what_people_write_is_theirs(name: str) -> None:
    assert kind(name) is None


@pytest.mark.parametrize(
    "subject", ["Re: Automatic reply: We have your message", "Auto insurance", "On leave at work, can we talk?", "vacation?"]
)
def test_people_write_about_absences_too(subject: str) -> None:
    assert automatic(parse(written("Hello", subject=subject, to="x@example.com")), "ana@example.com") is None


def test_a_person_whose_server_hides_the_return_path_is_taken_for_a_machine() -> None:
    # Every report has an empty return path, and hardly a person: what it holds is kept, and a phrase of self-harm is heard all the same.
    assert automatic(parse(written("Hello", to="x@example.com")), "") == ("machine", True)
