"""What the second of two colleagues sees who wrote to one lead at the same time, before axe-core."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from leads.clock import now
from leads.db import transaction
from leads.people.match import suggest_merge
from leads.people.models import MergeSuggestion
from leads.pipeline.find import by_number
from leads.pipeline.notes import write
from leads.screening.begin import begin
from leads.screening.models import Screening
from leads.screening.save import save_page
from leads.screening.submit import submit
from tests.browser.conftest import barriers, choose
from tests.browser.test_console import at_work
from tests.browser.test_worklists import numbers
from tests.cast import ACTOR, make_confirmed_person

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["numbers"]
Visit = Callable[..., Page]


def save_meanwhile(number: str, *, is_sent: bool = False) -> None:
    """Ana answers the first page on her link, and perhaps sends all of it."""
    with transaction() as session:
        lead = by_number(session, number)
        screening = session.scalars(select(Screening).where(Screening.lead_id == lead.id)).one()
        person = f"person:{lead.person_id}"
        if is_sent:
            submit(session, screening.id, actor=person)
        else:
            save_page(session, screening.id, "history", {"diagnosis": ["anxiety"], "treated-by": "nobody"}, actor=person)


def test_a_screening_answered_and_sent_meanwhile_has_no_barrier(visit: Visit, numbers: list[str]) -> None:
    with transaction() as session:
        begin(session, by_number(session, numbers[0]).id, channel="phone", actor=ACTOR, language="en")
    page = at_work(visit, f"/console/leads/{numbers[0]}/screening/history")
    page.get_by_label("Depression", exact=True).check()
    save_meanwhile(numbers[0])
    choose(page, "Save and go on")
    expect(page.get_by_role("alert")).to_contain_text("This page was answered meanwhile")
    expect(page.get_by_label("Depression", exact=True)).to_be_checked()
    assert barriers(page, "screening-meanwhile") == []
    save_meanwhile(numbers[0], is_sent=True)
    choose(page, "Save and go on")
    expect(page.get_by_role("alert")).to_contain_text("This screening was sent meanwhile")
    assert barriers(page, "screening-sent-meanwhile") == []


def test_what_was_answered_after_it_was_read_back_has_no_barrier(visit: Visit, numbers: list[str]) -> None:
    with transaction() as session:
        begin(session, by_number(session, numbers[0]).id, channel="phone", actor=ACTOR, language="en")
    page = at_work(visit, f"/console/leads/{numbers[0]}/screening/look-over")
    save_meanwhile(numbers[0])
    choose(page, "Send it")
    expect(page.get_by_role("alert")).to_contain_text("It was answered meanwhile, and was not sent")
    assert barriers(page, "look-over-meanwhile") == []


@pytest.fixture
def pair_id(numbers: list[str]) -> str:
    """Ana, and somebody who may be her."""
    with transaction() as session:
        lead, other = by_number(session, numbers[0]), make_confirmed_person(session, given_name="Anna", email="anna@example.com")
        suggest_merge(session, lead.person_id, other.id, why="phone")
        return str(session.scalars(select(MergeSuggestion.id)).one())


def note_meanwhile(number: str) -> None:
    """Somebody writes down a call, as the lead's page does."""
    with transaction() as session:
        lead = by_number(session, number)
        write(session, lead.id, "Ana asks for a morning.", actor=ACTOR)
        lead.version += 1


def test_a_time_a_move_and_a_merge_refused_as_stale_have_no_barrier(visit: Visit, numbers: list[str], pair_id: str) -> None:
    lead, week = numbers[0], (now() + timedelta(days=7)).date()
    visits = f"leads/{lead}/visit?office=new-haven&week={week}"
    pages = {f"board/{lead}/move": "Start screening", visits: "Book it", f"merges/{pair_id}": "Merge: they are one person"}
    for path, button in pages.items():
        page = at_work(visit, f"/console/{path}")
        note_meanwhile(lead)
        choose(page, button)
        expect(page.get_by_role("alert")).to_contain_text("Ana asks for a morning.")
        assert barriers(page, f"stale-{path[:5]}") == []
