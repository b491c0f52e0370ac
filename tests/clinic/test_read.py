"""config/clinic.yml: a mistake is named by file and line, in words; what would silence us is refused."""

from pathlib import Path

import pytest

from config.settings import settings
from leads.clinic.profile import Clinic
from leads.clinic.read_yaml import read_yaml
from leads.errors import ConfigError

SHIPPED = settings().handoff_clinic_file.read_text()
RATES = next(line.strip() for line in SHIPPED.splitlines() if line.startswith("  # rates:"))


def refused(folder: Path, text: str) -> str:
    """What a clinic.yml is answered with."""
    (folder / "clinic.yml").write_text(text)
    with pytest.raises(ConfigError) as refusal:
        read_yaml(folder / "clinic.yml", Clinic)
    return refusal.value.message


def line_of(text: str, words: str) -> int:
    return 1 + text[: text.index(words)].count("\n")


def test_the_shipped_clinic_is_as_it_should_be() -> None:
    assert read_yaml(settings().handoff_clinic_file, Clinic).offices


@pytest.mark.parametrize(
    ("right", "wrong", "words"),
    [
        ("default_office: new-haven", "default_ofice: new-haven", "default_ofice: there is no such key here; check how it is spelled"),
        ('phone: "+1 203-555-0101"', "phone: 2035550101", "phone: expected text; numbers, times and yes or no need quotes"),
        ("zone: America/New_York", "zone: America/New_Yrok", "zone: America/New_Yrok is no IANA time zone; write one like"),
        ('monday: ["09:00-17:00"]', 'monday: ["17:00-09:00"]', "opening hours must end after they begin"),
        ('monday: ["09:00-17:00"]', "monday: [always]", "always is no span of the day; write one like 09:00-17:00"),
        ("embed_origins: []", 'embed_origins: ["https://a.test; script-src *"]', "embed_origins.0: String should match pattern"),
        ("# rates: {per_second: 20", "rates: {per_second: fast", "mail.rates.per_second: expected a number"),
        ("# rates: {per_second: 20", "rates: {per_second: 0", "mail.rates.per_second: Input should be greater than or equal to 0.01"),
        ("# rates: {per_second: 20,", "rates: {per_second: .inf,", "mail.rates.per_second: Input should be a finite number"),
        (RATES, RATES.replace("example.com", "ana@example.com")[2:], "ana@example.com is no domain; write what stands after the @"),
        ("# warm_up: {starts: 2026-12-01", "warm_up: {starts: soon", "mail.warm_up.starts: expected a date like 2026-12-01"),
        ("embed_origins: []", 'embed_origins: ["https://a.test/page"]', "embed_origins.0: String should match pattern"),
        ("notice_hours: 24", "notice_hours: soon", "visits.notice_hours: expected a whole number"),
        ("- code: clinician-b", "- code: clinician-a # twice", "clinician-a is the code of another calendar already"),
        ("  office: woodbury\n", "  office: woodbery\n", "there is no office woodbery; expected one of new-haven, woodbury"),
        ('monday: ["09:00-12:00", "13:00-16:00"]', 'moonday: ["09:00-12:00"]', "monday"),
        ("{date: 2026-12-21, closed: true}", "{date: 2026-12-21}", 'an exception says either closed: true or hours: ["09:00-12:00"]'),
    ],
)
def test_a_mistake_is_named_by_file_and_line_in_words(tmp_path: Path, right: str, wrong: str, words: str) -> None:
    text = SHIPPED.replace(right, wrong, 1)
    said = refused(tmp_path, text).splitlines()
    assert any(line.startswith(f"{tmp_path}/clinic.yml:{line_of(text, wrong)}: ") and words in line for line in said), said


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert "practice: is needed here, and missing" in refused(tmp_path, SHIPPED.replace("practice:", "pracitce:", 1))


def test_a_file_that_is_no_yaml_is_named_by_line(tmp_path: Path) -> None:
    assert refused(tmp_path, "a: 1\nb: [\n").startswith(f"{tmp_path}/clinic.yml:3: ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yml: no such file\."):
        read_yaml(tmp_path / "none.yml", Clinic)


def test_a_default_office_there_is_not_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, SHIPPED.replace("default_office: new-haven", "default_office: paris"))
    assert "default_office must be one of new-haven, woodbury" in said


def test_an_office_that_never_opens_is_refused(tmp_path: Path) -> None:
    before, _, after = SHIPPED.partition("    hours:\n")
    closed = before + "    hours: {}\n" + after[after.index("    closures:") :]
    assert "an office opens on one day at least" in refused(tmp_path, closed)


@pytest.mark.parametrize("phrases", ["{en: [], es: [morir]}", '{en: [" "], es: [morir]}', "{en: [die]}"])
def test_a_list_of_phrases_that_would_hear_nobody_is_refused(tmp_path: Path, phrases: str) -> None:
    start = SHIPPED.index("safety_phrases:")
    after = SHIPPED[start:].split("\n", 1)[1]
    rest = next(after[at:] for at in range(len(after)) if after[at - 1 : at] == "\n" and after[at : at + 1].isalpha())
    said = refused(tmp_path, f"{SHIPPED[:start]}safety_phrases: {phrases}\n{rest}")
    assert "needs its phrases of self-harm, none of them blank" in said


def test_without_988_nothing_starts(tmp_path: Path) -> None:
    assert "crisis_text.en must be there and name 988" in refused(tmp_path, SHIPPED.replace("988", "555"))
