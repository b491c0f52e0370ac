"""The bytes that leave: headers that can be trusted, both parts, nothing that tracks."""

from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.clinic.profile import clinic
from leads.messages.mime import UnsafeHeader, build, envelope, message_id
from leads.messages.models import Message
from leads.messages.render import Rendered

UNSUBSCRIBE = "https://care.elmharbor.test/u/token"


def mail(subject: str = "Your office", address: str = "ana@example.com", *, discreet: bool = False) -> EmailMessage:
    message = Message(topic="inquiry", language="en")
    rendered = Rendered(subject=subject, text="Hello.\n", html="<p>Hello.</p>", version="1", preheader="")
    parsed = message_from_bytes(build(message, address, rendered, UNSUBSCRIBE, discreet=discreet), policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def test_it_can_be_stopped_with_one_click() -> None:
    sent = mail()
    assert sent["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sent["Auto-Submitted"] == "auto-generated"


def test_it_says_the_same_in_text_and_html() -> None:
    assert [part.get_content_type() for part in mail().iter_parts()] == ["text/plain", "text/html"]


def test_the_message_id_is_the_rows_own_on_every_try() -> None:
    message = Message(topic="inquiry", language="en")
    assert message_id(message.id) == message_id(message.id) == f"<{message.id.hex}@mail.elmharbor.test>"


def test_a_discreet_sender_does_not_name_the_clinic() -> None:
    assert mail(discreet=True)["From"].addresses[0].display_name == "Elm Harbor Office"


def test_a_clinics_name_may_have_accents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(clinic().mail.__dict__, "from_name", "Clínica del Olmo")
    assert mail()["From"].addresses[0].display_name == "Clínica del Olmo"


def test_a_subject_with_accents_survives() -> None:
    assert mail("Su visita del sábado")["Subject"] == "Su visita del sábado"


@pytest.mark.parametrize("subject", ["Hello\r\nBcc: all@example.com", "=?utf-8?q?=0ABcc:_x?=", "tab\x0bbed"])
def test_a_subject_that_could_be_two_headers_is_not_sent(subject: str) -> None:
    with pytest.raises(UnsafeHeader):
        mail(subject)


@pytest.mark.parametrize(
    "address", ["a@example.com,b@example.com", "Ana <a@example.com>", "a@example.com\nRCPT TO:<b@example.com>", "a b@x.test", ""]
)
def test_one_mailbox_and_no_more(address: str) -> None:
    with pytest.raises(UnsafeHeader):
        envelope(Message().id, address)


def test_the_return_path_names_the_message_and_fits() -> None:
    message = Message()
    local = envelope(message.id, "ana@example.com").sender.partition("@")[0]
    assert message.id.hex in local
    assert len(local) <= 64


@given(st.text(max_size=200))
def test_no_subject_writes_a_header_of_its_own(subject: str) -> None:
    try:
        sent = mail(subject)
    except UnsafeHeader:
        return
    assert sorted(sent.keys()) == sorted(mail().keys())
    assert sent["Bcc"] is None


def test_the_same_mail_at_the_same_moment_has_the_same_bytes(tuesday: object) -> None:
    message = Message(topic="inquiry", language="en")
    rendered = Rendered("Hello", "Mañana", "<p>=_</p>", "1", "")
    first, second = (build(message, "ana@example.com", rendered, UNSUBSCRIBE, discreet=False) for _ in range(2))
    assert first == second


@given(st.text(max_size=400), st.text(max_size=400))
def test_what_was_written_is_what_is_read(text: str, html: str) -> None:
    readable = [part.encode("utf-8", "ignore").decode().replace("\r", "") for part in (text, html)]
    rendered = Rendered("Hello", *readable, "1", "")
    raw = build(Message(topic="inquiry", language="en"), "ana@example.com", rendered, UNSUBSCRIBE, discreet=False)
    parts = message_from_bytes(raw).get_payload()
    assert [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in parts] == readable
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_it_is_ascii_with_crlf_line_ends(due: Callable[..., Message]) -> None:
    message = Message(topic="inquiry", language="es")
    raw = build(message, "ana@example.com", Rendered("Hola", "Mañana\nsí", "<p>Mañana</p>", "1", ""), UNSUBSCRIBE, discreet=False)
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
