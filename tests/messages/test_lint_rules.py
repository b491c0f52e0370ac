"""The linter's rules beside those of words: each catches the fault it was made for."""

from pathlib import Path

import pytest

from leads.clinic.profile import clinic
from leads.messages import lint_rules
from leads.messages.contrast import faint, ratio
from leads.messages.forbidden import CLAIMS, HEALTH
from leads.messages.lint import lint, lint_all
from leads.messages.lint_rules import breath_faults, claim_faults, picture_faults, sender_faults
from leads.messages.templates import catalogue
from tests.messages.mails import planted

HOW = "how-ketamine-works"


def test_a_subject_that_is_not_on_the_list_is_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, "still-here", "subject.txt", "We are still here", "One more thing")
    assert any("“One more thing” is not on the list" in fault for fault in lint(template, "en"))


def test_no_subject_on_the_list_speaks_of_health() -> None:
    path = Path(lint_rules.settings().handoff_templates_dir) / "email" / "_base" / "subjects.yml"
    listed = lint_rules.subjects(path)
    assert [subject for language, each in listed.items() for subject in each if HEALTH[language].search(subject)] == []


SPEAKING = {"discreet_name": "Elm Therapy", "domain": "mail.ketamine.test", "from_address": "depression@elmharbor.test"}


@pytest.mark.parametrize("place", SPEAKING)
def test_a_health_word_in_a_discreet_sender_is_caught(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setitem(clinic().__dict__, "mail", clinic().mail.model_copy(update={place: SPEAKING[place]}))
    assert any(f"mail.{place}" in fault for fault in sender_faults())
    assert any(f"mail.{place}" in fault for fault in lint_all())


@pytest.mark.parametrize("words", ["Ketamine, like Spravato, may help.", "La ketamina y la esketamina se parecen."])
def test_two_products_in_one_sentence_are_caught(words: str) -> None:
    assert list(breath_faults(f"It may help some people. {words}"))


def test_two_products_in_two_sentences_pass() -> None:
    assert not list(breath_faults("Ketamine is given here. Spravato is another product."))


def test_faint_words_in_light_are_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, "still-here", "../_base/layout.mjml", 'color="#22312f"', 'color="#a9b5b1"')
    assert any("light: “Hello Alma,” is #a9b5b1 on #fffdf8" in fault for fault in lint(template, "en"))


def test_faint_words_in_dark_are_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, "still-here", "../_base/layout.mjml", "color: #ece5d8 !important", "color: #4a4038 !important")
    faults = lint(template, "en")
    assert any(fault.startswith("html: dark:") for fault in faults)
    assert not any(fault.startswith("html: light:") for fault in faults)


def test_a_faint_button_in_dark_is_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, "still-here", "../_base/layout.mjml", "color: #0b2a2a !important", "color: #5c8f87 !important")
    assert any("dark: “Call +1 203-555-0102”" in fault for fault in lint(template, "en"))


def test_contrast_is_counted_as_the_guidelines_do() -> None:
    assert round(ratio("#000000", "#ffffff"), 2) == 21
    assert round(ratio("#777777", "#ffffff"), 2) == 4.48


def test_an_inherited_colour_on_an_inherited_ground_is_judged() -> None:
    html = '<div style="background:#000;color:#fff"><p><span style="color:#333">faint</span> clear</p></div>'
    assert [words.text for words in faint(html, "light")] == ["faint"]


def test_a_treatment_without_facts_is_caught() -> None:
    template = catalogue()["still-here"]
    assert len(list(claim_faults(template, describes=True))) == 2
    assert not list(claim_faults(template, describes=False))


def test_education_that_names_no_fact_is_caught(tmp_path: Path) -> None:
    claims = "claims: [not-fda-approved, compounded, risks, evidence, mechanism, onset]"
    template = planted(tmp_path, HOW, "meta.yml", claims, "claims: []")
    assert any("names no fact" in fault for fault in lint(template, "en"))


def test_a_picture_without_words_is_caught() -> None:
    assert list(picture_faults('<p><img src="data:,"></p>'))
    assert not list(picture_faults('<p><img alt="" src="data:,"></p>'))


@pytest.mark.parametrize(
    ("file", "old", "fault"),
    [
        ("layout.txt", "{{ why }}", "text: no word on why one gets it"),
        ("layout.mjml", "{{ words.sent_by }} ", "html: no word on who sent it"),
    ],
)
def test_a_missing_line_of_the_frame_is_caught(tmp_path: Path, file: str, old: str, fault: str) -> None:
    assert fault in lint(planted(tmp_path, "still-here", f"../_base/{file}", old, ""), "en")


@pytest.mark.parametrize(
    "words",
    [
        "La ketamina es un tratamiento aprobado.", "No es adictivo.", "Es un camino natural.", "Es un milagro.", "Es revolucionario.",
        "El alivio está garantizado.", "Actúa de forma instantánea.", "Ayuda al 70 % de las personas.", "Previene el suicidio.",
        "Le damos 40 mg.", "Hay uso en casa.", "Sin fines recreativos.", "Es su última oportunidad.", "Quedan 3 lugares.",
        "Usted faltó a su hora.", "No conduzca después.", "Cambió mi vida.",
    ],
)  # fmt: skip
def test_each_forbidden_claim_is_caught_in_spanish(words: str) -> None:
    assert any(pattern.search(words) for pattern in CLAIMS["es"].values())
