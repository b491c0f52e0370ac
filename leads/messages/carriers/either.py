"""Two carriers for one lane: the second takes what is offered while the first cannot be reached or refuses us."""

import threading
import time
from contextlib import suppress

import structlog

from leads.messages.carriers.base import Carrier, Envelope, Receipt, Refused, Unreachable
from leads.messages.refusals import Way, is_of_us

# Real seconds. Asked for each message whether it is back, an absent carrier would cost each message a time-out.
AWAY_FOR = 60.0
REFUSES_FOR = 600.0
# Not the person's fault, and no try of the mail's: it goes on by the other carrier in a minute.
NEXT_CARRIER = Receipt(421, "next-carrier")
log = structlog.get_logger()

_lock = threading.Lock()
_resting: dict[str, float] = {}


class Either:
    """A carrier that is two. Only what is offered changes over: one that was released stays where it went, whatever becomes of it."""

    def __init__(self, first: Carrier, second: Carrier, *, lane: str) -> None:
        self.both, self.lane, self.recipient = (first, second), lane, ""
        self.taking = next((each for each in self.both if not _rests(each)), first)

    @property
    def name(self) -> str:
        """The carrier that was last offered a message, or will be next."""
        return self.taking.name

    @property
    def goes_at_once(self) -> bool:
        """True where that is so of both."""
        return all(each.goes_at_once for each in self.both)

    def begin(self, envelope: Envelope) -> bool:
        """Begin nothing: which of the two will be asked is known when it is."""
        return False

    def offer(self, envelope: Envelope, mime: bytes) -> None:
        """Offer a message to the first that takes any; raises Refused or Unreachable."""
        self.recipient = envelope.recipient
        # When both rest, the first choice is asked as if there were no other.
        ready = [each for each in self.both if not _rests(each)] or [self.both[0]]
        for self.taking in ready:
            try:
                self.taking.offer(envelope, mime)
            except Unreachable:
                _rest(self.taking, AWAY_FOR, "unreachable")
                if self.taking is ready[-1]:
                    raise
            except Refused as refusal:
                raise Refused(self._heed(refusal.receipt)) from None
            else:
                return

    def release(self) -> None:
        """Make it final where it was offered, and nowhere else."""
        self.taking.release()

    def answer(self) -> Receipt:
        """Return the answer of the carrier it was released to; raises Silence."""
        return self._heed(self.taking.answer())

    def withdraw(self) -> None:
        """Leave the offered message."""
        self.taking.withdraw()

    def close(self) -> None:
        """Say goodbye to both."""
        for each in self.both:
            with suppress(OSError):
                each.close()

    def _heed(self, receipt: Receipt) -> Receipt:
        """Let a carrier that refuses us rest; while there is another, the lane itself need not."""
        # One mailbox that takes nothing from us would take nothing by the other way either, and is no reason for all others to change.
        if not is_of_us(receipt, Way(self.lane, self.name), self.recipient):
            return receipt
        _rest(self.taking, REFUSES_FOR, f"smtp-{receipt.code}")
        return receipt if all(_rests(each) for each in self.both) else NEXT_CARRIER


def forget_rests() -> None:
    """Ask every carrier again."""
    with _lock:
        _resting.clear()


def _rests(carrier: Carrier) -> bool:
    with _lock:
        return time.monotonic() < _resting.get(carrier.name, 0.0)


def _rest(carrier: Carrier, seconds: float, why: str) -> None:
    with _lock:
        _resting[carrier.name] = max(time.monotonic() + seconds, _resting.get(carrier.name, 0.0))
    log.warning("carrier.rests", carrier=carrier.name, why=why, seconds=seconds)
