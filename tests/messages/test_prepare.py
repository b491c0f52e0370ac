"""Mails prepared once: word for word what rendering each of them anew would give, and nobody's words in another's mail."""

import quopri
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.clinic.profile import clinic
from leads.messages import prepare
from leads.messages.prepare import ready
from leads.messages.quoted import quoted
from leads.messages.render import RenderError, render
from leads.messages.sandbox import only_said
from leads.messages.templates import catalogue
from tests.messages.mails import FACTS, facts_in

EDITIONS = [(name, language) for name, template in catalogue().items() for language in template.meta.languages]
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def assert_same(name: str, language: str, facts: dict[str, Any]) -> None:
    """What was prepared reads as what is rendered now."""
    made, anew = ready(name, language, facts), render(name, language, facts)
    assert (made.subject, made.version, made.language) == (anew.subject, anew.version, anew.language)
    assert (made.text, made.html) == (quoted(anew.text), quoted(anew.html))


def test_every_prepared_mail_is_word_for_word_the_rendered_one() -> None:
    for name, language in EDITIONS:
        facts = dict(facts_in(language))
        for left_out in (None, "given_name", *catalogue()[name].meta.optional):
            assert_same(name, language, facts | ({left_out: None} if left_out else {}))


@given(given_name=WORDS, visit_time=WORDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_somebody_is_called_it_stands_there_as_rendered(given_name: str, visit_time: str) -> None:
    facts = FACTS | {"given_name": given_name, "visit_time": visit_time.replace("=?", "")}
    assert_same("visit-tomorrow", "en", facts)


def test_nobodys_name_stays_behind_for_the_next() -> None:
    first, second = (ready("still-here", "en", FACTS | {"given_name": name}) for name in ("Zebulon", "Ottilie"))
    assert "Zebulon" in first.text
    assert "Zebulon" not in second.text + second.html


def test_what_somebody_wrote_is_never_taken_for_a_gap() -> None:
    sly = "\ue000:unsubscribe_url\ue001"
    read = quopri.decodestring(ready("still-here", "en", FACTS | {"given_name": sly}).text).decode()
    assert f"{sly}," in read


def test_an_unsafe_subject_is_refused_though_it_was_prepared() -> None:
    ready("visit-today", "en", FACTS)
    with pytest.raises(RenderError, match="subject"):
        ready("visit-today", "en", FACTS | {"visit_time": "=?utf-8?q?=0d=0aBcc:_x?="})


def test_a_missing_fact_stops_a_prepared_mail_too() -> None:
    ready("still-here", "en", FACTS)
    with pytest.raises(RenderError, match="unsubscribe_url"):
        ready("still-here", "en", FACTS | {"unsubscribe_url": None})


def test_another_office_is_another_preparation() -> None:
    places = [quopri.decodestring(ready("office-location", "en", FACTS | {"office": office}).text) for office in ("woodbury", "new-haven")]
    assert places[0] != places[1]


def test_a_discreet_sender_is_another_preparation() -> None:
    plain, discreet = (ready("still-here", "en", FACTS | {"discreet": discreet}).text for discreet in (False, True))
    assert clinic().practice.name in quopri.decodestring(plain).decode()
    assert clinic().practice.name not in quopri.decodestring(discreet).decode()


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "MOST_KEPT", 3)
    for number in range(8):
        ready("referral-digest", "en", FACTS | {"numbers": [f"R-{number:06}"]})
    assert len(prepare._kept) <= 3


def test_a_name_that_is_compared_or_filtered_is_no_gap() -> None:
    source = (
        "{% if a and not b %}{{ a }}{% endif %}{{ c|upper }}{% if d == 'x' %}{{ d }}{% endif %}{% for e in f %}{{ e }}{% endfor %}{{ g }}"
    )
    assert only_said(source) == {"a", "b", "g"}


def test_a_name_that_is_free_in_one_part_and_bound_in_another_is_no_gap() -> None:
    assert only_said("{{ a }} {{ b }}", "{{ a|trim }}") == {"b"}


def test_the_catalogue_leaves_the_names_and_links_of_people_open() -> None:
    gaps = catalogue()["visit-tomorrow"].editions["en"].gaps
    assert {"given_name", "unsubscribe_url", "preferences_url", "visit_url", "visit_time"} <= gaps


def test_no_gap_is_left_in_a_mail() -> None:
    for name, language in EDITIONS:
        made = ready(name, language, facts_in(language))
        assert not any("=EE=80=80" in part for part in (made.text, made.html))
