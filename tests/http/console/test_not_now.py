"""What is not offered says why, and what is offered is allowed: by role, and by how the lead and its person stand."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.access.restrict import restrict
from leads.clock import now
from leads.consent.ledger import grant, hold, pause, withdraw
from leads.messages.models import Message
from leads.people.models import Person
from leads.pipeline.confirm import confirm_address
from leads.pipeline.models import Lead
from leads.pipeline.waitlist import wait
from tests.cast import BY_FORM
from tests.http.console.conftest import Browser
from tests.http.console.test_lead_mail import mail
from tests.http.console.test_mails import at

Enter = Callable[..., Browser]
__all__ = ["mail"]


def shown(browser: Browser, lead: Lead) -> str:
    """The words of a lead's page."""
    return " ".join(re.sub(r"<[^>]+>", "", browser.get(f"/console/leads/{lead.number}").text).split())


def test_an_auditor_reads_what_others_do_and_who_they_are(signed_in: Enter, lead: Lead) -> None:
    page = shown(signed_in("auditor"), lead)
    assert "Your account may look at all of this, and changes nothing." in page
    assert "All of this is for a clinician or a coordinator or a supervisor, where no line says otherwise." in page
    for what in (
        "log a call", "assign", "pause all mails", "write a note", "merge", "say that a to-do is done", "what they agree to",
        "say that it is safe to e-mail again", "has died, or never to be contacted", "say that a scan is not theirs",
        "move or cancel it, or say whether they came", "verify, accept, ask, decline, hand on or take up a referral",
    ):  # fmt: skip
        assert what in page


def test_what_an_auditor_may_not_do_is_a_few_lines_folded_away(signed_in: Enter, lead: Lead) -> None:
    page = signed_in("auditor").get(f"/console/leads/{lead.number}").text
    folded = page.partition('<details class="not-now">')[2].partition("</details>")[0]
    assert folded.count("<li") <= 6


@pytest.mark.parametrize("path", ["/console", "/console/board"])
def test_an_auditors_lists_say_what_they_do_not_offer(signed_in: Enter, lead: Lead, path: str) -> None:
    assert "your account may look" in signed_in("auditor").get(path).text


def test_an_auditor_is_told_at_a_mail_too(signed_in: Enter, lead: Lead, mail: Message) -> None:
    assert "Send, move, skip or stop it: for a clinician" in signed_in("auditor").get(at(lead, mail)).text


def test_a_mail_that_has_gone_says_that_nothing_can_be_changed(coordinator: Browser, session: Session, lead: Lead, mail: Message) -> None:
    mail.state = "expired"
    session.commit()
    assert "Send, move, skip or stop it: not any more, it is not sent: too late." in coordinator.get(at(lead, mail)).text


def test_a_closed_lead_says_what_it_waits_for(coordinator: Browser, session: Session, lead: Lead) -> None:
    lead.stage, lead.closed_at, lead.outcome = "closed", now(), "not-a-fit"
    session.commit()
    page = shown(coordinator, lead)
    for words in (
        "Log a call: the lead is closed; reopen it first.",
        "Pause all mails: the lead is closed; its sequences have ended.",
        "Close the lead: it is closed already.",
        "Confirm the address: the lead is closed; reopen it first.",
        "Book a visit: not now, the lead is closed; reopen it first.",
        "Waitlist: not now, it is closed.",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        ("new", "Book a visit: not now, a clinician qualifies them first."),
        ("new", "Move to Qualified or Booked or In care: nobody goes there straight from New."),
        ("screening", "Qualified: for a clinician."),
        ("in_care", "Book a visit: not now, they are in care here."),
        ("contacted", "Nobody can reach them: we have spoken with them."),
    ],
)
def test_a_stage_says_where_nobody_goes_from_it(coordinator: Browser, session: Session, lead: Lead, stage: str, words: str) -> None:
    lead.stage, lead.reached_at = stage, None if stage == "new" else now()
    session.commit()
    assert words in shown(coordinator, lead)


def unconfirmed(session: Session, lead: Lead) -> None:
    """As somebody comes from the form."""


def confirmed(session: Session, lead: Lead) -> None:
    confirm_address(session, lead.id, method="button", actor="system")


def without_mail(session: Session, lead: Lead) -> None:
    person = session.get_one(Person, lead.person_id)
    person.email, person.email_index = None, None


def paused(session: Session, lead: Lead) -> None:
    confirmed(session, lead)
    pause(session, lead.person_id, now() + timedelta(days=3), reason="staff", actor="system")


def held(session: Session, lead: Lead) -> None:
    confirmed(session, lead)
    hold(session, lead.person_id, reason="inquiry")


def without_consent(session: Session, lead: Lead) -> None:
    confirmed(session, lead)
    grant(session, lead.person_id, "contact", BY_FORM, actor="person")
    withdraw(session, lead.person_id, "contact", BY_FORM, actor="person")


def waitlisted(session: Session, lead: Lead) -> None:
    confirmed(session, lead)
    lead.stage, lead.reached_at = "contacted", now()
    wait(session, lead.id, (now() + timedelta(days=20)).date(), actor="system")


@pytest.mark.parametrize("how", [unconfirmed, confirmed, without_mail, paused, held, without_consent, waitlisted])
def test_the_link_to_the_questions_is_offered_where_it_may_go_and_else_says_why(
    coordinator: Browser, session: Session, lead: Lead, how: Callable[[Session, Lead], None]
) -> None:
    how(session, lead)
    session.commit()
    page = coordinator.get(f"/console/leads/{lead.number}").text
    is_offered = "/screening/link" in page
    assert is_offered == ("Send the link: not now." not in page)
    sent = coordinator.form(f"/console/leads/{lead.number}/screening/link")
    assert (sent.status_code == 303) == is_offered


@pytest.mark.parametrize("how", [unconfirmed, confirmed, without_mail, paused, held, without_consent])
def test_a_kind_line_to_somebody_out_of_reach_is_offered_where_it_may_go(
    coordinator: Browser, session: Session, lead: Lead, how: Callable[[Session, Lead], None]
) -> None:
    how(session, lead)
    session.commit()
    form = coordinator.get(f"/console/leads/{lead.number}").text.partition("/cannot-reach")[2].partition("</form>")[0]
    is_offered = "Not possible:" not in form
    sent = coordinator.form(f"/console/leads/{lead.number}/cannot-reach", to_patient="mail")
    assert (sent.status_code == 303) == is_offered


def test_who_may_not_restrict_a_record_reads_who_may(coordinator: Browser, lead: Lead) -> None:
    assert "Restrict this record: for a clinician or a supervisor." in shown(coordinator, lead)


def test_a_restricted_record_says_how_it_opens(coordinator: Browser, session: Session, lead: Lead) -> None:
    restrict(session, lead.person_id, reason="A colleague of ours.", actor="account:x", roles=("supervisor",))
    session.commit()
    answer = coordinator.get(f"/console/leads/{lead.number}")
    assert "reason" in answer.text
    assert answer.status_code == 403


@pytest.mark.parametrize("why", ["deceased", "never-contact"])
def test_who_is_never_to_be_contacted_says_why_everything_is_stopped(coordinator: Browser, lead: Lead, why: str) -> None:
    coordinator.form(f"/console/leads/{lead.number}/never-contact", why_never=why, never_evidence="Her sister called.")
    page = shown(coordinator, lead)
    assert "Every mail, to-do and visit was stopped" in page
    assert "Was this a mistake? A supervisor can take it back." in page
    assert "Write them a note: not now." in page
