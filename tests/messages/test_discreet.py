"""Somebody asks for discreet mail, and the very next one says neither who we are nor what it is about."""

import email
import re
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default

import pytest
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.models import LANES, Message
from leads.messages.render import render
from leads.people.models import Person
from leads.pipeline.preferences import TOPICS, Wishes, change_wishes
from tests.conftest import Mailbox
from tests.messages.mails import FACTS, facts_in

Due = Callable[..., Message]
pytestmark = pytest.mark.usefixtures("tuesday")
VISIT = {"office": "woodbury", "visit_at": "2026-10-08T14:00:00+00:00"}


@pytest.fixture
def delivered(session: Session, person: Person, due: Due, mailbox: Mailbox) -> Callable[..., EmailMessage]:
    """Have the person choose, send them a mail, and open it as it came."""

    def receive(template: str = "visit-tomorrow", **choices: object) -> EmailMessage:
        wishes = Wishes(topics=frozenset(TOPICS), language="en", unencrypted=True, **choices)  # type: ignore[arg-type]
        change_wishes(session, person, wishes)
        due(template, facts=VISIT)
        session.commit()
        carrier = SmtpCarrier(mailbox.url, helo="mail.elmharbor.test")
        drain(LANES, carrier=carrier)
        carrier.close()
        (kept,) = (mailbox.folder / "mailbox" / "new").iterdir()
        mail = email.message_from_bytes(kept.read_bytes(), policy=default)
        assert isinstance(mail, EmailMessage)
        return mail

    return receive


def test_a_discreet_mail_as_it_arrives_names_neither_us_nor_day_nor_place(delivered: Callable[..., EmailMessage]) -> None:
    mail = delivered(discreet=True)
    assert mail["From"].addresses[0].display_name == clinic().mail.discreet_name
    assert mail["Subject"] == "A note for you"
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    assert clinic().practice.name not in "\n".join(parts)


def test_without_that_wish_the_subject_says_when_and_where(delivered: Callable[..., EmailMessage]) -> None:
    mail = delivered()
    assert mail["From"].addresses[0].display_name == clinic().mail.from_name
    assert re.search(r"Tomorrow, .*Woodbury", mail["Subject"])


@pytest.mark.parametrize(("language", "subject"), [("en", "A note for you"), ("es", "Unas líneas para usted")])
@pytest.mark.parametrize("template", ["visit-booked", "visit-moved", "visit-cancelled", "visit-offered", "visit-tomorrow", "visit-today"])
def test_no_subject_of_a_discreet_mail_holds_a_day_or_place(template: str, language: str, subject: str) -> None:
    assert render(template, language, facts_in(language) | {"discreet": True}).subject == subject


def test_a_subject_that_says_nothing_anyhow_stays() -> None:
    assert render("office-location", "en", FACTS | {"discreet": True}).subject == "Where to find us"


def test_links_of_a_discreet_mail_lead_to_the_host_that_says_nothing(
    delivered: Callable[..., EmailMessage], configure: Callable[..., None]
) -> None:
    configure(discreet_url="https://desk.elmharbor.test")
    mail = delivered(discreet=True)
    body = mail.get_body(("plain",))
    assert body
    ours = re.findall(r"https?://[^\s/]+/[up]/", body.get_content() + str(mail["List-Unsubscribe"]))
    assert {url.rsplit("/", 2)[0] for url in ours} == {"https://desk.elmharbor.test"}
