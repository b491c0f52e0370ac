"""What every carrier can do: be offered a message up to its last byte, and then either take it or be left."""

import re
import uuid
from dataclasses import dataclass
from typing import Protocol

# RFC 4954, 6.
NOT_SIGNED_IN = (530, 534, 535, 538)
# The account (RFC 4954, RFC 5248: 8, 9, 11, 13, 14), signature and origin (RFC 7372: 20 to 26; Google's 27 to 29), a banned address or
# tenant (Microsoft's three digits).
OF_THE_SENDER = re.compile(r"5\.7\.([89]|1[134]|2\d|[5-7]\d\d)")


@dataclass(frozen=True)
class Envelope:
    """Who it comes back to and who it goes to: one mailbox a message, always; and which message it is, for carriers that tell of it."""

    sender: str
    recipient: str
    message_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Receipt:
    """A carrier's explicit answer: the SMTP code and enhanced status (RFC 3463); or what we know without one, and a word of ours for it."""

    code: int
    status: str | None = None
    # Said before any recipient was named.
    to_sender: bool = False

    @property
    def taken(self) -> bool:
        """True when the carrier has taken responsibility for the message (RFC 5321, 4.2.5)."""
        return 200 <= self.code < 300

    @property
    def passing(self) -> bool:
        """True for a refusal that may not last."""
        return 400 <= self.code < 500

    @property
    def throttles(self) -> bool:
        """True when the carrier asks us to slow down; that is no attempt of the message's."""
        return self.code in (421, 454, 429)

    @property
    def not_allowed(self) -> bool:
        """True where the answer is that this may not be sent (RFC 3463, 3.8), for the recipient's reasons or for ours."""
        return self.refuses_us or (self.status or "").startswith("5.7.")

    @property
    def refuses_us(self) -> bool:
        """True where the answer itself speaks of the sender: our account, our signature, our address. 5.7.1 to a recipient does not."""
        status = self.status or ""
        return self.code in NOT_SIGNED_IN or OF_THE_SENDER.fullmatch(status) is not None or (self.to_sender and status.startswith("5.7."))

    @property
    def reason(self) -> str:
        """Why, as it stands on the message: our own word where the carrier said none."""
        return f"smtp-{self.code}" if self.status is None or self.status[0].isdigit() else self.status


# The peer was gone before the final dot: RFC 5321 (3.8, 4.1.1.4) has it drop what it was given, so this is knowledge, not silence.
HUNG_UP = Receipt(451, "hung-up")
# We took the mail back ourselves before the dot, for want of a database that lets it go; like throttling, that is no try of the mail's.
WITHDRAWN = Receipt(421, "withdrawn")


class Refused(Exception):
    """The carrier said no before it had the whole message."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(f"{receipt.code} {receipt.status or ''}".strip())
        self.receipt = receipt


class Unreachable(Exception):
    """There was no carrier to talk to, or it went away before it was ready for a message."""


class Silence(Exception):
    """The last byte went out and no answer came: nobody knows."""


class Carrier(Protocol):
    """Takes one message at a time: offer, then withdraw, or release and hear the answer."""

    @property
    def name(self) -> str:
        """What it is called on an attempt; the one that was last offered a message, where it is several."""

    @property
    def goes_at_once(self) -> bool:
        """True where what is released has gone before its answer is waited for, so that others may be released meanwhile."""

    def begin(self, envelope: Envelope) -> bool:
        """Say what can be said before a body without waiting for an answer; True where the message must be offered now, or withdrawn."""

    def offer(self, envelope: Envelope, mime: bytes) -> None:
        """Hand over everything but what makes it final; raises Refused (with HUNG_UP where it left in the middle) or Unreachable."""

    def release(self) -> None:
        """Make it final, without waiting for what comes of it."""

    def answer(self) -> Receipt:
        """Return the answer to what was released, HUNG_UP where nobody was there to hear it; raises Silence when there is none."""

    def withdraw(self) -> None:
        """Leave the offered message: it must not be delivered."""

    def close(self) -> None:
        """Say goodbye."""
