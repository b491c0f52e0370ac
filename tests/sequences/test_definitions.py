"""A sequence that makes no sense is refused before it runs, with file, line and what was expected."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from leads.clinic.windows import ANY_TIME
from leads.errors import ConfigError
from leads.messages.templates import catalogue
from leads.sequences.definitions import Sequence, Wait, read_all, sequences
from tests.sequences.conftest import make_sequence, make_step, waits

GOOD = """\
key: story
title: A story
purpose: To try.
audience: person
starts_on: [confirmation]
stops_on: [hold]
window: {from: "09:00", to: "18:00", business_days: true}
steps:
  - key: first
    template: office-location
    lane: education
    wait: 2 days
    useful_for: 5 days
"""


def refused(folder: Path, text: str) -> str:
    (folder / "story.yml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_all(folder)
    return caught.value.message


def test_the_shipped_sequences_are_in_order() -> None:
    assert set(sequences()) == {"new-inquiry", "screening", "visit", "referral-received"}


def test_every_shipped_step_has_its_template_in_the_lane_it_says() -> None:
    steps = [step for sequence in sequences().values() for step in sequence.steps]
    assert [step.key for step in steps if catalogue()[step.template].meta.lane != step.lane] == []


def test_a_good_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "story.yml").write_text(GOOD)
    assert read_all(tmp_path)["story"].steps[0].wait == Wait(2, "days")


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("wait: 2 days", "wait: 2 fortnights", 12, 'expected a wait like "2 days"'),
        ("[confirmation]", "[confirmed]", 5, "confirmed is no event; expected one of confirmation"),
        ("[hold]", "['grounding:*']", 6, "is no event"),
        ("template: office-location", "template: office-lcation", 10, "there is no template office-lcation"),
        ("key: story", "key: tale", 1, "expected story, the name of the file"),
        ('to: "18:00"', "to: 18:00", 7, "in quotes"),
        ("useful_for: 5 days", "useful_for: 0 days", 13, "how long the mail is of use"),
        ("useful_for: 5 days", "useful_for: 5 days\n    subject: Hi", 14, "there is no such key here"),
        ("lane: education", "lane: fast", 11, "Input should be 'transactional', 'reminder' or 'education'"),
    ],
)
def test_a_mistake_is_named_by_file_and_line(tmp_path: Path, right: str, wrong: str, line: int, words: str) -> None:
    message = refused(tmp_path, GOOD.replace(right, wrong))
    assert f"story.yml:{line}: " in message
    assert words in message


def test_every_wrong_file_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text("key: other\n")
    assert {"other.yml", "story.yml"} <= set(refused(tmp_path, "key: story\n").replace(":", "/").split("/"))


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"wait": "1 day", "before_appointment": "1 day"},
        {"wait": "1 day", "window": "at_night"},
        {"wait": "1 day", "only_if": "diagnosis == 'x'"},
        {"wait": "1 day", "only_if": "language == 'en' or grants.everything"},
        {"wait": "1 day", "only_if": "language =="},
        {"wait": "1 day", "only_if": "has_phone + 'x'"},
        {"wait": "1 day", "only_if": "''.__class__.__mro__"},
        {"wait": "-1 day"},
        {"wait": 2},
    ],
)
def test_a_step_that_makes_no_sense_is_refused(step: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make_sequence(make_step("one", **step))


def test_a_step_key_comes_once() -> None:
    with pytest.raises(ValidationError, match="expected each step key once, but one"):
        make_sequence(make_step("one", wait="1 day"), make_step("one", wait="2 days"))


def test_steps_stand_in_the_order_they_go_out() -> None:
    with pytest.raises(ValidationError, match="step-2 is due before step-1"):
        make_sequence(*waits("2 days", "1 day"))


def test_a_star_stands_for_each_withdrawal() -> None:
    sequence = make_sequence(*waits("1 day"), stops_on=["withdrawal:*"])
    assert sequence.stops("withdrawal:education")
    assert not sequence.stops("hold")


def test_what_answers_an_act_has_no_window_unless_it_says_so() -> None:
    sequence = make_sequence(make_step("one", wait="0 minutes", lane="transactional"), window="office_hours")
    assert sequence.window_of(sequence.steps[0]) == ANY_TIME


@pytest.mark.parametrize("key", ["new-inquiry", "screening", "visit", "referral-received"])
def test_a_published_definition_reads_back_as_it_was(key: str) -> None:
    assert Sequence.model_validate(sequences()[key].as_json()) == sequences()[key]
