"""Why somebody stops our mails: asked after the stop, kept for colleagues, and heard like anything a patient writes."""

from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.consent.ledger import open_holds, suppressed_topics
from leads.people.models import Person
from leads.pipeline.models import Note
from leads.safety.models import Alarm

Links = dict[str, str]


def who(session: Session) -> Person:
    return session.scalars(select(Person)).one()


def notes(session: Session) -> list[str | None]:
    return [note.text for note in session.scalars(select(Note))]


def test_it_is_asked_only_once_the_mails_have_stopped(web: TestClient, links: Links) -> None:
    assert 'name="why"' not in web.get(links["unsubscribe"]).text
    page = web.post(links["unsubscribe"]).text
    assert 'name="why"' in page
    # The help stands before the first free text.
    assert page.index("tel:988") < page.index('name="why"')


def test_what_they_say_is_kept_and_thanked_for(web: TestClient, links: Links, session: Session) -> None:
    web.post(links["unsubscribe"])
    answer = web.post(f"{links['unsubscribe']}/why", data={"why": "Too many mails."})
    assert (answer.status_code, notes(session)) == (200, ["Too many mails."])
    assert suppressed_topics(session, who(session).id) == {"inquiry"}
    assert not open_holds(session, who(session).id)


def test_a_disclosure_among_the_reasons_reaches_a_human_and_is_answered_with_help(web: TestClient, links: Links, session: Session) -> None:
    web.post(links["unsubscribe"])
    answer = web.post(f"{links['unsubscribe']}/why?language=es", data={"why": "No quiero seguir viviendo."})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/crisis?language=es&kept=yes")
    assert open_holds(session, who(session).id)
    assert session.scalars(select(Alarm.source)).one() == "unsubscribe"


def test_a_blank_reason_is_none(web: TestClient, links: Links, session: Session) -> None:
    assert web.post(f"{links['unsubscribe']}/why", data={"why": "  "}).status_code == 200
    assert notes(session) == []


def test_a_guessed_link_keeps_nothing(web: TestClient, links: Links, session: Session) -> None:
    assert web.post("/u/guessed/why", data={"why": "I want to die."}).status_code == 404
    assert notes(session) == []
