"""The local mailbox keeps what it is sent, and shows it as a reader would see it."""

import smtplib
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from leads.errors import NotFound
from leads.messages.mailbox import read_one
from tests.conftest import Mailbox


def send(mailbox: Mailbox, *recipients: str, **headers: str) -> None:
    mail = EmailMessage()
    for name, value in {"Subject": "Your visit", "From": "care@clinic.test", "To": "pat@example.com", **headers}.items():
        mail[name] = value
    mail.set_content("Plain wörds\n.\na line with one dot above")
    mail.add_alternative("<p>Rich words</p>", subtype="html")
    host, port = mailbox.url.removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port)) as smtp:
        smtp.sendmail("b+1@clinic.test", recipients or ("pat@example.com",), mail.as_bytes(policy=SMTP))


def test_a_mail_is_kept_with_its_envelope_and_both_parts(mailbox: Mailbox) -> None:
    send(mailbox)
    [mail] = mailbox.messages
    assert (mail.envelope_from, mail.envelope_to, mail.subject) == ("b+1@clinic.test", "pat@example.com", "Your visit")
    assert "Plain wörds" in mail.text
    assert "\n.\n" in mail.text.replace("\r\n", "\n")
    assert "Rich words" in mail.html


def test_each_recipient_gets_a_copy(mailbox: Mailbox) -> None:
    send(mailbox, "pat@example.com", "kim@example.com")
    assert {mail.envelope_to for mail in mailbox.messages} == {"pat@example.com", "kim@example.com"}


def test_our_own_headers_are_not_shown_among_the_mails(mailbox: Mailbox) -> None:
    send(mailbox, **{"Auto-Submitted": "auto-generated"})
    names = [name for name, _ in mailbox.messages[0].headers]
    assert "Auto-Submitted" in names
    assert "X-Envelope-To" not in names


def test_one_mail_is_found_by_its_key(mailbox: Mailbox) -> None:
    send(mailbox)
    key = mailbox.messages[0].key
    assert read_one(mailbox.folder, key).key == key


@pytest.mark.parametrize("key", ["missing", "../../keys.json", ""])
def test_an_unknown_key_is_not_found(mailbox: Mailbox, key: str) -> None:
    with pytest.raises(NotFound):
        read_one(mailbox.folder, key)
