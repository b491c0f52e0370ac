"""A person's own page of choices: each topic in plain words, every save can be undone, and what they chose so far is theirs to read."""

import re
from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.consent.history import history
from leads.consent.ledger import granted, paused_until, suppressed_topics
from leads.consent.models import Choice, ConsentEntry
from leads.people.models import Person
from leads.pipeline.preferences import TOPICS, wishes_of

Links = dict[str, str]
pytestmark = pytest.mark.usefixtures("tuesday")
ALL = {"saving": "yes", "unencrypted": "true", "language": "en", "pause_until": ""} | {f"topic.{topic}": "true" for topic in TOPICS}


def person(session: Session) -> Person:
    return session.scalars(select(Person).execution_options(populate_existing=True)).one()


def save(web: TestClient, links: Links, *left_out: str, **changed: str) -> str:
    """Save the page as it stands but for these; return what it says then."""
    fields = {name: value for name, value in (ALL | changed).items() if name.replace("topic.", "") not in left_out}
    return web.post(links["preferences"], data=fields).text


def undo(web: TestClient, links: Links, shown: str) -> str:
    """Press Undo on a page: its form, as a browser without JavaScript sends it."""
    form = re.search(r'<form[^>]*>(?:(?!</form>).)*name="undo".*?</form>', shown, re.DOTALL)
    assert form, shown
    return web.post(links["preferences"], data=dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[0]))).text


def acts(session: Session) -> list[tuple[str, str, str | None]]:
    return [(act.act, act.what, act.value) for act in history(session, [person(session).id])]


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_topic_says_what_it_is_and_what_still_comes_without_it(web: TestClient, links: Links, language: str) -> None:
    page = web.get(f"{links['preferences']}?language={language}").text
    assert page.count("Without them" if language == "en" else "Sin ellos") == len(TOPICS)
    assert clinic().consent.education["es" if language == "es" else "en"] in page


@pytest.mark.parametrize(
    ("left_out", "changed"),
    [
        (["education"], {}),
        (["visits", "inquiry"], {}),
        ([], {"all_off": "true"}),
        ([], {"pause_until": "2026-10-20"}),
        ([], {"language": "es", "discreet": "true"}),
        (["unencrypted", "screening"], {"all_off": "true", "pause_until": "2026-11-01", "discreet": "true"}),
    ],
)
def test_undo_brings_back_what_held_before(
    web: TestClient, links: Links, session: Session, left_out: list[str], changed: dict[str, str]
) -> None:
    save(web, links)
    before = wishes_of(session, person(session))
    shown = save(web, links, *left_out, **changed)
    assert wishes_of(session, person(session)) != before
    undo(web, links, shown)
    assert wishes_of(session, person(session)) == before


def test_an_undo_can_be_undone(web: TestClient, links: Links, session: Session) -> None:
    save(web, links)
    shown = undo(web, links, save(web, links, "visits"))
    assert "Undone." in shown
    undo(web, links, shown)
    assert suppressed_topics(session, person(session).id) == {"visits"}


def test_a_break_that_another_one_replaced_comes_back(web: TestClient, links: Links, session: Session) -> None:
    save(web, links, pause_until="2026-10-20")
    undo(web, links, save(web, links, pause_until="2026-10-30"))
    rests = paused_until(session, person(session).id)
    assert rests
    assert rests.date() == date(2026, 10, 20)


def test_a_save_that_changes_nothing_leaves_no_trace_and_offers_no_undo(web: TestClient, links: Links, session: Session) -> None:
    save(web, links)
    before = acts(session)
    shown = save(web, links)
    assert "nothing has changed" in shown
    assert 'name="undo"' not in shown
    assert acts(session) == before


def test_every_choice_is_in_the_ledger_with_its_proof(web: TestClient, links: Links, session: Session) -> None:
    save(web, links)
    save(web, links, "visits", pause_until="2026-10-20", language="es", discreet="true", all_off="true")
    chosen = session.scalars(select(Choice)).all()
    assert {(each.act, each.what, each.value) for each in chosen} == {
        ("rest", "pause", "2026-10-20T04:00:00+00:00"),
        ("stop", "topic:visits", None),
        ("stop", "all", None),
        ("set", "language", "es"),
        ("set", "discreet", "on"),
    }
    assert {(each.source, each.method, each.actor) for each in chosen} == {("preferences", "page", f"person:{person(session).id}")}
    assert all((each.evidence or "").startswith("Link ") for each in chosen)


def test_an_undo_is_on_record_as_one(web: TestClient, links: Links, session: Session) -> None:
    save(web, links)
    undo(web, links, save(web, links, "visits"))
    assert session.scalars(select(Choice.method).where(Choice.act == "allow")).all() == ["undo"]


def test_stopping_education_takes_the_consent_back_and_ticking_it_is_a_new_one(web: TestClient, links: Links, session: Session) -> None:
    save(web, links)
    save(web, links, "education")
    assert "education" not in granted(session, person(session).id)
    save(web, links)
    entries = session.scalars(select(ConsentEntry).where(ConsentEntry.kind == "education").order_by(ConsentEntry.id)).all()
    assert [(each.act, each.source) for each in entries] == [("grant", "inquiry"), ("withdraw", "preferences"), ("grant", "preferences")]
    assert entries[-1].wording == clinic().consent.version


def test_words_about_health_in_plain_mail_can_be_taken_back(web: TestClient, links: Links, session: Session) -> None:
    save(web, links)
    assert "unencrypted_email" in granted(session, person(session).id)
    save(web, links, "unencrypted")
    assert "unencrypted_email" not in granted(session, person(session).id)


def test_the_page_tells_what_they_chose_so_far(web: TestClient, links: Links) -> None:
    save(web, links)
    shown = save(web, links, "visits", pause_until="2026-10-20")
    assert "You asked us on October 6, 2026 to send no more of these: Mails about your visits." in shown
    assert "You asked us on October 6, 2026 for a break until October 20, 2026." in shown
    assert "You agreed on October 6, 2026 that we contact you about your inquiry." in shown


def test_whoever_chooses_spanish_is_answered_in_it(web: TestClient, links: Links) -> None:
    save(web, links)
    fields = ALL | {"language": "es"}
    shown = web.post(f"{links['preferences']}?language=en", data=fields).text
    assert '<html lang="es">' in shown
    assert "nos pidió escribirle en español" in shown


def test_the_page_shows_no_name_no_address_and_nothing_else_of_theirs(web: TestClient, links: Links) -> None:
    page = web.get(links["preferences"]).text
    assert not any(word in page for word in ("Ana", "Rivera", "ana@example.com", "555-0123", "know more", "Woodbury"))


def test_a_refused_date_keeps_what_was_chosen_beside_it(web: TestClient, links: Links, session: Session) -> None:
    save(web, links)
    shown = save(web, links, "visits", pause_until="2020-01-01")
    assert "still to come" in shown
    assert not re.search(r'name="topic\.visits"[^>]*checked', shown)
    assert not suppressed_topics(session, person(session).id)
