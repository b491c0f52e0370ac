"""The link asks one detail of the person; five wrong ones close it, and somebody phones instead."""

import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.errors import NotFound
from leads.messages.outbox import post
from leads.pipeline.models import Lead
from leads.screening.open_link import check_factor, look
from leads.security.tokens import Grant, issue
from leads.todos.models import Todo
from tests.cast import make_confirmed_person, make_lead

BORN, FOUR = "1980-02-29", "0123"


@pytest.fixture
def lead(session: Session, tuesday: object) -> Lead:
    return make_lead(session, make_confirmed_person(session, birth_date=BORN, phone="+12035550123"), stage="screening")


@pytest.fixture
def link(session: Session, lead: Lead) -> str:
    mail = post(session, lead.person_id, "screening-invitation", cause="test", lead_id=lead.id)
    session.flush()
    return issue(session, mail.id, Grant("screening", lead.person_id, mail.id))


def test_looking_opens_nothing(session: Session, link: str, lead: Lead) -> None:
    seen = look(session, link)
    assert (seen.is_open, seen.tries_left, seen.lead_id, seen.asks_for) == (False, 5, lead.id, ("birth_date", "last_four"))


@pytest.mark.parametrize("detail", [{"birth_date": BORN}, {"last_four": FOUR}, {"last_four": " 01-23 "}])
def test_a_right_detail_opens_it_on_any_device(session: Session, link: str, detail: dict[str, str]) -> None:
    assert check_factor(session, link, **detail).is_open
    assert check_factor(session, link, **detail).is_open


@pytest.mark.parametrize("detail", [{"birth_date": "1980-03-01"}, {"last_four": "9999"}, {"last_four": "123"}])
def test_a_wrong_one_counts(session: Session, link: str, detail: dict[str, str]) -> None:
    opened = check_factor(session, link, **detail)
    assert (opened.is_open, opened.tries_left) == (False, 4)


def test_nothing_typed_is_no_try(session: Session, link: str) -> None:
    assert check_factor(session, link, last_four=" - ").tries_left == 5


def test_the_fifth_wrong_one_closes_it_for_the_right_one_too_and_somebody_phones(session: Session, link: str, lead: Lead) -> None:
    for _ in range(5):
        check_factor(session, link, last_four="9999")
    assert not check_factor(session, link, birth_date=BORN).is_open
    asked = session.scalars(select(Todo).where(Todo.kind == "help-with-screening")).one()
    assert asked.lead_id == lead.id


def test_who_has_no_detail_on_file_is_told_that_we_do_it_by_phone(session: Session, tuesday: object) -> None:
    lead = make_lead(session, make_confirmed_person(session, birth_date=None, phone=None), stage="screening")
    mail = post(session, lead.person_id, "screening-invitation", cause="test", lead_id=lead.id)
    session.flush()
    text = issue(session, mail.id, Grant("screening", lead.person_id, mail.id))
    assert look(session, text).asks_for == ()
    assert not check_factor(session, text, birth_date="1980-01-01").is_open


def test_a_link_of_another_purpose_or_a_made_up_one_opens_nothing(session: Session, link: str, lead: Lead) -> None:
    other = issue(session, uuid.uuid4(), Grant("preferences", lead.person_id))
    for text in (other, "made-up"):
        with pytest.raises(NotFound):
            look(session, text)


def test_a_closed_lead_is_not_screened(session: Session, link: str, lead: Lead) -> None:
    lead.closed_at = lead.opened_at
    session.flush()
    with pytest.raises(NotFound):
        look(session, link)
