"""Mail as it really comes: answers, reports and notes, and among them what was cut off, mislabelled, or made to do harm."""

import random
from collections.abc import Iterator, Sequence

from leads.inbound.take_in import Arrived
from leads.messages.addresses import reply_address, return_path
from leads.messages.models import Message
from tests.inbound.mails import arrived, received

USUAL = (
    "reply-gmail", "reply-outlook", "reply-iphone-spanish", "away-exchange", "away-gmail", "away-outlook-spanish", "away-sieve",
    "postfix-delayed", "delivered", "exchange-full", "gmail-policy", "complaint-not-spam", "challenge", "list",
)  # fmt: skip


def flood(count: int, messages: Sequence[Message], *, every: int, seed: int = 7) -> Iterator[Arrived]:
    """Yield so many mails about these messages, one in `every` of them garbage; each is another mail than all before."""
    dice = random.Random(seed)
    for number in range(count):
        message = messages[number % len(messages)]
        raw = received(USUAL[number % len(USUAL)], message).replace(b"Message-ID: <", b"Message-ID: <%d-" % number, 1)
        usual = arrived(raw.replace(b"<%d-%s@mail" % (number, message.id.hex.encode()), b"<%d@other" % number))
        if number % every:
            yield usual
        else:
            to = dice.choice([reply_address(message.id), return_path(message.id), "care@mail.elmharbor.test"])
            yield Arrived(
                b"X-Number: %d\r\nDate: %d\r\n" % (number, number) + garbage(raw, number // every, dice),
                to,
                dice.choice(["", "ana@example.com"]),
                "lmtp",
            )


def garbage(raw: bytes, number: int, dice: random.Random) -> bytes:
    """Return something no program should have sent, one kind after another."""
    kinds = (_cut, _noise, _nuls, _wrong_charset, _huge_header, _bomb, _bomb_of_mails, _no_end, _binary, _empty)
    return kinds[number % len(kinds)](raw, dice)


def _cut(raw: bytes, dice: random.Random) -> bytes:
    return raw[: dice.randrange(len(raw))]


def _noise(raw: bytes, dice: random.Random) -> bytes:
    spoiled = bytearray(raw)
    for _ in range(len(raw) // 10):
        spoiled[dice.randrange(len(raw))] = dice.randrange(256)
    return bytes(spoiled)


def _nuls(raw: bytes, _: random.Random) -> bytes:
    return raw.replace(b"a", b"\x00").replace(b"\r\n", b"\x00\r\n")


def _wrong_charset(raw: bytes, dice: random.Random) -> bytes:
    named = dice.choice([b"x-nonsense", b"utf-7", b"utf-16", b"hex", b"idna", b"rot13", b"undefined", b"\xff\xfe"])
    return (
        raw.replace(b"charset=utf-8", b"charset=" + named).replace(b"Subject: ", b"Subject: =?" + named + b"?b?/w==?= ") + b"\xff\xc3\x28"
    )


def _huge_header(raw: bytes, _: random.Random) -> bytes:
    return b"References: " + b"<x@y>\r\n " * 60_000 + raw


def _bomb(_: bytes, dice: random.Random) -> bytes:
    depth = dice.choice([40, 300, 3000])
    return b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (level, level) for level in range(depth))


def _bomb_of_mails(_: bytes, dice: random.Random) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" * dice.choice([20, 3000])


def _no_end(_: bytes, __: random.Random) -> bytes:
    head = b'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\n'
    return head + b"--x\r\nContent-Type: message/delivery-status\r\n\r\n"


def _binary(_: bytes, dice: random.Random) -> bytes:
    return dice.randbytes(5000)


def _empty(_: bytes, __: random.Random) -> bytes:
    return b""
