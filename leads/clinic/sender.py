"""Who we are to an inbox: names, addresses and hosts that give no condition away, and the names our signing keys go by."""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from leads.clinic.read_yaml import Strict

# Illness, remedy and healer by their stems, in English and Spanish: found within a word too, for a domain joins its words.
TELLS = re.compile(
    r"k[ée]tamin|spravato|infusi[oó]|inyecc|injection|depres|anxi|ansiedad|ptsd|tept|trauma|psych|psiqu|psico|\bmental|mentalhealth|saludmental|suicid|bipolar|addict|"
    r"adicc|recovery|rehab|therap|terap|disorder|trastorno|chronicpain|painclinic|painmanagement|\bpain\b|\bdolor\b|\btms\b|behavio",
    re.IGNORECASE,
)
# What a discreet sender does not say either: that it has to do with health at all.
TELLS_AT_ALL = re.compile(
    rf"{TELLS.pattern}|clinic|cl[ií]nic|health|salud|medic|m[ée]dic|doctor|hospital|patient|pacient|\btreat|tratam|nurse|enferm|wellness",
    re.IGNORECASE,
)
# An encoded word or a line break in a name would let it write headers of its own (RFC 5322, 2.2; RFC 2047).
WRITES_A_HEADER = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]|=\?")
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
DOMAIN = re.compile(rf"{LABEL}(?:\.{LABEL})+")
MAILBOX = re.compile(rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@{DOMAIN.pattern}")
ORIGIN = re.compile(rf"https://{DOMAIN.pattern}(?::\d{{1,5}})?|http://(?:localhost|127\.0\.0\.1)(?::\d{{1,5}})?")


def found_in(text: str, pattern: re.Pattern[str] = TELLS) -> str | None:
    """Return the first thing in a text that tells of a condition, None where nothing does."""
    found = pattern.search(text)
    return found[0] if found else None


def _quiet(text: str, pattern: re.Pattern[str] = TELLS) -> str:
    if found := found_in(text, pattern):
        raise ValueError(f"“{found}” tells whoever sees the inbox what the mail is about; put something neutral there")
    return text


def _name(name: str) -> str:
    if not name or WRITES_A_HEADER.search(name):
        raise ValueError("this is no name a header may carry; write one line of plain words")
    return _quiet(name)


def _domain(domain: str) -> str:
    if not DOMAIN.fullmatch(domain) or len(domain) > 253:
        raise ValueError("this is no domain; write one like mail.example.com")
    return _quiet(domain.lower())


def _mailbox(address: str) -> str:
    if not MAILBOX.fullmatch(address):
        raise ValueError("this is not one plain address; write one like care@mail.example.com")
    return _quiet(address)


def _origin(url: str) -> str:
    url = url.rstrip("/")
    if not ORIGIN.fullmatch(url):
        raise ValueError("this is no origin; write one like https://example.com, without a path")
    # Whoever looks over a shoulder sees the host, and a discreet one says nothing of health.
    _quiet(urlsplit(url).hostname or "", TELLS_AT_ALL)
    return url


SenderName = Annotated[str, AfterValidator(_name)]
DiscreetName = Annotated[str, AfterValidator(_name), AfterValidator(lambda name: _quiet(name, TELLS_AT_ALL))]
Domain = Annotated[str, AfterValidator(_domain)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
DiscreetUrl = Annotated[str, AfterValidator(_origin)]
OutgoingAddress = IPv4Address | IPv6Address
Selector = Annotated[str, Field(pattern=rf"^{LABEL}$")]


class Dkim(Strict):
    """Whether we sign our mail ourselves, and under which selectors the keys of whoever signs are published (RFC 6376, 3.1)."""

    sign: bool = True
    rsa: Selector = "hr1"
    ed25519: Selector = "he1"
    # Of the carrier that signs in our place: what it told us to publish.
    relay: tuple[Selector, ...] = ()
