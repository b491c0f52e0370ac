"""A sequence that many have been through, in a real browser: every figure as it is read, why some mails did not go, and what was tried."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import transaction
from leads.pipeline.models import Lead, StageChange
from leads.sequences.models import Reply
from tests.accounts.cast import make_account
from tests.browser.conftest import amiss, barriers
from tests.browser.test_console import Visit, at_work
from tests.browser.test_visits import advance
from tests.reports.cast import journeys
from tests.reports.test_variants import STORY
from tests.sequences.conftest import enrolled, publish_only, rows_of, send

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance"]
# How many came to what: no two alike, so that no figure is taken for another, and none so small that it is hidden.
FATES = {"bounced": 12, "answered": 13, "booked": 14, "read": 22, "planned": 16, "no-contact-grant": 15, "suppressed-all": 11}
REASONS = ("no-contact-grant", "suppressed-all")
NOTHING = {"Sent": "0", "Planned": "0", "Not sent": "0", "Bounced": "0", "Answered": "0", "Booked after": "0"}


def live_through(session: Session, lead: Lead, fate: str, second: str) -> None:
    """Put down what became of the two mails of somebody, of which the second is one of two that are tried."""
    one, two = rows_of(session, enrolled(session, lead, "story"))
    if fate in REASONS:
        one.state, one.reason = "skipped", fate
    elif fate != "planned":
        send(session, one)
    if fate == "bounced":
        one.state = "bounced"
    if fate in ("answered", "booked", "read"):
        two.template = second
        send(session, two)
    if fate == "answered":
        session.add_all(Reply(person_id=lead.person_id, message_id=mail.id, at=now()) for mail in (one, two))
    if fate == "booked":
        at = now() + timedelta(hours=1)
        session.add(StageChange(lead_id=lead.id, from_stage="contacted", to_stage="booked", actor="system", at=at))


def many_have_been_through(session: Session) -> None:
    """Each came to their fate; who only read had the one mail or the other in turns."""
    for fate, many in FATES.items():
        for place, lead in enumerate(journeys(session, many, to="contacted")):
            is_other = fate == "booked" or (fate == "read" and place % 2 == 1)
            live_through(session, lead, fate, "who-it-is-for" if is_other else "iv-and-im")


def figures(here: Locator) -> Mapping[str, str]:
    """What stands there, by what it is called."""
    return dict(zip(here.locator("dt").all_inner_texts(), here.locator("dd").all_inner_texts(), strict=True))


def test_a_sequence_tells_what_became_of_each_step_and_why_some_did_not_go(
    visit: Visit, advance: object, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("leads.http.console.sequence_pages", "leads.reports.sequences"):
        monkeypatch.setattr(f"{module}.sequences", lambda: {"story": STORY})
    with transaction() as session:
        publish_only(session, monkeypatch, STORY)
        make_account(session)
        many_have_been_through(session)
    page = at_work(visit, "/console/sequences")
    of_all = {"Run now": "103", "Began": "103", "Answered": "13", "Booked after": "14", "Bounced": "12"}
    assert figures(page.get_by_role("listitem").filter(has_text="A story")) == of_all
    assert barriers(page, "sequences-lived") == []

    page.get_by_role("link", name="A story").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A story")
    first, second = (page.locator(".step").filter(has=page.get_by_role("heading", name=name)) for name in ("Office location", "Two"))
    came_to = {"Sent": "61", "Planned": "16", "Not sent": "26", "Bounced": "12", "Answered": "13", "Booked after": "14"}
    assert figures(first) == came_to
    assert figures(second) == NOTHING | {"Sent": "49", "Planned": "54", "Answered": "13", "Booked after": "14"}
    expect(first).to_contain_text("16 people stand before this step now.")
    expect(second).to_contain_text("38 people stand before this step now.")
    expect(page.locator(".edge").last).to_have_text("Ends after the last step")
    expect(page.get_by_role("region", name="Versions")).to_contain_text("and 91 more")

    why = first.locator(".reasons li")
    expect(why.first).not_to_be_visible()
    first.get_by_text("Why 26 did not go").click()
    expect(why.first).to_be_visible()
    expect(why).to_have_text(["15 There is no consent to contact.", "11 The person asked for no more mails."])
    tried = second.get_by_role("table", name="Tried beside each other")
    assert tried.get_by_role("row", name="IV and IM").get_by_role("cell").all_inner_texts() == ["24", "13 54 %", "0 0 %"]
    assert tried.get_by_role("row", name="Who it is for").get_by_role("cell").all_inner_texts() == ["25", "0 0 %", "14 56 %"]
    assert barriers(page, "sequence-lived") + amiss(page) == []

    page.get_by_label("From").fill("2026-08")
    page.get_by_label("to", exact=True).fill("2026-09")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_text("fell into August to September 2026")).to_be_visible()
    assert figures(first) == NOTHING
