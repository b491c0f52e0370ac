"""Confirming, unsubscribing and preferences: only POST acts, twice is once, and no cookie is needed."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.consent.ledger import granted, is_confirmed, paused_until, suppressed_topics
from leads.messages.models import Message
from leads.people.models import Person
from leads.sequences.models import Enrolment

Links = dict[str, str]
LATER = "2026-10-20"


def person(session: Session) -> Person:
    return session.scalars(select(Person).execution_options(populate_existing=True)).one()


def states(session: Session) -> set[tuple[str, str | None]]:
    rows = session.execute(select(Message.state, Message.reason).where(Message.step.is_not(None)))
    return {(state, reason) for state, reason in rows}


def acts(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(AuditEntry)) or 0


@pytest.mark.parametrize("which", ["confirm", "unsubscribe", "preferences"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_scanner_that_follows_links_changes_nothing(web: TestClient, links: Links, session: Session, which: str, method: str) -> None:
    before = acts(session)
    web.request(method, links[which])
    assert acts(session) == before
    assert not is_confirmed(session, person(session).id, person(session).email_index)
    assert not suppressed_topics(session, person(session).id)


def test_the_button_confirms_and_pressing_twice_starts_one_sequence(web: TestClient, links: Links, session: Session) -> None:
    assert 'method="post"' in web.get(links["confirm"]).text
    assert [web.post(links["confirm"]).status_code for _ in range(2)] == [200, 200]
    assert is_confirmed(session, person(session).id, person(session).email_index)
    assert session.scalar(select(func.count()).select_from(Enrolment)) == 1


def test_one_click_of_a_mail_program_stops_the_topic(web: TestClient, links: Links, session: Session) -> None:
    for _ in range(2):
        answer = web.post(links["unsubscribe"], data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert suppressed_topics(session, person(session).id) == {"inquiry"}


def test_one_click_works_whatever_the_body_looks_like(web: TestClient, links: Links, session: Session) -> None:
    assert web.post(links["unsubscribe"], files={"List-Unsubscribe": (None, "One-Click")}).status_code == 200
    assert suppressed_topics(session, person(session).id) == {"inquiry"}


def test_stopping_education_ends_the_plan_with_its_reason_and_undo_brings_it_back(web: TestClient, links: Links, session: Session) -> None:
    web.post(links["confirm"])
    web.post(links["preferences"], data={"saving": "yes", "topic.inquiry": "true", "topic.screening": "true", "topic.visits": "true"})
    assert states(session) == {("cancelled", "withdrawal:education")}
    web.post(links["preferences"], data={"saving": "yes"} | {f"topic.{topic}": "true" for topic in ("inquiry", "education")})
    assert ("planned", None) in states(session)


def test_undo_takes_the_stop_back(web: TestClient, links: Links, session: Session) -> None:
    web.post(links["unsubscribe"])
    assert web.post(f"{links['unsubscribe']}/undo").status_code == 200
    assert not suppressed_topics(session, person(session).id)


def test_preferences_hold_at_once_and_show_again(web: TestClient, links: Links, session: Session, tuesday: object) -> None:
    form = {"saving": "yes", "topic.inquiry": "true", "pause_until": LATER, "language": "es", "discreet": "true"}
    html = web.post(links["preferences"], data=form).text
    rests = paused_until(session, person(session).id)
    assert rests is not None
    assert rests.isoformat() == "2026-10-20T04:00:00+00:00"
    assert (person(session).language, person(session).discreet) == ("es", True)
    assert suppressed_topics(session, person(session).id) == {"education", "screening", "visits"}
    assert '<html lang="es">' in html
    assert f'value="{LATER}"' in html


def test_all_off_stops_everything_and_can_be_taken_back(web: TestClient, links: Links, session: Session) -> None:
    topics = {f"topic.{topic}": "true" for topic in ("inquiry", "education", "screening", "visits")}
    web.post(links["preferences"], data={"saving": "yes", "all_off": "true"} | topics)
    assert None in suppressed_topics(session, person(session).id)
    web.post(links["preferences"], data={"saving": "yes"} | topics)
    assert not suppressed_topics(session, person(session).id)


def test_a_grant_given_in_the_preferences_is_on_record(web: TestClient, links: Links, session: Session) -> None:
    web.post(links["preferences"], data={"saving": "yes", "topic.education": "true"})
    assert "education" in granted(session, person(session).id)


def test_a_date_that_has_passed_is_refused_in_words(web: TestClient, links: Links, session: Session) -> None:
    answer = web.post(links["preferences"], data={"saving": "yes", "pause_until": "2020-01-01"})
    assert answer.status_code == 422
    assert "still to come" in answer.text
    assert not suppressed_topics(session, person(session).id)


def test_a_body_that_is_not_the_form_changes_nothing(web: TestClient, links: Links, session: Session) -> None:
    assert web.post(links["preferences"]).status_code == 200
    assert not suppressed_topics(session, person(session).id)


@pytest.mark.parametrize("path", ["/c/unknown", "/u/unknown", "/p/unknown"])
def test_a_link_that_is_not_ours_says_so_and_whom_to_call(web: TestClient, path: str) -> None:
    for answer in (web.get(path), web.post(path)):
        assert answer.status_code == 404
        assert "not valid any more" in answer.text


def test_a_link_works_for_its_own_purpose_only(web: TestClient, links: Links) -> None:
    token = links["confirm"].removeprefix("/c/")
    assert web.post(f"/u/{token}").status_code == 404


def test_a_link_confirms_only_the_address_it_was_mailed_to(web: TestClient, session: Session, links: dict[str, str]) -> None:
    message = session.scalars(select(Message)).one()
    message.address_index = b"another mailbox"
    session.flush()
    assert web.post(links["confirm"]).status_code == 422
    assert not is_confirmed(session, person(session).id, person(session).email_index)
