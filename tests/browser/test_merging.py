"""Two records that may be one person: merged field by field, or left apart; and either taken back from the toast."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from leads.db import transaction
from leads.inquiries.receive import Arrival, receive
from leads.people.models import MergeSuggestion, Person
from leads.pipeline.find import by_number
from tests.accounts.cast import make_account
from tests.browser.conftest import barriers, choose, ready
from tests.browser.test_console import Visit, at_work
from tests.cast import submission

pytestmark = [pytest.mark.browser, pytest.mark.committed]


@pytest.fixture
def numbers(site: str) -> tuple[str, str]:
    """Ana has written twice from one number, under two names and addresses; Casey is here."""
    twice = submission(given_name="Anna", email="anna@example.com", birth_date=None)
    with transaction() as session:
        make_account(session)
        one, two = (receive(session, each, Arrival("page")).number for each in (submission(), twice))
    return one, two


def of_both(numbers: tuple[str, str]) -> list[tuple[object, ...]]:
    """Both records and whose lead each is, as the database has them."""
    with transaction() as session:
        people = [session.get_one(Person, by_number(session, each).person_id) for each in numbers]
        return [(each.given_name, each.email, each.phone, each.birth_date, each.merged_into) for each in people]


def undecided() -> int:
    """How many pairs wait for a decision."""
    with transaction() as session:
        return session.scalar(select(func.count()).where(MergeSuggestion.decided_at.is_(None))) or 0


def take_back(page: Page) -> None:
    """Press the button of the toast, and wait until it says so."""
    ready(page).get_by_role("status").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back.")


def test_two_records_become_one_field_by_field_and_two_again(visit: Visit, numbers: tuple[str, str]) -> None:
    before, page = of_both(numbers), at_work(visit, "/console/merges")
    assert barriers(page, "pairs") == []
    page.get_by_role("link", name="Compare them").click()
    page.get_by_role("link", name="Let this one go on").click()
    names = page.locator("thead strong").all_inner_texts()
    page.get_by_role("link", name="Let this one go on").click()
    assert page.locator("thead strong").all_inner_texts() == names[::-1]
    if names[::-1] != ["Ana Rivera", "Anna Rivera"]:
        page.get_by_role("link", name="Let this one go on").click()
    expect(page.get_by_label("Keep this one")).to_have_count(2)
    page.get_by_role("row", name="E-mail").get_by_label("Keep this one").check()
    assert barriers(page, "merge-chosen") == []
    choose(page, "Merge: they are one person")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ana Rivera")
    expect(page.get_by_role("table", name="What is planned").get_by_text("Call them")).to_have_count(1)
    assert barriers(page, "merged") == []
    with transaction() as session:
        kept = session.scalars(select(Person).where(Person.merged_into.is_(None))).one()
        assert (kept.given_name, kept.email, kept.birth_date) == ("Ana", "anna@example.com", "1985-07-21")
    take_back(page)
    assert of_both(numbers) == before
    expect(page.get_by_role("heading", level=1)).to_contain_text("Rivera")
    assert undecided() == 1


def test_two_people_stay_two_until_that_is_taken_back(visit: Visit, numbers: tuple[str, str]) -> None:
    page = at_work(visit, "/console/merges")
    page.get_by_role("link", name="Compare them").click()
    choose(page, "No, these are two people")
    expect(page.get_by_role("status")).to_contain_text("They are two people, and not suggested again.")
    expect(page.get_by_text("No doubles are suspected.")).to_be_visible()
    assert undecided() == 0
    assert barriers(page, "two-people") == []
    take_back(page)
    expect(page.get_by_role("link", name="Compare them")).to_be_visible()
    assert undecided() == 1
