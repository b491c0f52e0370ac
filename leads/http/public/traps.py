"""Telling machines from people without bothering people: a field nobody sees, and the time a form takes to fill."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from leads.clinic.profile import clinic
from leads.clock import real_now
from leads.security.keys import ring

HIDDEN = "subject_line"
OPENED = "opened"
TRAPS = (HIDDEN, OPENED)
LONGEST = timedelta(days=7)


def stamp(at: datetime | None = None) -> str:
    """Return the signed moment at which a form was opened (real time, now by default)."""
    moment = str(int((at or real_now()).timestamp()))
    return f"{moment}.{_sign(moment)}"


def sprung(typed: Mapping[str, str]) -> str | None:
    """Return which trap a submission fell into: `honeypot`, `no-stamp`, `forged`, `too-fast` or `stale`; None for people."""
    # Nothing here judges what was written: a wrong guess must cost a look by a person, never an inquiry.
    if typed.get(HIDDEN):
        return "honeypot"
    if not typed.get(OPENED):
        return "no-stamp"
    moment, _, signature = typed[OPENED].partition(".")
    # The moment is read as a number only once the signature holds: before that it is anybody's text.
    if not hmac.compare_digest(signature.encode(), _sign(moment).encode()):
        return "forged"
    taken = real_now().timestamp() - int(moment)
    if taken < clinic().limits.minimum_fill_seconds:
        return "too-fast"
    return "stale" if taken > LONGEST.total_seconds() else None


def _sign(moment: str) -> str:
    key = ring().derive("tokens", ring().current("tokens"), "form-opened")
    return hmac.new(key, moment.encode(), hashlib.sha256).hexdigest()[:32]
