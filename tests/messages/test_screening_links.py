"""Every mail of the screening leads to the questions: in both languages, by a link of its own, for two weeks, and to nowhere else."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from leads.clock import real_now
from leads.errors import NotFound
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.people.models import Person
from leads.screening.open_link import check_factor, look
from leads.security import tokens
from tests.cast import make_lead
from tests.smtp_server import ScriptedServer

MAILS = ("screening-invitation", "screening-reminder-1", "screening-reminder-2", "screening-reminder-3")
LINK = re.compile(r"/s/([\w-]{43})")


@pytest.fixture
def arrived(
    session: Session, due: Callable[..., Message], server: ScriptedServer, carrier: SmtpCarrier, person: Person, tuesday: object
) -> Callable[..., tuple[str, str]]:
    """Send a mail of the screening and return its text and its HTML as they arrived."""
    lead = make_lead(session, person, stage="screening")

    def send(template: str, language: str = "en") -> tuple[str, str]:
        person.language = language
        due(template, lead_id=lead.id)
        assert drain(LANES, carrier=carrier) == 1
        parts = [server.mails[-1].get_body((kind,)) for kind in ("plain", "html")]
        text, html = (str(part.get_content()) for part in parts if part is not None)
        return text, html

    return send


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("template", MAILS)
def test_it_carries_the_link_in_both_its_parts(
    session: Session, arrived: Callable[..., tuple[str, str]], template: str, language: str
) -> None:
    text, html = arrived(template, language)
    link = LINK.findall(text)
    assert link
    assert set(LINK.findall(html)) == set(link)
    assert look(session, link[0]).language == language


def test_each_reminder_has_a_link_with_tries_of_its_own(session: Session, arrived: Callable[..., tuple[str, str]]) -> None:
    first, second = (LINK.findall(arrived(template)[0])[0] for template in MAILS[1:3])
    check_factor(session, first, last_four="9999")
    assert (look(session, first).tries_left, look(session, second).tries_left) == (4, 5)


def test_after_two_weeks_it_opens_nothing(
    session: Session, arrived: Callable[..., tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    link = LINK.findall(arrived(MAILS[0])[0])[0]
    later = real_now() + timedelta(days=14, minutes=1)
    monkeypatch.setattr(tokens, "real_now", lambda: later)
    with pytest.raises(NotFound):
        look(session, link)


def test_the_same_link_opens_no_other_page(session: Session, arrived: Callable[..., tuple[str, str]]) -> None:
    link = LINK.findall(arrived(MAILS[0])[0])[0]
    for purpose in ("visit", "preferences", "confirm"):
        with pytest.raises(NotFound):
            tokens.read(session, purpose, link)
