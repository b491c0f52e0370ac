"""SMTP (RFC 5321) on a kept connection, with the final dot in our own hand."""

import math
import re
import select
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, unquote, urlsplit

from config.settings import settings
from leads.messages.carriers.base import HUNG_UP, Envelope, Receipt, Refused, Silence, Unreachable

MESSAGES_PER_CONNECTION = 80
TIMEOUT = 30
# All that comes before the dot must be over while the claim still holds, and a second carrier may have to be offered the same mail.
SHARE_OF_LEASE = 1 / 3
ENHANCED = re.compile(rb"^([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True)
class Relay:
    """Where and how: smtp://user:password@host:587?starttls=1, or smtps:// for TLS from the first byte."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    starttls: bool


def parse(url: str) -> Relay:
    """Return the relay a URL names; raises ValueError for another scheme or a missing host."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ValueError("SMTP_URL must look like smtp://user:password@host:587?starttls=1 or smtps://host:465")
    tls = parts.scheme == "smtps"
    starttls = parse_qs(parts.query).get("starttls", ["0"])[0] in ("1", "true", "yes")
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return Relay(parts.hostname, parts.port or (465 if tls else 25), user, password, tls, starttls)


class SmtpCarrier:
    """One kept connection; recycled after some messages, reset after a refusal, dropped on any doubt."""

    name = "smtp"
    goes_at_once = True

    def __init__(self, url: str, *, helo: str) -> None:
        self.relay, self.helo = parse(url), helo
        self.connection: smtplib.SMTP | None = None
        # When all that is waited for must be over; whether a dot may have gone out that nobody heard.
        self.used, self.until, self.in_doubt = 0, 0.0, False
        # A message was begun over this connection whose answers nobody has heard yet.
        self.begun = False

    def begin(self, envelope: Envelope) -> bool:
        """Say MAIL, RCPT and DATA to a server that takes several at a time, and leave its answers for `offer` to hear."""
        if self.connection is None or self.used >= MESSAGES_PER_CONNECTION or not self.connection.has_extn("pipelining"):
            return False
        self.until = time.monotonic() + _share()
        try:
            self._say_all(self.connection, envelope)
            self.begun = True
        except (OSError, smtplib.SMTPException):
            self._drop()
        return self.begun

    def offer(self, envelope: Envelope, mime: bytes) -> None:
        """Say MAIL, RCPT, DATA and the body, all but the final dot; raises Refused or Unreachable.

        A server that is quick enough each time and too slow in all counts as unreachable, too.
        """
        begun, self.begun = self.begun, False
        if not begun:
            self.until = time.monotonic() + _share()
            # Some servers refuse a connection that brings too many messages; we leave before they say so.
            if self.used >= MESSAGES_PER_CONNECTION:
                self.close()
        try:
            connection = self.connection or self._connect()
            self._begin_data(connection, envelope, begun=begun)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Unreachable(type(error).__name__) from None
        self._send_body(connection, mime)

    def release(self) -> None:
        """Say the final dot, unless nobody is there to hear it."""
        assert self.connection is not None
        self.in_doubt = False
        # Not to say the dot is safe whatever we see here; to say it to a peer that left would make an unknown of what is known.
        if _has_turned_away(self.connection):
            self._drop()
            return
        self.until = time.monotonic() + TIMEOUT
        try:
            _wait_at_most(self.connection, TIMEOUT)
            self.connection.send(b".\r\n")
        except (OSError, smtplib.SMTPException):
            self.in_doubt = True
            self._drop()

    def answer(self) -> Receipt:
        """Return the answer to the dot, HUNG_UP where nobody was there to hear it; raises Silence when none comes."""
        if self.connection is None and not self.in_doubt:
            return HUNG_UP
        code, text = self._hear_the_end()
        if code < 200:
            self._drop()
            raise Silence
        self.used += 1
        receipt = _receipt(code, text)
        if not receipt.taken:
            self._reset()
        return receipt

    def withdraw(self) -> None:
        """Hang up: inside DATA the only way not to send is to leave (RFC 5321, 4.1.1.4)."""
        self._drop()

    def close(self) -> None:
        """QUIT, as far as the other side still listens."""
        if self.connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.connection.quit()
            self._drop()

    def _hear_the_end(self) -> tuple[int, bytes]:
        if self.connection is None:
            raise Silence
        try:
            _wait_for_answer(self.connection, max(0.0, self.until - time.monotonic()))
            return self.connection.getreply()
        except (OSError, smtplib.SMTPException):
            self._drop()
            raise Silence from None

    def _connect(self) -> smtplib.SMTP:
        relay = self.relay
        connection: smtplib.SMTP
        if relay.tls:
            connection = smtplib.SMTP_SSL(relay.host, relay.port, self.helo, timeout=self._patience, context=ssl.create_default_context())
        else:
            connection = smtplib.SMTP(relay.host, relay.port, self.helo, timeout=self._patience)
        # With Nagle on, a 30 KB mail over a kept STARTTLS connection waits 40 ms for the peer's delayed ACK.
        assert connection.sock is not None
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._hurry(connection).ehlo_or_helo_if_needed()
        if relay.starttls:
            self._hurry(connection).starttls(context=ssl.create_default_context())
            self._hurry(connection).ehlo()
        if relay.user:
            self._hurry(connection).login(relay.user, relay.password or "")
        self.connection, self.used = connection, 0
        return connection

    def _begin_data(self, connection: smtplib.SMTP, envelope: Envelope, *, begun: bool) -> None:
        wanted = _wanted(connection, envelope)
        if not connection.has_extn("pipelining"):
            for command, codes in wanted.items():
                self._expect(self._hurry(connection).docmd(command), codes, to=command)
            return
        if not begun:
            self._say_all(connection, envelope)
        replies = self._replies(connection, len(wanted))
        for reply, (command, codes) in zip(replies, wanted.items(), strict=False):
            self._expect(reply, codes, to=command, into_data=replies[-1][0] == 354)

    def _say_all(self, connection: smtplib.SMTP, envelope: Envelope) -> None:
        # All three in one packet (RFC 2920): to a relay that is 10 ms away, two answers that need not be waited for.
        self._hurry(connection).send("".join(f"{command}\r\n" for command in _wanted(connection, envelope)))

    def _send_body(self, connection: smtplib.SMTP, mime: bytes) -> None:
        # A line that begins with a dot would end the mail (RFC 5321, 4.5.2). To look for one takes a seventh of replacing none.
        body = mime.replace(b"\r\n.", b"\r\n..") if b"\r\n." in mime else mime
        # With a share of its own: in what slow answers have left of the first, a body that is merely large would pass for a refused one.
        _wait_at_most(connection, min(TIMEOUT, _share()))
        try:
            connection.send(body if body.endswith(b"\r\n") else body + b"\r\n")
        except (OSError, smtplib.SMTPException):
            # It was ready for a message and left at this one: were that no refusal, a mail no server can stomach would hold up its lane.
            self._drop()
            raise Refused(HUNG_UP) from None

    def _expect(self, reply: tuple[int, bytes], codes: tuple[int, ...], *, to: str, into_data: bool = False) -> None:
        code, text = reply
        if code in codes:
            return
        if code == 421 or code < 400 or into_data:
            # A goodbye, an answer out of turn, or a peer that waits for the body of a mail it has refused: only leaving is safe.
            self._drop()
        else:
            self._reset()
        if code < 400:
            raise Unreachable(f"unexpected reply {code}")
        raise Refused(replace(_receipt(code, text), to_sender=to.startswith("MAIL")))

    def _replies(self, connection: smtplib.SMTP, count: int) -> list[tuple[int, bytes]]:
        """Return the answers to several commands; after a goodbye (421) no more come."""
        replies: list[tuple[int, bytes]] = []
        while len(replies) < count and (not replies or replies[-1][0] != 421):
            replies.append(self._hurry(connection).getreply())
        return replies

    @property
    def _patience(self) -> float:
        """How many seconds the next answer may take; raises TimeoutError where none are left."""
        if (left := self.until - time.monotonic()) <= 0:
            raise TimeoutError
        return min(TIMEOUT, left)

    def _hurry(self, connection: smtplib.SMTP) -> smtplib.SMTP:
        _wait_at_most(connection, self._patience)
        return connection

    def _reset(self) -> None:
        # Without RSET the next MAIL would meet "503 sender already specified".
        try:
            if self.connection is not None and self.connection.docmd("RSET")[0] != 250:
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection, self.begun = None, False


def _wanted(connection: smtplib.SMTP, envelope: Envelope) -> dict[str, tuple[int, ...]]:
    """Return the commands before a body, and with what each must be answered."""
    mail, rcpt = _notices(envelope) if connection.has_extn("dsn") else ("", "")
    return {f"MAIL FROM:<{envelope.sender}>{mail}": (250,), f"RCPT TO:<{envelope.recipient}>{rcpt}": (250, 251), "DATA": (354,)}


def _notices(envelope: Envelope) -> tuple[str, str]:
    """Return what MAIL and RCPT say of delivery notices (RFC 3461): failures only, the headers without the text, and which mail it was."""
    named = f" ENVID={envelope.message_id.hex}" if envelope.message_id else ""
    return f" RET=HDRS{named}", f" NOTIFY=FAILURE ORCPT=rfc822;{_xtext(envelope.recipient)}"


def _xtext(words: str) -> str:
    # RFC 3461, 4: these two signs mean something of their own there.
    return re.sub(r"[+=]|[^!-~]", lambda sign: f"+{ord(sign[0]):02X}", words)


def _has_turned_away(connection: smtplib.SMTP) -> bool:
    """Return True when the peer is known to have hung up, or spoke when it was not its turn."""
    sock = connection.sock
    assert sock is not None
    if not _can_read(sock, 0):
        return False
    sock.settimeout(0)
    try:
        # Read rather than peeked at: an end of TLS comes as bytes, which only the TLS layer can tell from its own housekeeping.
        # Whatever there is to read, it is no answer to a dot that was not said, and the connection goes.
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    except OSError:
        return True
    finally:
        with suppress(OSError):
            sock.settimeout(TIMEOUT)
    return True


def _share() -> float:
    return settings().handoff_lease_seconds * SHARE_OF_LEASE


def _wait_at_most(connection: smtplib.SMTP, seconds: float) -> None:
    # Where the peer has left there is no socket any more, and whoever speaks or listens next finds out.
    if connection.sock is not None:
        connection.sock.settimeout(seconds)


def _wait_for_answer(connection: smtplib.SMTP, seconds: float) -> None:
    """Return once there is something to read; raises TimeoutError when nothing comes."""
    assert connection.sock is not None
    # Looked at once more when the time is over: a machine that slept meanwhile wakes up too late, with the answer long there.
    if not (_can_read(connection.sock, seconds) or _can_read(connection.sock, 0)):
        raise TimeoutError


def _can_read(sock: socket.socket, seconds: float) -> bool:
    if isinstance(sock, ssl.SSLSocket) and sock.pending():
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(math.ceil(seconds * 1000)))


def _receipt(code: int, text: bytes) -> Receipt:
    found = ENHANCED.match(text)
    return Receipt(code, found.group(1).decode() if found else None)
