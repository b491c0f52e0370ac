"""Whatever stands in a header or an address, it is read without harm, or not at all."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from leads.inbound.automatic import automatic
from leads.inbound.complaint import complaint_in
from leads.inbound.delivery_report import is_report, reports
from leads.inbound.mail import address_in, attachments, header, parse, sender, text_of
from leads.inbound.own_words import asks_to_stop, own_words, without_ours
from leads.inbound.read import summary
from leads.inbound.take_in import Arrived, fingerprint

WORDS = "From:~Subject:~Content-Type:~multipart/mixed; boundary=x~--x~<a@example.com>~=?utf-8?b?~?=~charset=~message/delivery-status"
PIECES = st.sampled_from([*f"{WORDS}~Status: 5.1.1~Action: failed~text/html~<b~&#x;~\r\n~\n~\x00".split("~"), *'";, @é'])
MAILS = st.lists(PIECES | st.text(max_size=12), max_size=60).map(lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass"))
ADDRESSES = st.lists(st.sampled_from([*'ab@.<>,;:"()\\ \r\n\t\x00', "example.com", "=?utf-8?q?", "é"]), max_size=16).map("".join)
PLAIN = re.compile(r"[!-~]+@[!-~]+")


@settings(max_examples=150, deadline=None)
@given(MAILS)
def test_no_mail_stops_its_reader(raw: bytes) -> None:
    mail = parse(raw)
    summary(mail)
    automatic(mail, "")
    complaint_in(mail)
    assert isinstance(is_report(mail), bool)
    reports(mail)
    attachments(mail)
    fingerprint(Arrived(raw, "care@mail.elmharbor.test", "", "pipe"))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_nor_do_any_octets(octets: bytes) -> None:
    mail = parse(octets)
    assert "\x00" not in text_of(mail)
    assert not re.search(r"[\r\n\x00]", header(mail, "Subject"))


@settings(max_examples=300, deadline=None)
@given(ADDRESSES)
def test_an_address_is_one_plain_mailbox_or_none(words: str) -> None:
    found = address_in(words)
    assert found is None or (PLAIN.fullmatch(found) and found.count("@") == 1 and not re.search(r'[<>,;:"()\\]', found))


@given(ADDRESSES)
def test_no_author_is_read_out_of_two(words: str) -> None:
    mail = parse(f"From: a@example.com\r\nFrom: b@example.com\r\nX: {words}\r\n\r\n".encode())
    assert sender(mail) is None


@given(st.text(max_size=300))
def test_the_words_of_others_are_never_made_longer(words: str) -> None:
    assert len(own_words(words)) <= len(words) + 1
    assert isinstance(asks_to_stop(words), bool)


@given(st.text(alphabet="abc \n", max_size=80))
def test_without_a_text_of_ours_nothing_is_taken_from_theirs(words: str) -> None:
    assert without_ours(words, []).split() == words.split()
