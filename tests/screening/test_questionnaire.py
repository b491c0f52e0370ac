"""Questionnaires are data: instruments word for word as published, and a mistake in a file says where it stands."""

import re
import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from config.settings import settings
from leads.errors import ConfigError
from leads.screening.questionnaire import definition, read_folder

SHIPPED = settings().handoff_questionnaires_dir
NO_PERMISSION = "No permission required to reproduce, translate, display or distribute."
WORDING = {"phq-9": "PHQ", "gad-7": "GAD"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "questionnaires"))


def refused(folder: Path, name: str, old: str, new: str) -> str:
    """Why a file with one thing changed does not load."""
    path = folder / name
    source = path.read_text(encoding="utf-8")
    assert old in source
    path.write_text(source.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_folder(folder)
    return caught.value.message


@pytest.mark.parametrize("key", WORDING)
def test_an_instrument_names_its_authors_and_that_it_is_free(key: str) -> None:
    line = definition().instruments[key].attribution["en"]
    assert line.startswith("Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues")
    assert line.endswith(NO_PERMISSION)


@pytest.mark.parametrize("key", WORDING)
def test_every_word_is_there_in_english_and_spanish(key: str) -> None:
    instrument = definition().instruments[key]
    for words in (instrument.intro, *(each.words for each in (*instrument.items, *instrument.scale))):
        assert set(words) == {"en", "es"}
        assert all(words.values())


def test_the_wording_of_the_instruments_is_the_one_that_was_looked_at() -> None:
    asked = {key: [item.words["en"] for item in each.items] for key, each in definition().instruments.items()}
    assert asked["phq-9"][0] == "Little interest or pleasure in doing things"
    assert asked["phq-9"][8] == "Thoughts that you would be better off dead, or of hurting yourself"
    assert asked["gad-7"][6] == "Feeling afraid as if something awful might happen"
    assert [len(each) for each in (asked["phq-9"], asked["gad-7"])] == [9, 7]


def test_only_the_last_item_and_the_direct_question_are_about_safety() -> None:
    assert [question.key for question in definition().all_questions() if question.is_safety] == ["phq-9.better-off-dead", "safety"]


def test_the_six_contraindications_are_asked_as_referrers_may_tick_them() -> None:
    page = definition().page("health")
    assert page is not None
    asked = [item.key for item in page.items if item.look_if]
    assert asked == ["blood-pressure", "psychosis", "cardiovascular", "pregnancy", "substance-use", "allergy"]


def test_every_change_of_a_word_is_a_new_version(folder: Path) -> None:
    path = folder / "gad-7.yml"
    before = read_folder(folder)["screening"].version
    path.write_text(path.read_text(encoding="utf-8").replace("Trouble relaxing", "Trouble resting"), encoding="utf-8")
    assert read_folder(folder)["screening"].version != before
    assert re.fullmatch(r"[0-9a-f]{64}", before)
    assert before == definition().version != sha256(b"").hexdigest()


@pytest.mark.parametrize(("name", "old", "new", "said"), [
    ("screening.yml", "instrument: phq-9", "instrument: phq-10", r"screening\.yml:\d+: there is no instrument phq-10"),
    ("screening.yml", "outcomes: [no-help, some-help]", "outcomes: [worse]", r"screening\.yml:\d+: worse is no outcome of a trial"),
    ("screening.yml", "look_if: [bipolar, psychosis]", "look_if: [bipolr]", r"screening\.yml:\d+: .*bipolr is none of the answers"),
    ("screening.yml", "key: worry", "key: mood", r"screening\.yml:\d+: .*mood stands there twice"),
    ("screening.yml", "instrument: gad-7", "", r"screening\.yml:\d+: .*expected either items or an instrument"),
    ("screening.yml", "type: trials", "type: essay", r"screening\.yml:\d+: pages\.1\.items\.0\.type"),
    ("screening.yml", "key: screening\n", "key: other\n", r"screening\.yml:1: key: expected screening"),
    ("phq-9.yml", "{from: 5, code: mild}", "{from: 12, code: mild}", r"phq-9\.yml:\d+: .*bands: expected from 0 on"),
    ("phq-9.yml", "{value: 3,", "{value: 4,", r"phq-9\.yml:\d+: .*scale: expected the values 0, 1, 2"),
    ("gad-7.yml", "loinc: \"69725-0\"", "lonic: \"69725-0\"", r"gad-7\.yml:\d+: .*there is no such key here"),
])  # fmt: skip
def test_a_mistake_says_file_line_and_what_was_expected(folder: Path, name: str, old: str, new: str, said: str) -> None:
    assert re.search(said, refused(folder, name, old, new))


def test_without_the_screening_nothing_starts(folder: Path) -> None:
    (folder / "screening.yml").unlink()
    with pytest.raises(ConfigError, match="nobody could be screened"):
        read_folder(folder)
