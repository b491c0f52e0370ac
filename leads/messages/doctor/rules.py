"""What Gmail and Yahoo ask of whoever sends much, each rule with where it stands and what we look at to tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from leads.messages.doctor.finding import WORST_FIRST, Finding, State

GMAIL = "https://support.google.com/mail/answer/81126"
YAHOO = "https://senders.yahooinc.com/best-practices/"
READ_ON = date(2026, 11, 28)


@dataclass(frozen=True)
class Rule:
    """One rule, and the checks that decide it."""

    says: str
    sources: tuple[str, ...]
    decided_by: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """A rule, and how it stands: as the worst of what decides it."""

    rule: Rule
    state: State


RULES = (
    Rule("SPF and DKIM, both, for the sending domain", (GMAIL, YAHOO), ("spf", "dkim", "signature")),
    Rule("DMARC for the domain in From, at least p=none", (GMAIL, YAHOO), ("dmarc",)),
    Rule("From aligned with the domain of SPF or of DKIM", (GMAIL, YAHOO), ("alignment",)),
    Rule("Addresses that go by a name which leads back to them", (GMAIL, YAHOO), ("ptr", "helo")),
    Rule("A TLS connection to hand mail over", (GMAIL,), ("tls",)),
    Rule("One click to stop what is subscribed to, honoured within two days", (GMAIL, YAHOO), ("one-click", "format")),
    Rule("Mail in the form of RFC 5322, with a Message-ID", (GMAIL, YAHOO), ("format",)),
    Rule("Fewer than 0.1 % called spam, and never 0.3 %", (GMAIL, YAHOO), ("complaints",)),
)


def kept(findings: Sequence[Finding]) -> list[Kept]:
    """Return each rule with how it stands; one of which nothing was looked at is unknown."""
    return [Kept(rule, _state([each.state for each in findings if each.check in rule.decided_by])) for rule in RULES]


def _state(states: Sequence[State]) -> State:
    return min(states, key=WORST_FIRST.index, default="unknown")
