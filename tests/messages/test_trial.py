"""Sending a mail to oneself: to no other address, marked in every part, and with nothing of a patient's in it."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.errors import NotFound, TooMany
from leads.messages.deliver import drain
from leads.messages.models import Message
from leads.messages.sample import sample
from leads.messages.templates import catalogue
from leads.messages.trial import MOST_AN_HOUR, send_trial
from leads.security.tokens import Token
from tests.accounts.cast import make_account
from tests.conftest import Mailbox

pytestmark = pytest.mark.usefixtures("tuesday")


def try_out(session: Session, template: str = "how-ketamine-works", language: str = "en") -> Message:
    """Casey sends a mail to themselves."""
    casey = make_account(session)
    made = send_trial(session, template, language=language, office="woodbury", account_id=casey.id)
    session.commit()
    return made


@pytest.mark.parametrize(("language", "mark"), [("en", "Test: "), ("es", "Prueba: ")])
def test_it_goes_to_the_account_alone_and_says_that_it_is_a_test(session: Session, mailbox: Mailbox, language: str, mark: str) -> None:
    try_out(session, language=language)
    drain(("transactional",))
    (mail,) = mailbox.messages
    assert (mail.to, mail.subject.startswith(mark)) == ("casey@example.com", True)
    assert "***" in mail.text


def test_it_goes_at_once_whatever_its_lane_and_nobody_can_unsubscribe_by_it(session: Session, mailbox: Mailbox) -> None:
    assert try_out(session).lane == "transactional"
    drain(("transactional",))
    assert b"List-Unsubscribe" not in next((mailbox.folder / "mailbox" / "new").iterdir()).read_bytes()


def test_its_links_open_nothing(session: Session, mailbox: Mailbox) -> None:
    for template in ("visit-booked", "safety-page", "portal-link"):
        casey = make_account(session, email=f"{template}@example.com")
        send_trial(session, template, language="en", office=None, account_id=casey.id)
    session.commit()
    drain(("transactional",))
    assert session.scalars(select(Token)).all() == []
    assert len(mailbox.messages) == 3


def test_a_mail_there_is_not_is_refused(session: Session) -> None:
    casey = make_account(session)
    for template, language in (("nope", "en"), ("safety-page", "fr")):
        with pytest.raises(NotFound):
            send_trial(session, template, language=language, office=None, account_id=casey.id)


def test_nobody_fills_their_own_mailbox(session: Session) -> None:
    casey = make_account(session)
    for _ in range(MOST_AN_HOUR):
        send_trial(session, "still-here", language="en", office=None, account_id=casey.id)
        session.flush()
    with pytest.raises(TooMany):
        send_trial(session, "still-here", language="en", office=None, account_id=casey.id)


@pytest.mark.parametrize("office", [None, "woodbury"])
def test_every_mail_can_be_shown_in_each_of_its_languages(office: str | None) -> None:
    for name, template in catalogue().items():
        for language in template.editions:
            assert sample(name, language, office=office).subject


def test_a_sample_speaks_of_the_office_that_was_chosen() -> None:
    assert clinic().office("woodbury").address[0] in sample("office-location", "en", office="woodbury").text
