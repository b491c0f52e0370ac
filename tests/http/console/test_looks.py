"""The timeline tells quietly who looked at what, and which of our pages the person and the referrer used."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy.orm import Session

from leads.access.outside import read_outside
from leads.access.page_use import page_used
from leads.audit.trail import record, record_about
from leads.clock import now
from leads.db import new_id
from leads.http.console.looks import Looked, looked_words
from leads.messages.models import Message
from leads.pipeline.models import Lead
from tests.http.console.conftest import Browser
from tests.http.console.test_lead_mail import mail
from tests.http.console.test_mails import at
from tests.loop.cast import make_referral

__all__ = ["mail"]
Advance = Callable[[timedelta], None]


def looks(browser: Browser, lead: Lead) -> list[str]:
    """The quiet entries of a lead's timeline."""
    page = browser.get(f"/console/leads/{lead.number}").text
    entries = re.findall(r'<li class="entry of-read[^"]*">\s*<p class="line"><strong>(.*?)</strong>', page)
    return [" ".join(unescape(re.sub(r"<[^>]+>", "", each)).split()) for each in entries]


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({"record": 1}, "Read"),
        ({"record": 3}, "Read 3 times that day"),
        ({"record": 2, "mail": 1, "screening": 4}, "Read 2 times that day, and a mail, the screening"),
        ({"document": 2}, "Opened 2 documents"),
        ({"referral": 5, "status": 1}, "Opened the referral and the referral's status page"),
    ],
)
def test_one_day_of_one_person_is_one_line(times: dict[str, int], words: str) -> None:
    assert looked_words([Looked(now(), "account:x", what, often) for what, often in times.items()]) == words


def test_a_mail_that_was_read_stands_beside_the_record(coordinator: Browser, lead: Lead, mail: Message) -> None:
    coordinator.get(at(lead, mail))
    assert looks(coordinator, lead) == ["Read 2 times that day, and a mail"]


def test_pages_of_ours_that_they_opened_are_told(coordinator: Browser, session: Session, lead: Lead) -> None:
    page_used(session, lead.person_id, "preferences")
    page_used(session, lead.person_id, "visit")
    session.commit()
    assert {"Opened their preferences", "Opened the page of their visit"} <= set(looks(coordinator, lead))


def test_what_a_referrer_opened_is_told_once_a_day(coordinator: Browser, session: Session, lead: Lead) -> None:
    referral = make_referral(session, lead=lead)
    for _ in range(3):
        read_outside(session, referral, actor=f"provider:{referral.provider_id}")
    record(session, "referral.link_opened", referral, actor=f"provider:{referral.provider_id}")
    session.commit()
    assert "Opened the referral and the referral's status page" in looks(coordinator, lead)


def test_what_was_looked_at_on_another_lead_is_not_told_here(coordinator: Browser, session: Session, lead: Lead) -> None:
    record_about(session, "message.read", "messages", new_id(), actor="account:x")
    page_used(session, new_id(), "visit")
    session.commit()
    assert looks(coordinator, lead) == ["Read"]


def test_looks_take_no_room_from_what_happened(coordinator: Browser, session: Session, lead: Lead, tuesday: Advance) -> None:
    for _ in range(45):
        page_used(session, lead.person_id, "visit")
        tuesday(timedelta(days=1))
    session.commit()
    assert "Earlier</a>" not in coordinator.get(f"/console/leads/{lead.number}").text
