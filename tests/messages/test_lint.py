"""What the linter lets pass, and each fault it was made for."""

from pathlib import Path

import pytest

from leads.messages.lint import FACTS, lint, lint_all
from leads.messages.templates import catalogue, load
from tests.messages.mails import SHIPPED, planted

HOW = "how-ketamine-works"


def test_every_shipped_mail_passes_in_each_of_its_languages() -> None:
    # Each fault names its mail and language.
    assert lint_all() == []


def everywhere(tmp_path: Path, name: str, old: str, new: str) -> str:
    """The faults after the same words were planted in both parts."""
    planted(tmp_path, name, "body.txt", old, new)
    path = tmp_path / name / "body.mjml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return "\n".join(lint(load(tmp_path)[name], "en"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Ketamine is an FDA-approved choice.", "not approved for this"),
        ("It is an approved treatment.", "not approved for this"),
        ("It is safe.", "without risk"),
        ("There are no side effects.", "without risk"),
        ("It is non-addictive.", "without risk"),
        ("It is a natural path.", "without risk"),
        ("It is a miracle.", "promises too much"),
        ("It is a breakthrough.", "promises too much"),
        ("It will cure you.", "promises too much"),
        ("Help is guaranteed.", "promises too much"),
        ("It works instantly.", "promises too much"),
        ("It helps 70% of people.", "no rate"),
        ("It helps two out of three.", "no rate"),
        ("It stops suicidal thoughts.", "preventing suicide"),
        ("We give 40 mg.", "dosing"),
        ("There is at-home use.", "dosing"),
        ("Enjoy the trip.", "recreational"),
        ("This is your last chance.", "no pressure"),
        ("Only 3 days left.", "no pressure"),
        ("You missed your time.", "no guilt"),
        ("Do not drive after it.", "driving"),
        ("It changed my life.", "testimonials"),
    ],
)
def test_a_forbidden_claim_is_caught(tmp_path: Path, words: str, why: str) -> None:
    assert why in everywhere(tmp_path, HOW, "It may help some people.", f"It may help some people. {words}")


@pytest.mark.parametrize(
    "words", ["Es seguro: el tratamiento es seguro.", "Sin efectos secundarios.", "Es una cura.", "Está aprobada por la FDA."]
)
def test_a_forbidden_claim_is_caught_in_spanish(tmp_path: Path, words: str) -> None:
    template = planted(tmp_path, HOW, "es/body.txt", "Otras no.", f"Otras no. {words}")
    assert any(fault.startswith("claim:") for fault in lint(template, "es"))


def test_a_health_word_in_a_subject_is_caught_at_every_level(tmp_path: Path) -> None:
    template = planted(tmp_path, HOW, "subject.txt", "The information", "The ketamine information")
    assert "subject: “ketamine” tells more than level 0 may" in lint(template, "en")


def test_a_health_word_in_a_preheader_is_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, HOW, "meta.yml", "A two-minute read", "Your depression")
    assert "preheader: “depression” tells more than level 0 may" in lint(template, "en")


def test_a_visit_in_a_subject_is_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, "visit-tomorrow", "subject.txt", "Tomorrow", "Your visit tomorrow")
    assert "subject: “visit” tells more than level 0 may" in lint(template, "en")


def test_a_health_word_in_a_body_of_level_0_is_caught(tmp_path: Path) -> None:
    assert "html: “therapist” tells more than level 0 may" in everywhere(tmp_path, "still-here", "A person will", "A therapist will")


def test_a_visit_in_a_body_of_level_0_is_caught(tmp_path: Path) -> None:
    assert "text: “appointment” tells more than level 0 may" in everywhere(tmp_path, "visit-missed", "new time", "new appointment")


def test_a_health_word_in_a_body_of_level_1_is_caught(tmp_path: Path) -> None:
    assert "html: “infusion” tells more than level 1 may" in everywhere(tmp_path, "visit-tomorrow", "Your visit", "Your infusion")


def test_a_health_word_in_a_link_is_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, HOW, "body.mjml", "tel:{{ office.tel }}", "https://www.elmharbor.test/ketamine-for-you")
    assert "link: “ketamine” tells more than level 0 may" in lint(template, "en")


@pytest.mark.parametrize(
    "what", ["urinary tract symptoms", "off-label", "not FDA-approved for depression", "monitored", "a clinician decides"]
)
def test_a_missing_risk_is_caught(tmp_path: Path, what: str) -> None:
    template = planted(tmp_path, HOW, "../_base/risks.txt", what, "something")
    assert any(fault.startswith("text: nothing on") for fault in lint(template, "en"))


def test_education_without_the_risks_is_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, HOW, "body.mjml", "[[ risks ]]", "")
    assert "html: nothing on sedation" in lint(template, "en")


def test_a_missing_text_part_is_caught(tmp_path: Path) -> None:
    everything = (SHIPPED / "_base" / "layout.txt").read_text(encoding="utf-8")
    template = planted(tmp_path, "still-here", "../_base/layout.txt", everything, "")
    assert "no text part" in lint(template, "en")


def test_words_that_only_one_part_says_are_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, "still-here", "body.txt", "We wish you well.", "Goodbye.")
    faults = lint(template, "en")
    assert "only the text part says: goodbye" in faults
    assert "only the html part says: well wish" in faults


def test_a_link_that_only_one_part_has_is_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, "office-location", "body.txt", "{{ place.map_url }}", "https://www.elmharbor.test/map")
    faults = lint(template, "en")
    assert "link: https://www.elmharbor.test/map is not in the html part" in faults
    assert any(fault.endswith("is not in the text part") for fault in faults)


def test_a_telephone_link_to_another_number_is_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, "still-here", "body.mjml", "tel:{{ office.tel }}", "tel:+12035550199")
    assert "link: tel:+12035550199 is not in the text part" in lint(template, "en")


def test_a_link_without_tls_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FACTS, "preferences_url", "http://care.elmharbor.test/p/3")
    assert "link: http://care.elmharbor.test/p/3 is not https" in lint(catalogue()["still-here"], "en")


def test_a_background_picture_is_caught(tmp_path: Path) -> None:
    pixel = '<span style="background:url(https://x.test/p.gif)">We</span> wish'
    template = planted(tmp_path, "still-here", "body.mjml", "We wish", pixel)
    assert any("loads something" in fault for fault in lint(template, "en"))


def test_a_style_that_loads_a_font_is_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, "still-here", "../_base/layout.mjml", ":root {", "@import url(https://x.test/f.css); :root {")
    assert any("loads something" in fault for fault in lint(template, "en"))


@pytest.mark.parametrize(
    ("file", "old", "fault"),
    [
        ("layout.txt", "{{ unsubscribe_url }}", "text: no way to stop these mails"),
        ("layout.mjml", "{{ postal_address }}", "html: no postal address"),
        ("layout.mjml", "{{ crisis }}", "html: no crisis text in the footer"),
        ("layout.txt", "{{ crisis }}", "text: no crisis text in the footer"),
        ("layout.mjml", 'lang="{{ language }}"', "html: no lang, or the wrong one"),
    ],
)
def test_a_missing_part_of_the_frame_is_caught(tmp_path: Path, file: str, old: str, fault: str) -> None:
    assert fault in lint(planted(tmp_path, "still-here", f"../_base/{file}", old, ""), "en")


def test_a_mail_that_gmail_would_cut_is_caught(tmp_path: Path) -> None:
    template = planted(tmp_path, "still-here", "body.mjml", "We wish you well.", "We wish you well. " * 7000)
    assert any("expected at most" in fault for fault in lint(template, "en"))


def test_a_text_too_hard_to_read_is_caught(tmp_path: Path) -> None:
    hard = (
        "Notwithstanding considerable organizational complexity, representatives systematically communicate individualized recommendations"
    )
    assert "reads at grade" in everywhere(tmp_path, "still-here", "We wish you well", ", ".join([hard] * 4))


def test_a_mail_that_does_not_render_is_a_fault_and_no_crash(tmp_path: Path) -> None:
    template = planted(tmp_path, "still-here", "body.txt", "{{ office.phone }}", "{{ office.fax }}")
    assert "no attribute 'fax'" in lint(template, "en")[0]
