"""The headers of a mail as a server receives them: what each standard asks for, once each, and nothing that tells of a condition."""

import re
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clinic.sender import TELLS
from leads.clock import now
from leads.messages import forbidden
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.headers import LISTS, UnsafeHeader, campaign, list_id
from leads.messages.mime import build, envelope
from leads.messages.models import LANES, Message
from leads.messages.prepare import ready
from leads.messages.render import Rendered
from leads.messages.templates import Topic, catalogue
from leads.people.models import Person
from tests.dot import dot
from tests.messages.mails import facts_in
from tests.smtp_server import ScriptedServer

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "Reply-To", "List-Id", "List-Help", "Feedback-ID", "Auto-Submitted", "MIME-Version")
WAY_OUT = "https://care.elmharbor.test/u/2"
HELLO = Rendered("Hello", "Hi", "<p>Hi</p>", "1", "")
Delivered = dict[tuple[str, str], EmailMessage]
EDITIONS = [(name, language) for name, template in catalogue().items() for language in template.meta.languages]


@pytest.fixture(scope="module")
def delivered() -> Delivered:
    """Every e-mail of the catalogue as a real server took it."""
    server = ScriptedServer()
    carrier = SmtpCarrier(server.url, helo="mail.elmharbor.test")
    for name, language in EDITIONS:
        meta = catalogue()[name].meta
        message = Message(topic=meta.topic, template=name, lane=meta.lane, language=language)
        way_out = WAY_OUT if meta.audience == "person" else None
        raw = build(message, "ana@example.com", ready(name, language, facts_in(language)), way_out, discreet=False)
        carrier.offer(envelope(message.id, "ana@example.com"), raw)
        assert dot(carrier).taken
    carrier.close()
    server.stop()
    return dict(zip(EDITIONS, server.mails, strict=True))


@pytest.mark.parametrize("edition", EDITIONS, ids="-".join)
def test_each_mail_arrives_with_the_headers_it_needs_once_each(delivered: Delivered, edition: tuple[str, str]) -> None:
    mail = delivered[edition]
    assert {header: len(mail.get_all(header, [])) for header in ONCE} == dict.fromkeys(ONCE, 1)
    assert (len(mail["To"].addresses), len(mail["From"].addresses), mail.defects) == (1, 1, [])
    to_person = catalogue()[edition[0]].meta.audience == "person"
    assert [len(mail.get_all(each, [])) for each in ("List-Unsubscribe", "List-Unsubscribe-Post")] == [to_person, to_person]


@pytest.mark.parametrize("edition", EDITIONS, ids="-".join)
def test_no_header_says_what_a_mail_is_about(delivered: Delivered, edition: tuple[str, str]) -> None:
    mail = delivered[edition]
    said = " ".join(re.sub(r"[._:@<>/+-]", " ", str(value)) for header, value in mail.items() if header not in ("From", "Subject"))
    assert forbidden.HEALTH["en"].findall(said) == forbidden.HEALTH["es"].findall(said) == []
    assert TELLS.findall(" ".join(map(str, mail.values()))) == []


def test_a_delivered_mail_can_be_stopped_with_one_click_and_names_its_list(
    due: Callable[..., Message], carrier: SmtpCarrier, server: ScriptedServer
) -> None:
    due()
    drain(LANES, carrier=carrier)
    mail = server.mails[0]
    assert re.fullmatch(r"<http[^<>\s]+/u/[^<>\s]+>", mail["List-Unsubscribe"])
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (mail["List-Id"], mail["List-Help"]) == ("<answers.lists.elmharbor.test>", f"<mailto:{clinic().mail.reply_to}>")


def test_each_topic_has_a_list_of_its_own() -> None:
    assert set(LISTS) == set(get_args(Topic))
    assert len(set(map(list_id, LISTS))) == len(LISTS)


def test_complaints_are_counted_by_campaign_list_and_lane_and_never_by_person(delivered: Delivered) -> None:
    first, second = (delivered["how-ketamine-works", language]["Feedback-ID"] for language in ("en", "es"))
    assert first == second == f"{campaign('how-ketamine-works')}:letters:education:mailelmharborte"
    parts = first.split(":")
    assert len(set(parts)) == len(parts) == 4
    assert 5 <= len(parts[-1]) <= 15


def test_the_date_is_that_of_the_moment(tuesday: object) -> None:
    raw = build(Message(topic="inquiry", language="en"), "ana@example.com", HELLO, None, discreet=False)
    assert parsedate_to_datetime(message_from_bytes(raw)["Date"]) == now()


def test_another_name_in_the_clinics_file_is_another_header(configure: Callable[..., None]) -> None:
    message = Message(topic="inquiry", language="en")
    before = build(message, "ana@example.com", HELLO, None, discreet=False)
    configure(from_name="Harbor Office", list_domain="lists.harbor.test")
    after = build(message, "ana@example.com", HELLO, None, discreet=False)
    assert b"Elm Harbor Clinic" in before
    assert b"From: Harbor Office <" in after
    assert b"<answers.lists.harbor.test>" in after


def test_a_discreet_persons_mail_leads_to_the_discreet_host_only(
    session: Session,
    person: Person,
    due: Callable[..., Message],
    carrier: SmtpCarrier,
    server: ScriptedServer,
    configure: Callable[..., None],
) -> None:
    configure(discreet_url="https://desk.example.org")
    person.discreet = True
    due("still-here", lane="transactional")
    drain(LANES, carrier=carrier)
    mail = server.mails[0]
    words = "".join(part.get_content() for part in mail.walk() if not part.is_multipart())
    assert str(mail["List-Unsubscribe"]).startswith("<https://desk.example.org/u/")
    assert "https://desk.example.org/p/" in words
    assert "127.0.0.1:8000" not in words
    assert mail["From"].addresses[0].display_name == clinic().mail.discreet_name


def test_everybody_elses_links_stay_where_they_were(
    due: Callable[..., Message], carrier: SmtpCarrier, server: ScriptedServer, configure: Callable[..., None]
) -> None:
    configure(discreet_url="https://desk.example.org")
    due("still-here", lane="transactional")
    drain(LANES, carrier=carrier)
    assert "desk.example.org" not in server.raw[0].decode()


ANYTHING = st.text(max_size=60) | st.sampled_from(
    ["a\r\nBcc: all@example.com", "=?utf-8?q?=0D=0ABcc:_x?=", "a\n b", "x\u2028y", "a\x00", "a,b@c.d"]
)


@given(ANYTHING, ANYTHING, ANYTHING, st.sampled_from(sorted(LISTS)) | ANYTHING, ANYTHING, ANYTHING)
def test_no_field_of_a_mail_writes_a_header_of_its_own(
    subject: str, address: str, way_out: str, topic: str, template: str, language: str
) -> None:
    message = Message(topic=topic, template=template, lane=template, language=language)
    rendered = Rendered(subject, "Hi", "<p>Hi</p>", "1", "", language)
    for to, link in (
        (address, None),
        ("ana@example.com", way_out),
        ("ana@example.com", f"https://x.test/{way_out}"),
        ("ana@example.com", None),
    ):
        try:
            raw = build(message, to, rendered, link, discreet=False)
        except UnsafeHeader:
            continue
        assert_only_ours(raw, with_way_out=link is not None)


@given(ANYTHING)
def test_no_word_of_the_clinics_file_writes_a_header_of_its_own(word: str) -> None:
    mail = clinic().mail
    before = dict(mail.__dict__)
    for field in ("from_name", "from_address", "reply_to", "list_domain", "domain"):
        mail.__dict__[field] = word
        try:
            raw = build(Message(topic="inquiry", language="en"), "ana@example.com", HELLO, None, discreet=False)
        except UnsafeHeader:
            continue
        finally:
            mail.__dict__.update(before)
        assert_only_ours(raw, with_way_out=False)


@given(ANYTHING | st.emails())
def test_whatever_stands_for_an_address_is_one_mailbox_or_none(address: str) -> None:
    try:
        to = envelope(Message().id, address).recipient
    except UnsafeHeader:
        return
    assert to.isascii()
    assert to.count("@") == 1
    assert not set(to) & set(' \t\r\n<>,;:"()\\\x00')


def assert_only_ours(raw: bytes, *, with_way_out: bool) -> None:
    """Read as a strict server does: every line of the head is a header of ours, there once, or goes on with one."""
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    assert not re.search(r"\r(?!\n)|(?<!\r)\n", head)
    names = re.findall(r"^([^\s:]+):", head, re.MULTILINE)
    way_out = ["List-Unsubscribe", "List-Unsubscribe-Post"] if with_way_out else []
    assert sorted(names) == sorted([*ONCE, *way_out, "Content-Language", "X-Auto-Response-Suppress", "Content-Type"])
