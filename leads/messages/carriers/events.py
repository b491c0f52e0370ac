"""What carriers tell of a mail after they took it, in one vocabulary, however each of them says it."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

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
