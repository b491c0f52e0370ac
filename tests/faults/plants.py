"""What is planted into a worker of the harness: points at which it kills itself, and shorter patience than a real one has."""

import os
import random
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

from config.settings import settings
from leads import clock
from leads.clinic.profile import Rates
from leads.messages import claim as claiming
from leads.messages import pace
from leads.messages.carriers import smtp
from leads.messages.carriers.base import Envelope
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.journal import Journal
from tests.faults.clockwork import live

# In the order in which a message passes them. A dot that gets no answer is the mail server's doing: it kills its client.
POINTS = ("before-claim", "in-claim", "claimed", "mid-data", "body-sent", "sending", "answered", "noted")
CHANCE = 0.3
# Short, but not so short that a busy machine lets leases run out where nothing was done to it.
LEASE, PATIENCE, REPAIR = 4, 2, 0.5
BURST = 4


def lay(folder: Path, point: str, times: int = 1) -> None:
    """Lay so many tokens at a point: each is the end of one worker that passes there."""
    for number in range(times):
        (folder / f"{point}.{number}").touch()


def left(folder: Path) -> list[str]:
    """Return the tokens nobody has taken."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(("used", "poison")))


def taken_at(folder: Path) -> list[float]:
    """Return when each token was taken, in real seconds."""
    # What a renaming changes is the inode; the content is as old as the token.
    return [path.stat().st_ctime for path in folder.iterdir() if path.name.startswith("used-")]


def plant(folder: Path) -> None:
    """Plant every point into this process, before the engine is imported."""
    # Nothing may have imported claim() by name yet: it would keep the one that nobody dies of.
    claiming.claim = _around(claiming.claim, folder, "before-claim", "in-claim")
    Journal.write = _around(Journal.write, folder, "answered", "noted")  # type: ignore[method-assign]
    SmtpCarrier.offer = _offer(SmtpCarrier.offer, folder)  # type: ignore[method-assign, assignment]
    SmtpCarrier.release = _around(SmtpCarrier.release, folder, "sending")  # type: ignore[method-assign]


def hurry(clock_file: Path) -> None:
    """Make this process lose patience in seconds where a real one takes minutes, and look at the harness's clock."""
    clock._running_clock = live(clock_file)  # type: ignore[assignment]
    settings().handoff_lease_seconds = LEASE
    # What a carrier that was too fast for gets, where no rates are given: thirty times as fast, for leases last a thirtieth.
    pace.UNRATED, pace.SLOW_FOR = Rates(per_second=120, per_domain_per_second=120), 2.0
    # So many late mails may go at once; with more, a few dozen would prove nothing about the rate.
    pace.CATCH_UP_BURST = BURST
    smtp.TIMEOUT = PATIENCE


def strike(folder: Path, point: str) -> bool:
    """Take a token of this point, if one lies there and the dice say so."""
    tokens = [name for name in os.listdir(folder) if name.startswith(f"{point}.")]
    if not tokens or random.random() > CHANCE:
        return False
    with suppress(FileNotFoundError):
        os.rename(folder / tokens[0], folder / f"used-{tokens[0]}-{os.getpid()}")
        return True
    return False


def die(folder: Path, point: str) -> None:
    """End this process as a power cut would, if a token of this point says so."""
    if strike(folder, point):
        os.kill(os.getpid(), signal.SIGKILL)


def stumbling(drain: Callable[..., int], folder: Path) -> Callable[..., int]:
    """Return the sweep's drain, which now and then raises what nobody foresaw."""

    def stumble(*args: Any, **kwargs: Any) -> int:
        if strike(folder, "stumble"):
            raise RuntimeError("planted")
        return drain(*args, **kwargs)

    return stumble


def _around(seam: Callable[..., Any], folder: Path, before: str, after: str | None = None) -> Callable[..., Any]:
    @wraps(seam)
    def passed(*args: Any, **kwargs: Any) -> Any:
        die(folder, before)
        result = seam(*args, **kwargs)
        # An empty claim is nothing to die of.
        if after and (result is None or result):
            die(folder, after)
        return result

    return passed


def _offer(seam: Callable[[SmtpCarrier, Envelope, bytes], None], folder: Path) -> Callable[[SmtpCarrier, Envelope, bytes], None]:
    def offer(carrier: SmtpCarrier, envelope: Envelope, mime: bytes) -> None:
        die(folder, "claimed")
        # A row that always costs its worker the life.
        if (folder / (poison := f"poison-{envelope.sender[2:34]}")).exists():
            (folder / f"used-{poison}-{os.getpid()}").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if strike(folder, "mid-data"):
            seam(carrier, envelope, mime[: len(mime) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        seam(carrier, envelope, mime)
        die(folder, "body-sent")

    return offer
