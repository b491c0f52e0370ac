"""Every worklist with somebody in it who is opened, paged through and back with what was chosen, and empty, when it teaches."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from leads.clock import now
from leads.db import transaction
from leads.inbound.events import apply
from leads.messages.models import DeliveryAttempt, Message
from leads.messages.outbox import post
from leads.messages.outcome import ask_staff
from leads.people.match import suggest_merge
from leads.pipeline.models import Lead
from leads.referrals.ask import ask
from leads.safety.disclose import disclose
from leads.screening.begin import begin
from leads.screening.questionnaire import definition
from leads.screening.save import save_page
from leads.screening.submit import submit
from tests.accounts.cast import make_account
from tests.browser.conftest import barriers, ready
from tests.browser.test_console import Visit, at_work
from tests.browser.test_visits import advance
from tests.cast import ACTOR, make_confirmed_person, make_lead
from tests.inbound.conftest import news
from tests.loop.cast import make_referral
from tests.screening.cast import answers

pytestmark = [pytest.mark.browser, pytest.mark.committed]
__all__ = ["advance"]
# Whom each list has, by the words above it, and what their page says of why.
WAITING = {
    "Safety": {"Noah": "Safety hold"},
    "Call now": {"Otto": "Call them late since", "Ines": "Call them by"},
    "Screening to review": {"Priya": "A clinician looks at the screening"},
    "Bounced: phone instead": {"Luis": "Phone them: a mail could not go"},
    "Unknown deliveries": {"Grace": "Find out whether a mail arrived"},
    "Waiting for patient": {"Theo": "Screening"},
    "Waiting for referrer": {"Mina": "Which medicines were tried?"},
}
TEACHES = {
    "board": "Whoever writes to us appears here.",
    "safety": "whoever is on call is paged",
    "visits": "Nobody is booked.",
    "inbox": "Answers to our mails go to their leads by themselves.",
    "scans": "When a fax or a letter comes",
    "quarantine": "wait here for a person instead of being dropped",
    "merges": "Nothing is ever joined by itself.",
    "sending": "Mail goes out",
    "import": "Nobody is mailed for being on a list.",
}


def spoken_with(session: Session, given: str, stage: str = "contacted") -> Lead:
    """A lead of somebody of that name to whom we have spoken."""
    person = make_confirmed_person(session, given_name=given, email=f"{given.lower()}@example.com", phone=None)
    return make_lead(session, person, stage=stage, reached_at=now())


def promised(session: Session, given: str, *, within: timedelta) -> None:
    """A lead of somebody of that name with whom nobody has spoken, and who should hear from us within so long."""
    lead = spoken_with(session, given, "new")
    lead.reached_at, lead.expected_by = None, now() + within
    session.flush()


def sent(session: Session, lead: Lead, template: str) -> Message:
    """A mail to them that a carrier has taken."""
    message = post(session, lead.person_id, template, cause="test", lead_id=lead.id, facts={"office": "woodbury"})
    message.state, message.state_at = "sent", now()
    session.flush()
    session.add(DeliveryAttempt(message_id=message.id, fence=1, carrier="ses", at=now()))
    session.flush()
    return message


def answer(session: Session, lead: Lead) -> None:
    """Fill in every page of the questions and send them."""
    me, given = f"person:{lead.person_id}", answers()
    screening = begin(session, lead.id, channel="link", actor=me, language="en")
    for page in definition().asked.pages:
        asked = {question.key for question in definition().questions(page)}
        save_page(session, screening.id, page.key, {key: value for key, value in given.items() if key in asked}, actor=me)
    session.flush()
    submit(session, screening.id, actor=me)


def everybody_waits(session: Session) -> None:
    """Bring each of those in WAITING to their list, by what brings people there."""
    held = spoken_with(session, "Noah")
    disclose(session, held.person_id, held.id, source="inquiry")
    promised(session, "Otto", within=-timedelta(hours=1))
    promised(session, "Ines", within=timedelta(hours=3))
    answer(session, spoken_with(session, "Priya", "screening"))
    apply(session, news("bounced", sent(session, spoken_with(session, "Luis"), "visit-tomorrow"), status="5.1.1"))
    doubted = sent(session, spoken_with(session, "Grace"), "office-location")
    doubted.state = "unknown"
    ask_staff(session, doubted)
    unsent = spoken_with(session, "Theo", "screening")
    begin(session, unsent.id, channel="link", actor=f"person:{unsent.person_id}", language="en")
    ask(session, make_referral(session, lead=spoken_with(session, "Mina")), ["Which medicines were tried?"], actor=ACTOR)


def late_on(page: Page) -> list[str]:
    """Who is shown as late on this page of a list."""
    late = page.locator("table.leads tbody tr").filter(has=page.get_by_text("late", exact=True))
    return late.get_by_role("link").all_inner_texts()


def test_each_list_has_who_belongs_there_and_leads_to_their_page(visit: Visit, advance: object, site: str) -> None:
    with transaction() as session:
        casey = make_account(session)
        everybody_waits(session)
        twins = [spoken_with(session, given) for given in ("Ana", "Anna")]
        twins[0].assigned_to = casey.id
        suggest_merge(session, *(each.person_id for each in twins), why="phone")
    page, lists = at_work(visit), "By need"
    for name, who in WAITING.items():
        page.get_by_role("navigation", name=lists).get_by_role("link", name=re.compile(f"^{name} {len(who)}")).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        expect(page.locator("table.leads tbody tr")).to_have_count(len(who))
        assert late_on(page) == [f"{given} Rivera" for given, told in who.items() if "late" in told]
        assert barriers(page, f"list-{name.partition(':')[0]}") == []
        for given, told in who.items():
            page.get_by_role("link", name=f"{given} Rivera").click()
            expect(page.get_by_role("heading", level=1)).to_contain_text(f"{given} Rivera")
            expect(page.locator("main")).to_contain_text(told)
            page.go_back()
            expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.get_by_role("navigation", name=lists).get_by_role("link", name="Mine 1").click()
    expect(page).to_have_url(re.compile("owner=me"))
    page.locator("table.leads").get_by_role("link", name="Ana Rivera").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ana Rivera")
    page.go_back()
    page.get_by_role("navigation", name=lists).get_by_role("link", name="Same person? 1").click()
    page.get_by_role("link", name="Compare them").click()
    expect(page.get_by_role("heading", name="Are these two one person?")).to_be_visible()


def numbers_on(page: Page) -> list[str]:
    """Who stands on this page of a list."""
    return page.locator("table.leads .number").all_inner_texts()


def test_a_long_list_is_paged_on_and_back_with_what_was_chosen(visit: Visit, advance: object, site: str) -> None:
    with transaction() as session:
        make_account(session)
        person = make_confirmed_person(session)
        made = {make_lead(session, person, office="woodbury").number for _ in range(52)} | {
            make_lead(session, person, office="new-haven").number
        }
    page = ready(at_work(visit, "/console?need=new"))
    page.get_by_label("Office").select_option(label="Woodbury")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page).to_have_url(re.compile(r"need=new.*office=woodbury"))
    first, address = numbers_on(page), page.url
    assert barriers(page, "first-page") == []
    page.get_by_role("link", name="The next fifty").click()
    expect(page).to_have_url(re.compile(r"(?=.*need=new)(?=.*office=woodbury)(?=.*after=)"))
    rest = numbers_on(page)
    assert (len(first), len(rest)) == (50, 2)
    assert len({*first, *rest} & made) == 52
    assert barriers(page, "second-page") == []
    expect(page.get_by_label("Office")).to_have_value("woodbury")
    expect(page.get_by_role("link", name="The next fifty")).to_have_count(0)
    page.get_by_role("link", name="From the beginning").click()
    assert numbers_on(page) == first
    page.go_back()
    assert numbers_on(page) == rest
    page.go_back()
    assert (page.url, numbers_on(page)) == (address, first)


def hints(page: Page) -> Mapping[str, str]:
    """What each list says while it is empty, by the words that lead to it."""
    found = {}
    # Those with nobody in them are not shown before somebody reaches for the row.
    links = page.locator("nav.needs a")
    for link, name in links.evaluate_all("all => all.map(each => [each.href, each.firstChild.textContent.trim()])"):
        page.goto(link)
        found[name] = page.locator(".empty").inner_text()
    return found


def test_an_empty_list_says_what_will_come_into_it(visit: Visit, site: str) -> None:
    with transaction() as session:
        make_account(session, "coordinator", "clinician")
    page = at_work(visit)
    told = hints(page)
    assert len(told) == len(set(told.values())) == 17
    assert [name for name, words in told.items() if len(words) < 60] == []
    assert barriers(page, "empty-list") == []
    for tab, words in TEACHES.items():
        page.goto(f"/console/{tab}")
        expect(page.locator("main")).to_contain_text(words)
        assert barriers(page, f"empty-{tab}") == []
