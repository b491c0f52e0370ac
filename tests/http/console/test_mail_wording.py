"""A version before a reviewer, in the console: what is shown, who may decide, and that nobody decides about another version."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.messages import sendable
from leads.messages.approvals import standing_of
from leads.messages.templates import catalogue
from leads.messages.version_models import TemplateReview
from tests.accounts.cast import make_account
from tests.http.console.conftest import Browser
from tests.messages.wording import PLAIN, WITH_FACTS, make_pair, put_before

pytestmark = pytest.mark.usefixtures("tuesday")


def page(name: str = WITH_FACTS, language: str = "en") -> str:
    return f"/console/mails/{name}/{language}/wording"


@pytest.fixture
def pair(session: Session, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> tuple[Account, Account]:
    """Casey, who writes, and Riley, who reviews and is signed in; a clinic in which nothing is approved yet."""
    monkeypatch.setattr(sendable, "shipped", dict)
    monkeypatch.setattr("leads.messages.approvals.shipped", dict)
    made = make_pair(session)
    session.commit()
    assert browser.sign_in(made[1]).status_code == 303
    return made


def review(session: Session, name: str, by: Account) -> TemplateReview:
    made = put_before(session, name, by)
    session.commit()
    return made


def decide(browser: Browser, made: TemplateReview, verdict: str, name: str = PLAIN, **fields: object) -> int:
    path = f"/console/mails/{name}/en/reviews/{made.id}/{verdict}"
    return browser.form(path, page=page(name), **fields).status_code  # type: ignore[arg-type]


def test_the_page_shows_each_fact_with_its_source_and_date(session: Session, browser: Browser, pair: tuple[Account, Account]) -> None:
    review(session, WITH_FACTS, pair[0])
    shown = browser.get(page()).text
    assert "FDA, warning on compounded ketamine products" in shown
    assert "Checked Nov 23, 2026" in shown
    assert "Nobody has held it against its source yet" in shown


def test_a_reviewer_approves_with_every_fact_ticked(session: Session, browser: Browser, pair: tuple[Account, Account]) -> None:
    made = review(session, WITH_FACTS, pair[0])
    assert decide(browser, made, "approve", WITH_FACTS) == 422
    assert decide(browser, made, "approve", WITH_FACTS, claim=list(catalogue()[WITH_FACTS].meta.claims)) == 303
    assert re.search(r'Approved until <time [^>]* UTC">Apr 4, 2027</time>', browser.get(page()).text)


def test_a_refusal_keeps_what_was_typed_and_is_shown_to_all(session: Session, browser: Browser, pair: tuple[Account, Account]) -> None:
    made = review(session, PLAIN, pair[0])
    assert decide(browser, made, "refuse") == 422
    assert decide(browser, made, "refuse", words="The parking has moved.") == 303
    assert "The parking has moved." in browser.get(page(PLAIN)).text


def test_whoever_submitted_it_is_offered_no_verdict_and_may_give_none(
    session: Session, browser: Browser, pair: tuple[Account, Account]
) -> None:
    made = review(session, PLAIN, pair[1])
    assert "another reviewer decides" in browser.get(page(PLAIN)).text
    assert decide(browser, made, "approve") == 403
    session.refresh(made)
    assert made.verdict is None


def test_who_is_no_reviewer_submits_but_decides_nothing(session: Session, browser: Browser, signed_in: Callable[..., Browser]) -> None:
    casey = signed_in()
    made = review(session, PLAIN, make_account(session, email="other@example.com"))
    assert "waits for a colleague with the role reviewer" in casey.get(page(PLAIN)).text
    assert decide(casey, made, "approve") == 403


def test_a_verdict_on_another_version_is_refused(session: Session, browser: Browser, pair: tuple[Account, Account]) -> None:
    made = review(session, PLAIN, pair[0])
    path = f"/console/mails/{PLAIN}/en/reviews/{made.id}/approve"
    answer = browser.form(path, page=page(PLAIN), version="0" * 64)
    assert answer.status_code == 409
    assert "files of this mail changed" in answer.text


def test_a_form_of_another_site_decides_nothing(session: Session, browser: Browser, pair: tuple[Account, Account]) -> None:
    made = review(session, PLAIN, pair[0])
    answer = browser.post(f"/console/mails/{PLAIN}/en/reviews/{made.id}/approve", data={"csrf": "x"}, follow_redirects=False)
    assert answer.status_code == 403


def test_an_approval_is_taken_back(session: Session, browser: Browser, pair: tuple[Account, Account]) -> None:
    made = review(session, PLAIN, pair[0])
    decide(browser, made, "approve")
    assert decide(browser, made, "withdraw") == 303
    assert "Taken back by Riley Hart" in browser.get(page(PLAIN)).text


def test_all_that_waits_for_nobody_is_submitted_at_once(session: Session, browser: Browser, pair: tuple[Account, Account]) -> None:
    assert browser.form("/console/mails/submit-all", page="/console/mails").status_code == 303
    waiting = session.scalars(select(TemplateReview)).all()
    expected = sum(len(each.editions) for each in catalogue().values() if each.meta.audience != "staff")
    assert len(waiting) == expected
    assert standing_of(session, catalogue()[PLAIN], "es").status == "awaiting"


def test_the_gallery_says_how_each_mail_stands(session: Session, browser: Browser, pair: tuple[Account, Account]) -> None:
    made = review(session, PLAIN, pair[0])
    decide(browser, made, "approve")
    shown = browser.get("/console/mails").text
    assert "English: approved" in shown
    assert "Spanish: not yet submitted" in shown


def test_a_mail_there_is_not_is_not_found(browser: Browser, pair: tuple[Account, Account]) -> None:
    assert browser.get(page("nonsense")).status_code == 404
    assert browser.get(page(PLAIN, "fr")).status_code in (404, 422)
