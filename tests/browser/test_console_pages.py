"""Every page of the console, as the app itself lists them: without a barrier in light and dark, on desk and phone; small, and from here."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from fastapi.routing import iter_route_contexts
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.access.break_glass import break_glass
from leads.access.invite import invite
from leads.access.outside import read_outside
from leads.access.restrict import restrict
from leads.clock import real_now
from leads.db import transaction
from leads.inbound.assign import put_aside
from leads.inbound.read import read
from leads.inbound.take_in import take_in
from leads.inquiries.receive import Arrival, discard, quarantine, receive
from leads.messages.models import Message
from leads.people.match import suggest_merge
from leads.people.models import MergeSuggestion
from leads.pipeline.confirm import confirm_address
from leads.pipeline.contact import log_call
from leads.pipeline.find import by_number
from leads.pipeline.models import Lead
from leads.safety.disclose import disclose
from leads.screening.begin import begin
from leads.security.tokens import INVITATION_FOR, Grant, issue
from tests.accounts.cast import PASSWORD, make_account
from tests.accounts.proofs import give_app
from tests.browser.conftest import amiss, barriers
from tests.browser.test_axe import SCREENING
from tests.browser.test_visits import deliver
from tests.cast import ACTOR, make_confirmed_person, make_lead, raw_submission, submission
from tests.conftest import Mailbox
from tests.http.console.who_may import ROLES
from tests.imports.cast import BEN, NOBODY, rehearsed
from tests.inbound.mails import arrived, written
from tests.loop.cast import make_referral as referral_of
from tests.referrals.cast import make_referral
from tests.reports.cast import journeys
from tests.safety.cast import answer_test, make_roster, put_on_call
from tests.scans.cast import make_scan
from tests.the_app import the_app

pytestmark = [pytest.mark.browser, pytest.mark.committed]
LEAD = "/console/leads/{number}"
SIMULATE = "/console/sequences/new-inquiry/simulate"
AS_SHOWN = ("look=dark&width=phone", "width=text&language=es")
# What programs read, files, and what only leads on.
NO_PAGES = {
    "/console/here", "/console/events", "/console/palette", "/console/oidc/back", "/console/record/export.csv",
    "/console/import/{import_id}/errors.csv", "/console/import/{import_id}/progress", "/console/reports/{name}.csv",
    "/console/mails/{name}/frame", f"{LEAD}/messages/{{message_id}}/frame", f"{LEAD}/messages/{{message_id}}/as-sent/frame",
    f"{LEAD}/consents.json", f"{LEAD}/screening/next",
    f"{LEAD}/screening/{{screening_id}}/questionnaire.json", f"{LEAD}/screening/{{screening_id}}/response.json",
    f"{LEAD}/referrals/{{which}}/attachments/{{attachment_id}}", f"{LEAD}/scans/{{theirs}}",
    "/console/scans/{scan_id}/document", "/console/scans/{scan_id}/shown", "/console/new/referrers",
}  # fmt: skip
Visit = Callable[..., Page]
Wrong = dict[str, list[str]]


def routes() -> Iterator[str]:
    """Every path of the console that answers a GET, as the app itself has them."""
    for route in iter_route_contexts(the_app().routes):
        path = getattr(route, "path", "") or ""
        if "GET" in (getattr(route, "methods", None) or ()) and path.startswith("/console"):
            yield path


def busy_lead(session: Session) -> Lead:
    """Ana has written, is confirmed, was called, and mails are planned."""
    lead = by_number(session, receive(session, submission(message="Is there parking?"), Arrival("page")).number)
    confirm_address(session, lead.id, method="button", actor="system")
    log_call(session, lead.id, result="left-message", note="Her sister answered.", actor=ACTOR)
    begin(session, lead.id, channel="phone", actor=ACTOR, language="en")
    return lead


def of_leads(session: Session) -> Mapping[str, list[str]]:
    """Every page of a lead: busy, referred, on hold, merged in question."""
    lead, referred = busy_lead(session), make_referral(session)
    held = make_lead(session, make_confirmed_person(session, given_name="Noah", email="noah@example.com"))
    disclose(session, held.person_id, held.id, source="inquiry")
    suggest_merge(session, lead.person_id, held.person_id, why="phone")
    session.flush()
    mail = session.scalars(select(Message).where(Message.lead_id == lead.id, Message.state == "planned")).first()
    assert mail
    here = f"/console/leads/{lead.number}"
    return {
        LEAD: [here, f"/console/leads/{held.number}", f"/console/leads/{session.get_one(Lead, referred.lead_id).number}"],
        f"{LEAD}/consents": [f"{here}/consents"],
        f"{LEAD}/details": [f"{here}/details"],
        f"{LEAD}/reads": [f"{here}/reads"],
        f"{LEAD}/visit": [f"{here}/visit"],
        f"{LEAD}/messages/{{message_id}}": [f"{here}/messages/{mail.id}"],
        f"{LEAD}/messages/{{message_id}}/as-sent": [f"{here}/messages/{mail.id}/as-sent"],
        f"{LEAD}/screening/{{key}}": [f"{here}/screening/{key}" for key in SCREENING[:2]],
        f"{LEAD}/screening/look-over": [f"{here}/screening/look-over"],
        f"{LEAD}/screening/help": [f"{here}/screening/help"],
        "/console/board/{number}/move": [f"/console/board/{lead.number}/move"],
        "/console/merges/{pair_id}": [f"/console/merges/{session.scalars(select(MergeSuggestion.id)).first()}"],
    }


def put_some_aside(session: Session) -> None:
    """A submission was discarded, and a mail put aside."""
    doubted = quarantine(session, raw_submission(given_name="Nobody", message="Buy now."), channel="page", why="honeypot")
    discard(session, doubted.id, actor=ACTOR)
    mail_id = take_in(session, arrived(written("Buy now.", subject="offer", sender="shop@example.com", to="care@mail.elmharbor.test")))
    assert mail_id
    read(session, mail_id)
    put_aside(session, mail_id, actor=ACTOR)


def of_lists(session: Session) -> Mapping[str, list[str]]:
    """Every page without a lead, each with something in it."""
    quarantine(session, raw_submission(given_name="Mina", message="Please call me."), channel="page", why="too-fast")
    mail_id = take_in(session, arrived(written("A question.", subject="hello", sender="who@example.com", to="care@mail.elmharbor.test")))
    assert mail_id
    read(session, mail_id)
    put_some_aside(session)
    scan = make_scan(session)
    test = answer_test(session, make_roster(session)[0])
    shown = (
        "board",
        "new",
        "new/referral",
        "safety",
        "visits",
        "inbox",
        "scans",
        "quarantine",
        "merges",
        "sending",
        "openings",
        "colleagues",
        "record",
    )
    lists = {f"/console/{each}": [f"/console/{each}"] for each in (*shown, "account", "second-factor/set-up")}
    return lists | {
        "/console": ["/console", "/console?need=call-now", "/console?need=merge", "/console?need=closed"],
        "/console/new": ["/console/new"],
        "/console/new/referral": ["/console/new/referral", f"/console/new/referral?scan={scan.id}"],
        "/console/scans": ["/console/scans", "/console/scans?list=aside"],
        "/console/inbox": ["/console/inbox", "/console/inbox?list=aside"],
        "/console/quarantine": ["/console/quarantine", "/console/quarantine?list=aside"],
        "/console/safety/test/{test_id}": [f"/console/safety/test/{test.id}"],
        "/console/{mistyped:path}": ["/console/nothing"],
    }


def of_the_studio(session: Session) -> Mapping[str, list[str]]:
    """Sequences, mails, reports with something to count, and a spreadsheet that was tried."""
    journeys(session, 30, to="booked")
    tried = rehearsed(session, BEN, NOBODY)
    months = "?from=2026-10&to=2026-10"
    reports = [f"/console/reports/{name}{months}" for name in ("funnel", "response-times", "referrers", "sequences")]
    return {
        "/console/sequences": ["/console/sequences"],
        "/console/sequences/{key}": ["/console/sequences/new-inquiry"],
        "/console/sequences/{key}/simulate": [SIMULATE, f"{SIMULATE}?office=woodbury&from=2026-12-23&what=asks-to-stop&day=9&other="],
        "/console/mails": ["/console/mails"],
        "/console/mails/{name}/{language}/wording": ["/console/mails/still-here/en/wording"],
        "/console/brief": ["/console/brief"],
        "/console/mails/{name}": ["/console/mails/still-here", *(f"/console/mails/still-here?{each}" for each in AS_SHOWN)],
        "/console/reports": ["/console/reports"],
        "/console/reports/{name}": reports,
        "/console/import": ["/console/import"],
        "/console/import/{import_id}": [f"/console/import/{tried.id}"],
    }


def of_the_door(session: Session) -> Mapping[str, list[str]]:
    """The pages of somebody who is not in yet, that an address leads to."""
    robin = invite(session, email="robin@example.com", name="Robin Vale", roles=["auditor"])
    mail = session.scalars(select(Message).where(Message.template == "staff-invitation")).one()
    mail.address_index = robin.email_index
    link = issue(session, mail.id, Grant("invitation", None, mail.id, expires_at=real_now() + INVITATION_FOR))
    return {"/console/sign-in": ["/console/sign-in"], "/console/invited/{link}": [f"/console/invited/{link}"]}


def restricted(session: Session) -> str:
    """The number of somebody whose record is restricted, was opened by a reason all the same, and looked at by who referred them."""
    casey, lead = (
        make_account(session, *ROLES),
        make_lead(session, make_confirmed_person(session, given_name="Ines", email="ines@example.com")),
    )
    restrict(session, lead.person_id, reason="She works at our front desk.", actor=ACTOR, roles={"supervisor"})
    break_glass(session, lead, casey.id, reason="She phoned, and nobody else was at the desk.")
    referral = referral_of(session, lead=lead)
    read_outside(session, referral, actor=f"provider:{referral.provider_id}")
    give_app(session, make_account(session, email="sam@example.com", name="Sam Ortiz"))
    return lead.number


def look(page: Page, wrong: Wrong, name: str) -> None:
    """Note what keeps anybody out of a page, which moment it does not say in UTC, what it weighs, and whom else it asks."""
    wrong[name] = barriers(page, name) + amiss(page)


def go_through_the_door(page: Page, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def walk(page: Page, wrong: Wrong, paths: list[str]) -> None:
    for path in paths:
        page.goto(path)
        look(page, wrong, path)


def sent_mail(mailbox: Mailbox) -> str:
    """Grace wrote and was answered: the page of the mail that went out."""
    with transaction() as session:
        number = receive(session, submission(given_name="Grace", email="grace@example.com"), Arrival("page")).number
    deliver(mailbox)
    with transaction() as session:
        sent = select(Message).where(Message.lead_id == by_number(session, number).id, Message.state == "sent")
        return f"/console/leads/{number}/messages/{session.scalars(sent).one().id}"


@pytest.mark.timeout(600)
def test_no_page_of_the_console_has_a_barrier_or_is_forgotten(visit: Visit, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    put_on_call(monkeypatch, "alba@example.com", "boris@example.com", staffed=True)
    sent = sent_mail(mailbox)
    with transaction() as session:
        behind_glass = restricted(session)
        pages = {**of_leads(session), **of_lists(session), **of_the_studio(session)}
        door = of_the_door(session)
    on_the_way = {"/console/second-factor", "/console/second-factor/set-up/app", "/console/locked"}
    assert set(routes()) - NO_PAGES == pages.keys() | door.keys() | on_the_way
    wrong: Wrong = {}
    page = visit("/console/sign-in")
    walk(page, wrong, [path for paths in door.values() for path in paths])
    page.goto("/console/sign-in")
    go_through_the_door(page, "sam@example.com")
    look(page, wrong, "/console/second-factor")
    page.get_by_role("button", name="Sign out").click()
    go_through_the_door(page, "casey@example.com")
    walk(page, wrong, [path for paths in pages.values() for path in paths])
    walk(page, wrong, [f"/console/leads/{behind_glass}"])
    walk(page, wrong, [sent])
    page.get_by_role("link", name="As it was sent").click()
    expect(page.get_by_text("byte for byte what was sent")).to_be_visible()
    look(page, wrong, "as-sent")
    page.goto("/console/account")
    page.get_by_role("button", name="Set up an app").click()
    look(page, wrong, "/console/second-factor/set-up/app")
    page.goto("/console/account")
    page.get_by_role("button", name="Lock now").click()
    look(page, wrong, "/console/locked")
    assert {path: found for path, found in wrong.items() if found} == {}
