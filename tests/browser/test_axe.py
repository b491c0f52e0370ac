"""Every page anybody but a colleague can reach, before axe-core: a page that is added and not walked here fails the test."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from playwright.sync_api import Page
from sqlalchemy.orm import Session

from leads.clock import frozen
from leads.db import transaction
from leads.http.public import mailbox as mailbox_pages
from leads.messages import mailbox as kept_mails
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES
from leads.messages.outbox import post
from leads.screening.begin import begin
from leads.security.tokens import Grant, issue
from tests.appointments.links import booked_visit, link_of, offered_visit
from tests.browser.conftest import DESKTOP, PHONE, amiss, violations
from tests.browser.test_portal import come_in
from tests.cast import make_confirmed_person, make_lead
from tests.conftest import TUESDAY, Mailbox
from tests.referrals.cast import make_referral
from tests.referrals.test_open_link import link_of as status_link_of
from tests.the_app import the_app

pytestmark = [pytest.mark.browser, pytest.mark.committed]
Visit = Callable[..., Page]
Look = tuple[dict[str, int], str]
SHOTS = Path(os.environ["HANDOFF_SHOTS"]) if "HANDOFF_SHOTS" in os.environ else None
OURS = ("/console", "/api", "/fhir", "/static", "/healthz", "/readyz", "/metrics")
# What is read by programs, and a mail as its own reader shows it.
NO_PAGES = {
    "/refer/providers", "/embed.js", "/calendar/{secret}.ics", "/a/{token}/calendar.ics", "/mailbox/{key}/html",
}  # fmt: skip
SCREENING = ("history", "treatments", "health", "medicines", "mood", "worry", "safety", "anything")


def routes() -> Iterator[str]:
    """Every path that answers a GET outside of the console, as the app itself has them."""
    for route in iter_route_contexts(the_app().routes):
        path = getattr(route, "path", "") or ""
        if "GET" in (getattr(route, "methods", None) or ()) and not path.startswith(OURS):
            yield path


def of_mails(session: Session) -> dict[str, list[str]]:
    """Every page a mail to a person leads to."""
    person = make_confirmed_person(session)
    lead = make_lead(session, person, stage="screening")
    mail = post(session, person.id, "screening-invitation", cause="test", lead_id=lead.id)
    session.flush()
    begin(session, lead.id, channel="link", actor="person:x", language="en")
    visits = [link_of(session, booked_visit(session)), link_of(session, offered_visit(session, hour=10), template="visit-offered")]
    return {
        "/c/{token}": [f"/c/{issue(session, person.id, Grant('confirm', person.id))}"],
        "/u/{token}": [f"/u/{issue(session, person.id, Grant('unsubscribe', person.id, topic='education'))}"],
        "/p/{token}": [f"/p/{issue(session, person.id, Grant('preferences', person.id))}"],
        "/s/{token}": [f"/s/{issue(session, mail.id, Grant('screening', person.id, mail.id))}"],
        "/a/{token}": [*visits, f"{visits[0]}?language=es"],
    }


def of_referrers(session: Session) -> dict[str, list[str]]:
    """Every page of who refers."""
    referral = make_referral(session)
    return {
        "/r/{token}": [f"/r/{status_link_of(session, referral)}"],
        "/portal": ["/portal", "/portal?list=all"],
        "/portal/sign-in": ["/portal/sign-in"],
        "/portal/enter/{link}": ["/portal/enter/nothing"],
        "/portal/preferences": ["/portal/preferences"],
        "/portal/referrals/{which}": [f"/portal/referrals/{referral.number}"],
        "/portal/{mistyped:path}": ["/portal/nothing"],
    }


def of_everybody(mailbox: Mailbox) -> dict[str, list[str]]:
    """Every page without a secret, and the mailbox of a local trial."""
    return {
        "/": ["/", "/?language=es"],
        "/inquire": ["/inquire", "/inquire?language=es"],
        "/inquire/thanks": ["/inquire/thanks"],
        "/embed/inquire": ["/embed/inquire"],
        "/embed/inquire/thanks": ["/embed/inquire/thanks"],
        "/embed/crisis": ["/embed/crisis"],
        "/crisis": ["/crisis", "/crisis?kept=yes", "/crisis?language=es", "/static/crisis.html", "/nothing"],
        "/refer": ["/refer", "/refer?language=es"],
        "/mailbox": ["/mailbox"],
        "/mailbox/{key}": [f"/mailbox/{mailbox.messages[0].key}"],
    }


def of_screening(path: str) -> dict[str, list[str]]:
    """Every page of the questions, for who has named a detail; in Spanish where the words are longest."""
    return {
        "/s/{token}/{key}": [*(f"{path}/{key}" for key in SCREENING), *(f"{path}/{key}?language=es" for key in ("treatments", "mood"))],
        "/s/{token}/look-over": [f"{path}/look-over"],
        "/s/{token}/help": [f"{path}/help", f"{path}/help?language=es"],
    }


@pytest.fixture
def pages(site: str, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Sequence[str]]:
    """Every route with the addresses to look at."""
    with frozen(TUESDAY), transaction() as session:
        found = of_mails(session) | of_referrers(session)
    carrier = SmtpCarrier(mailbox.url, helo="x.test")
    # On the same day: later on, what these mails say would be of no use any more.
    with frozen(TUESDAY):
        drain(LANES, carrier=carrier)
    carrier.close()
    # In a local trial the composition root gives the app its mailbox.
    monkeypatch.setattr(mailbox_pages, "_mailbox", lambda _request: Kept(mailbox.folder))
    (screening,) = found["/s/{token}"]
    return found | of_everybody(mailbox) | of_screening(screening) | {"/s/{token}/sent": [f"{screening}/sent"]}


class Kept:
    """The mailbox as the pages of a local trial read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read_all(self) -> Sequence[kept_mails.Mail]:
        """Return every mail."""
        return kept_mails.read_all(self.folder)

    def read_one(self, key: str) -> kept_mails.Mail:
        """Return one mail."""
        return kept_mails.read_one(self.folder, key)


def walk(page: Page, pages: Mapping[str, Sequence[str]], look: Look) -> dict[str, list[str]]:
    """Open each address as whoever may, and return what is wrong with it."""
    wrong = {}
    outside = [path for route in pages if not route.startswith("/s/{token}/") for path in pages[route]]
    inside = [path for route in pages if route.startswith("/s/{token}/") and not route.endswith("/sent") for path in pages[route]]
    for path in outside:
        wrong[path] = look_at(page, path, look)
    page.goto(pages["/s/{token}"][0])
    page.get_by_label("The last four digits of your phone").fill("0123")
    page.get_by_role("button", name="Open the questions").click()
    for path in inside:
        wrong[path] = look_at(page, path, look)
    page.goto(pages["/s/{token}/look-over"][0])
    page.get_by_role("button", name="Send it to the clinic").click()
    return wrong | {path: look_at(page, path, look) for path in pages["/s/{token}/sent"]}


def look_at(page: Page, path: str, look: Look) -> list[str]:
    """What axe finds on a page with everything unfolded, whether it is wider than its window, and what else is amiss."""
    page.goto(path)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    if SHOTS:
        SHOTS.mkdir(exist_ok=True)
        name = path.replace("/", "-").replace("?", "-").strip("-")[-40:]
        page.screenshot(path=SHOTS / f"axe-{name}-{look[0]['width']}-{look[1]}.png", full_page=True)
    wrong = violations(page) + amiss(page) + ["scrolls sideways"] * page.evaluate("document.documentElement.scrollWidth > innerWidth")
    # With the other look of the test, that makes all four of each page.
    page.emulate_media(color_scheme="dark" if look[1] == "light" else "light")
    wrong += [f"in other colours: {each}" for each in violations(page, only_contrast=True)]
    page.emulate_media(color_scheme=look[1])  # type: ignore[arg-type]
    return wrong


def test_no_page_is_left_out(pages: Mapping[str, Sequence[str]]) -> None:
    assert set(routes()) - NO_PAGES == set(pages)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("look", [(PHONE, "light"), (DESKTOP, "dark")], ids=["phone-light", "desktop-dark"])
def test_axe_finds_nothing_on_any_public_page(visit: Visit, pages: Mapping[str, Sequence[str]], look: Look) -> None:
    page = visit("/crisis", viewport=look[0], color_scheme=look[1])
    number = pages["/portal/referrals/{which}"][0].rpartition("/")[2]
    come_in(page, number)
    found = walk(page, pages, look)
    assert {path: wrong for path, wrong in found.items() if wrong} == {}


def test_a_look_sees_a_faint_colour_and_sees_it_go(visit: Visit) -> None:
    page = visit("/crisis")
    paint = "colour => { document.querySelector('main p').style.color = colour; }"
    page.evaluate(paint, "#eeeeee")
    assert [each.partition(":")[0] for each in violations(page)] == ["color-contrast"]
    page.evaluate(paint, "#000000")
    assert violations(page) == []
