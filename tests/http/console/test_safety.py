"""The safety page: what rings, one button, who is on call; by number only, and looking changes nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.accounts.models import Account
from leads.consent.ledger import open_holds
from leads.db import new_id
from leads.messages.models import Message
from leads.pipeline.models import Lead
from leads.safety.disclose import disclose
from leads.safety.models import Alarm, ContactTest
from leads.safety.oncall import is_staffed
from leads.safety.try_contact import answer, try_contact
from tests.accounts.cast import make_account
from tests.cast import make_lead
from tests.http.console.conftest import Browser
from tests.safety.cast import answer_test, put_on_call

HERE = "/console/safety"


@pytest.fixture
def casey(session: Session, tuesday: object, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Account:
    """Casey, a clinician on call whom nobody has tested, signed in."""
    casey = make_account(session, "clinician")
    put_on_call(monkeypatch, "casey@example.com", staffed=True)
    session.commit()
    browser.sign_in(casey)
    return casey


@pytest.fixture
def lead(session: Session, casey: Account) -> Lead:
    """A lead whose person disclosed."""
    lead = make_lead(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    session.commit()
    return lead


def take(browser: Browser, alarm_id: object) -> int:
    return browser.form(f"{HERE}/{alarm_id}/take", page=HERE).status_code


def alarm(session: Session) -> Alarm:
    return session.scalars(select(Alarm).execution_options(populate_existing=True)).one()


def test_it_shows_the_number_who_was_paged_and_nobodys_name(browser: Browser, lead: Lead) -> None:
    page = browser.get(HERE).text
    assert lead.number in page
    assert "Casey Lind" in page
    assert "Rivera" not in page
    assert "in the inquiry form" in page


def test_looking_takes_nothing(browser: Browser, lead: Lead, session: Session) -> None:
    browser.get(HERE)
    assert browser.get(f"{HERE}/{alarm(session).id}/take", follow_redirects=False).status_code in (404, 405)
    assert alarm(session).taken_at is None


def test_the_button_takes_it_and_opens_the_lead(browser: Browser, lead: Lead, session: Session, casey: Account) -> None:
    answer = browser.form(f"{HERE}/{alarm(session).id}/take", page=HERE)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/console/leads/{lead.number}?said=alarm-taken")
    assert alarm(session).taken_by == f"account:{casey.id}"


def test_what_was_taken_stays_on_the_page_until_the_release(browser: Browser, lead: Lead, session: Session) -> None:
    take(browser, alarm(session).id)
    assert "Casey Lind has it since" in browser.get(HERE).text
    assert 'class="alarm"' in browser.get("/console").text
    browser.form(f"/console/leads/{lead.number}/release", found="safety-plan", disposition="Spoke; sister stays.")
    assert lead.number not in browser.get(HERE).text
    assert not open_holds(session, lead.person_id)


def test_a_release_without_a_finding_is_refused_and_keeps_what_was_typed(browser: Browser, lead: Lead, session: Session) -> None:
    answer = browser.form(f"/console/leads/{lead.number}/release", disposition="Spoke; sister stays.")
    assert answer.status_code == 422
    assert "Spoke; sister stays." in answer.text
    assert open_holds(session, lead.person_id)


def test_a_second_colleague_hears_who_was_first(browser: Browser, lead: Lead, session: Session) -> None:
    found = alarm(session)
    found.taken_at, found.taken_by = found.raised_at, f"account:{new_id()}"
    session.commit()
    answer = browser.form(f"{HERE}/{found.id}/take", page=HERE)
    assert answer.status_code == 409
    assert "A colleague has it already." in answer.text


def test_an_auditor_looks_and_takes_nothing(signed_in: Callable[..., Browser], session: Session, tuesday: object) -> None:
    lead = make_lead(session)
    disclose(session, lead.person_id, lead.id, source="inquiry")
    auditor = signed_in("auditor")
    assert "I have it" not in auditor.get(HERE).text
    assert take(auditor, alarm(session).id) == 403


def test_the_link_of_a_page_leads_to_sign_in_and_then_there(browser: Browser, session: Session) -> None:
    answer = browser.get(HERE, follow_redirects=False)
    assert answer.headers["Location"] == "/console/sign-in?next=/console/safety"


def test_with_nobody_on_call_the_page_says_so(coordinator: Browser) -> None:
    page = coordinator.get(HERE).text
    assert "Nobody is on call now." in page
    assert "There is no roster" in page


def test_a_test_goes_out_by_mail_is_answered_here_and_makes_somebody_of_a_name(browser: Browser, casey: Account, session: Session) -> None:
    assert not is_staffed(session)
    browser.form(f"{HERE}/test", page=HERE, email="casey@example.com")
    test, mail = session.scalars(select(ContactTest)).one(), session.scalars(select(Message)).one()
    link = f"{HERE}/test/{test.id}"
    assert ((mail.facts or {})["page_url"].endswith(link), mail.lane, mail.account_id) == (True, "safety", casey.id)
    assert "It reached me" in browser.get(link).text
    assert not is_staffed(session)
    browser.form(link, page=link)
    assert is_staffed(session)


def test_the_console_shows_no_way_to_answer_without_the_mail(browser: Browser, casey: Account, session: Session) -> None:
    browser.form(f"{HERE}/test", page=HERE, email="casey@example.com")
    assert str(session.scalars(select(ContactTest.id)).one()) not in browser.get(f"{HERE}?said=tested").text


def test_nobody_answers_a_colleagues_test(browser: Browser, casey: Account, session: Session) -> None:
    other = make_account(session, "clinician", email="other@example.com", name="Other One")
    test = answer_test(session, other)
    test.answered_at = None
    session.commit()
    page = browser.get(f"{HERE}/test/{test.id}").text
    assert "It reached me" not in page
    assert browser.form(f"{HERE}/test/{test.id}", page=HERE).status_code == 403


def test_an_old_test_is_told_from_a_good_one(
    browser: Browser, casey: Account, session: Session, tuesday: Callable[[timedelta], None]
) -> None:
    answer_test(session, casey)
    session.commit()
    assert "counts</span>" in browser.get(HERE).text
    tuesday(timedelta(days=8))
    assert "too long ago" in browser.get(HERE).text


def test_who_did_not_answer_in_time_is_a_supervisors_to_call(
    browser: Browser, casey: Account, session: Session, tuesday: Callable[[timedelta], None]
) -> None:
    test = try_contact(session, casey.id)
    session.commit()
    assert "To do for a supervisor" not in browser.get(HERE).text
    tuesday(timedelta(hours=1))
    page = browser.get(HERE).text
    assert "To do for a supervisor: call Casey Lind" in page
    assert "no answer to the last" in page
    assert str(test.id) not in page
    answer(session, test.id, account_id=casey.id)
    session.commit()
    assert "To do for a supervisor" not in browser.get(HERE).text
