"""The sequences pages: a picture of each, a simulator, every mail as it looks, and a test to oneself."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.clock import now
from leads.messages.models import Message
from leads.people.models import Person
from leads.pipeline.models import Lead
from leads.reports.sequences import StepCounts
from tests.http.console.conftest import Browser
from tests.sequences.conftest import enrolled

pytestmark = pytest.mark.usefixtures("tuesday")
Enter = Callable[..., Browser]
SIMULATE = "/console/sequences/new-inquiry/simulate"


def test_every_sequence_is_shown_with_what_it_is_for(coordinator: Browser) -> None:
    page = coordinator.get("/console/sequences").text
    assert page.count("/console/sequences/") == 4
    assert "Someone asked about a consultation" in page


def test_a_sequence_is_a_picture_of_its_steps_with_their_counts(session: Session, coordinator: Browser, lead: Lead) -> None:
    enrolled(session, lead, "new-inquiry")
    session.commit()
    page = coordinator.get("/console/sequences/new-inquiry").text
    assert "2 days after the confirmed address" in page
    assert f'href="/console/leads/{lead.number}"' in page
    assert "in force" in page


def test_why_mails_did_not_go_is_told_by_reason(session: Session, coordinator: Browser, lead: Lead) -> None:
    enrolled(session, lead, "new-inquiry")
    for mail in session.scalars(select(Message).where(Message.step == "iv-and-im")):
        mail.state, mail.reason = "skipped", "held"
    session.commit()
    assert "The person is on a safety hold" in coordinator.get("/console/sequences/new-inquiry").text


def test_why_many_mails_did_not_go_is_counted_as_the_figure_above_it(coordinator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    many = StepCounts(unsent=1204, reasons={"held": 1204})
    monkeypatch.setattr("leads.http.console.sequence_pages.steps_of", lambda *_: {"still-here": many})
    page = coordinator.get("/console/sequences/new-inquiry").text
    assert page.count("1,204") == 3
    assert "Why 1,204 did not go" in page


def test_a_sequence_or_version_there_is_not_is_answered_with_what_there_is(coordinator: Browser) -> None:
    assert coordinator.get("/console/sequences/nope").status_code == 404
    assert "there are 1" in coordinator.get("/console/sequences/new-inquiry?version=9").text


def test_the_calendar_tells_the_rule_that_moved_a_date(coordinator: Browser) -> None:
    page = coordinator.get(f"{SIMULATE}?office=woodbury&from=2026-12-23").text
    assert "Christmas Day" in page
    assert "Dec 28" in page


@pytest.mark.parametrize("assumed", ["what=asks-to-stop&day=1&other=", "what=books&day=1&other=9", "what=withdraws-education&day=1&other="])
def test_what_is_assumed_changes_the_calendar(coordinator: Browser, assumed: str) -> None:
    page = coordinator.get(f"{SIMULATE}?office=woodbury&from=2026-12-01&{assumed}").text
    assert "We are still here" not in page.split('id="calendar"')[1] or "not sent" in page


def test_a_sequence_is_seen_across_a_change_of_clocks(coordinator: Browser) -> None:
    page = coordinator.get(f"{SIMULATE}?office=new-haven&from=2026-10-06&what=daylight-ends&day=3&other=").text
    assert "Sun Nov 1: the clocks change" in page
    assert 'Thu</span> <span class="md">Oct 29' in page


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("what=replies&day=&other=", "Say on which day"),
        ("what=books&day=3&other=", "Say for which day as well"),
        ("what=flies&day=3&other=", "There is no event flies"),
        ("from=soon", "Choose the first day"),
        ("office=hartford", "There is no office hartford"),
        ("lead=L-999999", "There is no lead"),
    ],
)
def test_what_cannot_be_simulated_says_why_and_keeps_the_form(coordinator: Browser, query: str, words: str) -> None:
    answer = coordinator.get(f"{SIMULATE}?{query}")
    assert answer.status_code in (404, 422)
    assert words in answer.text
    assert "Show the calendar" in answer.text


def test_a_lead_is_simulated_from_now_on_and_that_is_on_record(session: Session, coordinator: Browser, lead: Lead) -> None:
    enrolled(session, lead, "new-inquiry")
    session.commit()
    assert f"of {lead.number}, from now on" in coordinator.get(f"{SIMULATE}?lead={lead.number}").text
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.read", AuditEntry.subject_id == lead.person_id)).one()
    assert entry.detail["why"] == "simulation"


def test_a_leads_calendar_says_what_that_lead_will_read(session: Session, coordinator: Browser, lead: Lead) -> None:
    visit = {"id": "01", "version": 1, "starts_at": (now() + timedelta(days=12)).isoformat()}
    enrolled(session, lead, "visit", appointment=visit)
    session.commit()
    page = coordinator.get(f"/console/sequences/visit/simulate?lead={lead.number}").text
    assert f"Hello {session.get_one(Person, lead.person_id).given_name}," in page
    assert "Sunday, October 18" in page


def test_a_reviewer_simulates_somebody_made_up_but_no_lead(session: Session, signed_in: Callable[..., Browser], lead: Lead) -> None:
    reviewer = signed_in("reviewer")
    assert reviewer.get(SIMULATE).status_code == 200
    assert "for those who work with leads" in reviewer.get(f"{SIMULATE}?lead={lead.number}").text


@pytest.mark.parametrize("path", ["/console/sequences", "/console/mails", "/console/reports/funnel"])
def test_an_administrator_has_no_business_here(signed_in: Callable[..., Browser], path: str) -> None:
    assert signed_in("administrator").get(path).status_code == 403


# The forms of every page's frame: to find, to lock and to leave.
EVERYWHERE = {"/console/find", "/console/lock", "/console/unlock", "/console/sign-out"}


@pytest.mark.parametrize("path", ["/console/sequences", "/console/mails", "/console/mails/how-ketamine-works", "/console/reports/funnel"])
def test_an_auditor_looks_and_is_offered_nothing_to_send(signed_in: Callable[..., Browser], path: str) -> None:
    answer = signed_in("auditor").get(path)
    assert answer.status_code == 200
    assert set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', answer.text)) <= EVERYWHERE


def test_a_mail_lies_in_a_frame_that_lets_nothing_in_or_out(coordinator: Browser) -> None:
    answer = coordinator.get("/console/mails/how-ketamine-works/frame")
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert '<iframe class="as-desktop" sandbox' in coordinator.get("/console/mails/how-ketamine-works").text


def test_dark_is_dark_and_light_is_light_whatever_the_reader_prefers(coordinator: Browser) -> None:
    dark, light = (coordinator.get(f"/console/mails/still-here/frame?look={look}").text for look in ("dark", "light"))
    assert "prefers-color-scheme" not in dark + light
    assert ("@media all" in dark, "@media not all" in light) == (True, True)


def test_a_mail_is_shown_in_spanish_and_as_text(coordinator: Browser) -> None:
    page = coordinator.get("/console/mails/office-location?language=es&width=text&office=woodbury").text
    assert "as-text" in page
    assert "Woodbury" in page


@pytest.mark.parametrize("path", ["nope", "still-here?language=fr", "still-here/frame?look=neon"])
def test_what_is_no_mail_of_ours_is_not_shown(coordinator: Browser, path: str) -> None:
    assert coordinator.get(f"/console/mails/{path}").status_code in (404, 422)


def test_a_test_goes_to_the_one_who_asks(session: Session, coordinator: Browser) -> None:
    answer = coordinator.form("/console/mails/still-here/test", page="/console/mails/still-here", language="es")
    assert answer.headers["location"] == "/console/mails/still-here?language=es&office=&said=mail-tested"
    mail = session.scalars(select(Message)).one()
    assert (mail.person_id, mail.account_id is not None, mail.cause) == (None, True, "trial")


def test_a_test_is_not_sent_by_another_sites_form(session: Session, coordinator: Browser) -> None:
    assert coordinator.post("/console/mails/still-here/test", data={"csrf": "guessed"}).status_code == 403
    assert session.scalars(select(Message)).all() == []


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("referral-received", "after the last step</p>"),
        ("visit", "after the last step, or as soon as the visit is cancelled, the lead is closed, the person withdraws contact, "),
        ("visit", "a safety hold is raised, or the person asks to stop</p>"),
    ],
)
def test_it_says_what_ends_it_as_far_as_anything_does(coordinator: Browser, key: str, words: str) -> None:
    assert words in coordinator.get(f"/console/sequences/{key}").text


def test_it_says_who_stands_before_which_step(session: Session, coordinator: Browser, lead: Lead) -> None:
    enrolled(session, lead, "new-inquiry")
    session.commit()
    assert "<strong>1</strong> person stands before this step now." in coordinator.get("/console/sequences/new-inquiry").text


def test_who_sees_no_patients_sees_no_counts_of_a_step(session: Session, signed_in: Enter, lead: Lead) -> None:
    enrolled(session, lead, "new-inquiry")
    session.commit()
    page = signed_in("reviewer").get("/console/sequences/new-inquiry").text
    assert "stands before this step" not in page
    assert "shown to those who see leads" in page
    assert "<dt>Answered</dt>" not in page
