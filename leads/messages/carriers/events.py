"""What carriers tell of a mail after they took it, in one vocabulary, however each of them says it."""

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from leads.errors import LeadsError

Kind = Literal["delivered", "deferred", "bounced", "complained", "unsubscribed", "rejected"]
KINDS: tuple[Kind, ...] = ("delivered", "deferred", "bounced", "complained", "unsubscribed", "rejected")
# An enhanced status anywhere in a server's words (RFC 3463, 2); an address of four numbers is none.
STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
# What stands for a carrier's own word that an address does not exist, where no server gave a status.
NO_SUCH_ADDRESS = "5.1.1"
# RFC 3463 (3.2) and its registry: 5.1.7 to 5.1.9 are about our own address, or about a relay; the recipient's may be good.
NOT_THE_RECIPIENTS = ("5.1.7", "5.1.8", "5.1.9")


@dataclass(frozen=True)
class MailEvent:
    """One thing that became of one message; `provider_id` is the same whenever the same thing is told again.

    `rejected` means that a carrier took the message and then never sent it. `status` is the enhanced status (RFC 3463) where known,
    `address` the recipient where named, `detail` the other side's words; both may name a person, and are kept encrypted.
    """

    kind: Kind
    at: datetime
    message_id: uuid.UUID | None
    address: str | None
    status: str | None
    provider_id: str
    carrier: str
    detail: str | None

    @property
    def says_bad_address(self) -> bool:
        """True when the address itself will never work; a full mailbox (5.2.2) or a refusal of ours (5.7.x) says nothing of the kind."""
        given_up = self.kind in ("bounced", "rejected")
        return given_up and (self.status or "").startswith("5.1.") and self.status not in NOT_THE_RECIPIENTS


class NotYet(LeadsError):
    """It may be genuine, and what tells is not at hand: the carrier sends it again, and by then it is."""

    status = 503
    code = "not_yet"


class Unread(Exception):
    """A genuine notification that holds no event: `trouble` says in a word what a person may have to do about it."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble


@contextmanager
def reading() -> Iterator[None]:
    """Read what is known to be genuine; whatever shape it has instead of the documented one, it raises Unread and nothing else."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, OverflowError):
        raise Unread("unreadable") from None


def from_json(raw: bytes) -> Any:
    """Return what a JSON document holds; raises ValueError, for one of a thousand nested lists, too."""
    try:
        return json.loads(raw)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def moment(value: str | float) -> datetime:
    """Return a moment written as ISO 8601 or as seconds since 1970, in UTC where it names no zone; raises ValueError, OverflowError."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def or_bad_address(status: str | None) -> str:
    """Return the status of a bounce whose carrier calls the address itself bad: the server's own, unless that says nothing particular."""
    return NO_SUCH_ADDRESS if status is None or status.endswith(".0.0") or not status.startswith("5.") else status


def status_in(*words: str | None) -> str | None:
    """Return the first enhanced status (RFC 3463) found in these words, in their order."""
    found = (STATUS.search(each) for each in words if each)
    return next((match[1] for match in found if match), None)


def message_id_in(value: object) -> uuid.UUID | None:
    """Return the message a carrier's metadata names; None for what is no id of ours."""
    try:
        return uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
