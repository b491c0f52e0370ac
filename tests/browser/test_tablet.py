"""On a tablet, upright and lying: nothing scrolls sideways, and a finger carries a card of the board."""

from collections.abc import Callable, Mapping

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from leads.db import transaction
from leads.inquiries.receive import Arrival, receive
from leads.pipeline.confirm import confirm_address
from leads.pipeline.find import by_number
from tests.accounts.cast import make_account
from tests.browser.conftest import SHOTS, TABLETS, is_wide, violations
from tests.browser.test_console import at_work, stage_of
from tests.browser.test_worklists import numbers
from tests.cast import submission

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["numbers"]
Visit = Callable[..., Page]


class Finger:
    """One finger on the glass."""

    def __init__(self, page: Page) -> None:
        self.page: Page = page
        self.glass: CDPSession = page.context.new_cdp_session(page)
        self.at = (0.0, 0.0)

    def _touch(self, kind: str, *points: tuple[float, float]) -> None:
        self.glass.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    def down(self, what: Locator) -> None:
        """Lay the finger on something."""
        box = what.bounding_box()
        assert box
        self.at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self._touch("touchStart", self.at)

    def hold(self, what: Locator) -> None:
        """Lay the finger on a card until it is lifted."""
        self.down(what)
        expect(self.page.locator(".tile.dragged")).to_have_count(1)

    def move(self, x: float, y: float) -> None:
        """Go on to a place of the window, by steps as a finger does."""
        for step in range(1, 6):
            self._touch("touchMove", (self.at[0] + (x - self.at[0]) * step / 5, self.at[1] + (y - self.at[1]) * step / 5))
        self.at = (x, y)

    def move_to(self, what: Locator) -> None:
        """Go on to the head of a column."""
        box = what.bounding_box()
        assert box
        self.move(box["x"] + box["width"] / 2, box["y"] + 20)

    def up(self) -> None:
        """Take the finger away."""
        self._touch("touchEnd")


@pytest.fixture
def board(visit: Visit, numbers: list[str]) -> Page:
    """The board on an upright tablet."""
    return at_work(visit, "/console/board", viewport=TABLETS[0], has_touch=True, is_mobile=True)


def card(page: Page, number: str) -> Locator:
    return page.locator(f"[id='{number}']")


def column(page: Page, stage: str) -> Locator:
    return page.locator(f"[data-stage={stage}]")


def test_a_finger_carries_a_card_only_where_it_may_go(board: Page, numbers: list[str]) -> None:
    finger = Finger(board)
    finger.hold(card(board, numbers[0]))
    finger.move_to(column(board, "qualified"))
    finger.up()
    expect(board.get_by_role("status")).to_contain_text("Ana Rivera stays: from New nobody goes straight to Qualified.")
    finger.hold(card(board, numbers[0]))
    finger.move_to(column(board, "contacted"))
    expect(column(board, "contacted")).to_have_class("column may over")
    finger.up()
    expect(board.get_by_role("status")).to_contain_text("Moved.")
    assert (stage_of(numbers[0]), stage_of(numbers[1])) == ("contacted", "new")


def test_a_card_held_at_the_edge_reaches_what_lay_beyond_it(board: Page, numbers: list[str]) -> None:
    finger = Finger(board)
    finger.hold(card(board, numbers[1]).get_by_role("link", name="Noah Okafor"))
    finger.move(TABLETS[0]["width"] - 12, 400)
    expect(column(board, "closed").get_by_role("heading")).to_be_in_viewport(ratio=1)
    finger.move_to(column(board, "closed"))
    finger.up()
    expect(board.get_by_role("dialog").get_by_label("Outcome")).to_be_visible()
    assert violations(board) == []
    assert "/leads/" not in board.url


def test_a_swipe_scrolls_and_a_tap_opens(board: Page, numbers: list[str]) -> None:
    finger = Finger(board)
    finger.down(card(board, numbers[0]))
    finger.move(finger.at[0], finger.at[1] + 150)
    finger.up()
    expect(board.locator(".tile.dragged, .tile.along")).to_have_count(0)
    assert [stage_of(each) for each in numbers[:4]] == ["new"] * 4
    board.get_by_role("link", name="Noah Okafor").tap()
    board.wait_for_url(f"**/console/leads/{numbers[1]}")


@pytest.fixture
def busy(numbers: list[str]) -> str:
    """A lead of whom there is something to see everywhere."""
    with transaction() as session:
        number = receive(session, submission(given_name="Wilhelmina", message="Is there parking?"), Arrival("page")).number
        confirm_address(session, by_number(session, number).id, method="button", actor="system")
        make_account(session, "coordinator", "clinician", "supervisor", "auditor", email="robin@example.com", name="Robin Vale")
    return number


@pytest.mark.parametrize("tablet", TABLETS, ids=["upright", "lying"])
def test_nothing_scrolls_sideways_on_a_tablet(visit: Visit, busy: str, tablet: Mapping[str, int]) -> None:
    page = at_work(visit, email="robin@example.com", viewport=tablet, has_touch=True, is_mobile=True)
    wide = []
    for path in ("/console", "/console/board", f"/console/leads/{busy}", "/console/sequences", "/console/visits", "/console/new"):
        page.goto(path)
        page.evaluate("document.querySelectorAll('main details').forEach(each => each.open = true)")
        wide += [path] * is_wide(page)
        if SHOTS:
            page.screenshot(path=SHOTS / f"tablet-{tablet['width']}-{path.strip('/').replace('/', '-')}.png", full_page=True)
    assert wide == []
