"""A kept SMTP connection survives refusals, leaves when in doubt, and never lets one mail run into the next."""

import socket
import ssl
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.settings import settings
from leads.messages.carriers import smtp
from leads.messages.carriers.base import HUNG_UP, Envelope, Receipt, Refused, Silence, Unreachable
from leads.messages.carriers.smtp import SmtpCarrier, parse
from tests.dot import dot
from tests.leaving_peer import Way, certificate, leaving
from tests.smtp_server import ScriptedServer

TO_ANA = Envelope("bounce@example.com", "ana@example.com")
MAIL = b"Subject: x\r\n\r\nHello\r\n"


def deliver(carrier: SmtpCarrier, mail: bytes = MAIL) -> Receipt:
    carrier.offer(TO_ANA, mail)
    return dot(carrier)


def test_a_mail_is_taken_and_the_answer_is_read(carrier: SmtpCarrier, server: ScriptedServer) -> None:
    assert deliver(carrier) == Receipt(250, "2.0.0")
    assert server.recipients == ["ana@example.com"]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DOT"])
def test_after_a_refusal_the_next_mail_goes_over_the_same_connection(carrier: SmtpCarrier, server: ScriptedServer, verb: str) -> None:
    server.answer[verb].append("550 5.7.1 no")
    if verb == "DOT":
        assert deliver(carrier) == Receipt(550, "5.7.1")
    else:
        with pytest.raises(Refused) as refusal:
            deliver(carrier)
        assert refusal.value.receipt == Receipt(550, "5.7.1", to_sender=verb == "MAIL")
    assert deliver(carrier).taken
    assert (len(server.mails), server.connections) == (1, 1)


def test_too_many_messages_in_one_connection_is_never_said_to_us(
    carrier: SmtpCarrier, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "MESSAGES_PER_CONNECTION", 2)
    for _ in range(5):
        deliver(carrier)
    assert (len(server.mails), server.connections) == (5, 3)


def test_who_is_quick_enough_each_time_and_too_slow_in_all_is_left_while_the_claim_holds(
    carrier: SmtpCarrier, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "handoff_lease_seconds", 3)
    deliver(carrier)
    server.late = 0.8
    with pytest.raises(Unreachable):
        carrier.offer(TO_ANA, MAIL)
    server.late = 0.0
    assert deliver(carrier).taken
    assert (len(server.mails), server.connections) == (2, 2)


def test_what_slow_answers_took_is_not_held_against_the_body(
    carrier: SmtpCarrier, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "handoff_lease_seconds", 3)
    server.late = 0.2
    carrier.offer(TO_ANA, MAIL)
    assert carrier.connection is not None
    assert carrier.connection.sock is not None
    assert carrier.connection.sock.gettimeout() == 1.0
    carrier.withdraw()


def test_what_an_offer_took_is_not_held_against_the_answer_to_its_dot(
    carrier: SmtpCarrier, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings(), "handoff_lease_seconds", 3)
    carrier.offer(TO_ANA, MAIL)
    carrier.until -= 2
    assert dot(carrier).taken


@pytest.fixture
def kept(carrier: SmtpCarrier) -> SmtpCarrier:
    """A carrier whose connection has carried a mail already."""
    deliver(carrier, b"Subject: before\r\n\r\nx\r\n")
    return carrier


def test_what_was_begun_without_waiting_is_offered_and_taken(kept: SmtpCarrier, server: ScriptedServer) -> None:
    assert kept.begin(TO_ANA) is server.pipelining
    kept.offer(TO_ANA, MAIL)
    assert dot(kept).taken
    assert (server.connections, len(server.mails)) == (1, 2)


def test_what_was_begun_and_is_refused_leaves_the_connection_to_the_next(kept: SmtpCarrier, server: ScriptedServer) -> None:
    server.answer["RCPT"].append("550 5.1.1 nobody here")
    kept.begin(TO_ANA)
    with pytest.raises(Refused):
        kept.offer(TO_ANA, MAIL)
    deliver(kept, b"Subject: after\r\n\r\nx\r\n")
    assert [mail["Subject"] for mail in server.mails] == ["before", "after"]


def test_what_was_begun_and_is_withdrawn_is_not_delivered(kept: SmtpCarrier, server: ScriptedServer) -> None:
    kept.begin(TO_ANA)
    kept.withdraw()
    deliver(kept, b"Subject: after\r\n\r\nx\r\n")
    assert [mail["Subject"] for mail in server.mails] == ["before", "after"]


def test_over_a_connection_that_is_not_there_nothing_is_begun(carrier: SmtpCarrier, server: ScriptedServer) -> None:
    assert carrier.begin(TO_ANA) is False
    assert server.connections == 0


def test_nothing_is_begun_over_a_connection_that_has_brought_enough(kept: SmtpCarrier) -> None:
    kept.used = smtp.MESSAGES_PER_CONNECTION
    assert kept.begin(TO_ANA) is False


def test_a_server_that_left_in_between_is_found_out_where_its_answers_are_wanted(kept: SmtpCarrier, server: ScriptedServer) -> None:
    server.stop()
    kept.begin(TO_ANA)
    with pytest.raises(Unreachable):
        kept.offer(TO_ANA, MAIL)


def test_a_withdrawn_mail_is_not_delivered(carrier: SmtpCarrier, server: ScriptedServer) -> None:
    carrier.offer(TO_ANA, MAIL)
    carrier.withdraw()
    deliver(carrier, b"Subject: other\r\n\r\nx\r\n")
    assert [mail["Subject"] for mail in server.mails] == ["other"]


def test_a_line_that_begins_with_a_dot_arrives_as_it_was(carrier: SmtpCarrier, server: ScriptedServer) -> None:
    deliver(carrier, b"Subject: x\r\n\r\n.\r\n..two\r\nend\r\n")
    assert server.mails[0].get_content().replace("\r\n", "\n") == ".\n..two\nend\n"


def test_small_packets_are_not_held_back(carrier: SmtpCarrier) -> None:
    deliver(carrier)
    assert carrier.connection is not None
    assert carrier.connection.sock is not None
    assert carrier.connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@contextmanager
def talking(*lines: str) -> Iterator[SmtpCarrier]:
    """A peer that greets, offers pipelining, and then says these lines, whatever it hears; it hangs up after the last."""
    listening = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        peer, _ = listening.accept()
        with peer:
            peer.sendall(b"220 hello\r\n")
            for line in ("250-hello\r\n250 PIPELINING", *lines):
                peer.recv(65536)
                peer.sendall(line.encode() + b"\r\n")

    threading.Thread(target=talk, daemon=True).start()
    carrier = SmtpCarrier(f"smtp://127.0.0.1:{listening.getsockname()[1]}", helo="x.test")
    yield carrier
    carrier.close()
    listening.close()


def test_a_peer_that_waits_for_the_body_of_a_refused_mail_is_left() -> None:
    with talking("250 ok\r\n550 5.1.1 nobody\r\n354 go on") as carrier:
        with pytest.raises(Refused):
            carrier.offer(TO_ANA, MAIL)
        assert carrier.connection is None


def test_a_goodbye_in_the_middle_of_pipelined_answers_is_heard() -> None:
    with talking("250 ok\r\n421 4.3.2 closing") as carrier:
        with pytest.raises(Refused) as refusal:
            carrier.offer(TO_ANA, MAIL)
        assert refusal.value.receipt.throttles
        assert carrier.connection is None


def test_a_peer_that_hangs_up_before_the_dot_has_nothing_of_ours() -> None:
    with talking("250 ok") as carrier, pytest.raises(Unreachable):
        carrier.offer(TO_ANA, MAIL)


def test_a_peer_that_hangs_up_after_the_dot_leaves_us_knowing_nothing(carrier: SmtpCarrier, server: ScriptedServer) -> None:
    server.answer["DOT"].append("")
    carrier.offer(TO_ANA, MAIL)
    with pytest.raises(Silence):
        dot(carrier)


@pytest.mark.parametrize("way", ["close", "reset", "goodbye"])
def test_a_peer_that_leaves_in_the_middle_of_a_mail_has_taken_nothing(way: Way) -> None:
    with leaving(way) as peer:
        carrier = SmtpCarrier(peer.url, helo="x.test")
        carrier.offer(TO_ANA, MAIL)
        assert peer.left.wait(5)
        assert dot(carrier) == HUNG_UP
        assert carrier.connection is None


def test_a_peer_that_leaves_during_a_long_mail_has_refused_it() -> None:
    with leaving("reset") as peer, pytest.raises(Refused) as refusal:
        SmtpCarrier(peer.url, helo="x.test").offer(TO_ANA, MAIL + b"x" * 50_000_000)
    assert refusal.value.receipt == HUNG_UP


@pytest.mark.parametrize(("way", "answer"), [("close", HUNG_UP), ("reset", HUNG_UP), ("stay", Receipt(250, "2.0.0"))])
def test_under_tls_too_we_see_who_has_left(way: Way, answer: Receipt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls, ours = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(ours))
    monkeypatch.setattr("ssl.create_default_context", lambda: trusting)
    with leaving(way, tls) as peer:
        carrier = SmtpCarrier(peer.url, helo="x.test")
        carrier.offer(TO_ANA, MAIL)
        assert peer.left.wait(5)
        assert dot(carrier) == answer


def test_an_answer_out_of_turn_is_no_answer() -> None:
    with talking("250 ok\r\n250 ok\r\n250 what") as carrier, pytest.raises(Unreachable):
        carrier.offer(TO_ANA, MAIL)


@pytest.mark.parametrize("url", ["http://example.com", "smtp://", "example.com:25"])
def test_a_url_that_names_no_relay_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL must look like"):
        parse(url)


def test_a_password_with_special_characters_is_read_from_the_url() -> None:
    relay = parse("smtp://ana:p%40ss%3A@mail.example.com?starttls=1")
    assert (relay.user, relay.password, relay.port, relay.starttls) == ("ana", "p@ss:", 25, True)


@contextmanager
def listening_for(offers: str) -> Iterator[tuple[SmtpCarrier, list[str]]]:
    """A peer that offers these extensions, takes everything, and writes down the commands."""
    listening, heard = socket.create_server(("127.0.0.1", 0)), []

    def talk() -> None:
        peer, _ = listening.accept()
        with peer, peer.makefile("rb") as lines:
            peer.sendall(b"220 hello\r\n")
            for line in lines:
                heard.append(line.decode().strip())
                peer.sendall(
                    f"250-hello\r\n250 {offers}\r\n".encode()
                    if line[:4] == b"ehlo"
                    else b"354 go on\r\n"
                    if line[:4] == b"DATA"
                    else b"250 ok\r\n"
                )
                if line[:4] == b"DATA":
                    break

    threading.Thread(target=talk, daemon=True).start()
    carrier = SmtpCarrier(f"smtp://127.0.0.1:{listening.getsockname()[1]}", helo="x.test")
    yield carrier, heard
    carrier.close()
    listening.close()


def test_a_server_that_sends_notices_is_asked_for_failures_that_name_the_mail_and_hold_no_text() -> None:
    row = uuid.UUID(int=7)
    with listening_for("DSN") as (carrier, heard):
        carrier.offer(Envelope("bounce@example.com", "ana+x=y@example.com", row), MAIL)
    assert heard[1:3] == [
        f"MAIL FROM:<bounce@example.com> RET=HDRS ENVID={row.hex}",
        "RCPT TO:<ana+x=y@example.com> NOTIFY=FAILURE ORCPT=rfc822;ana+2Bx+3Dy@example.com",
    ]


def test_a_server_that_sends_no_notices_is_asked_for_none() -> None:
    with listening_for("SIZE 1000000") as (carrier, heard):
        carrier.offer(TO_ANA, MAIL)
    assert heard[1:3] == ["MAIL FROM:<bounce@example.com>", "RCPT TO:<ana@example.com>"]
