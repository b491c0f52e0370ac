"""The stretched clock of one data folder: it never shows less than it has shown before."""

from datetime import datetime, timedelta
from pathlib import Path

from leads.clock import Anchor, load_anchor, real_now
from leads.local.place import Refused

NOTED_EVERY = timedelta(seconds=2)


def wind(path: Path, speed: float) -> Anchor | None:
    """Start the clock of a data folder at `speed` from where it last stood; None where it is simply real."""
    real, last = real_now(), _last(path)
    shown = max(real, _stood_at(last)) if last else real
    if speed == 1 and shown == real:
        path.unlink(missing_ok=True)
        return None
    anchor = Anchor(real, shown, speed)
    anchor.save(path)
    return anchor


def note(path: Path, anchor: Anchor) -> None:
    """Write down where the clock stands now, so that a crash does not set it back; it runs on as before."""
    now = real_now()
    Anchor(now, anchor.read(now), anchor.speed).save(path)


def stop(path: Path, anchor: Anchor) -> None:
    """Write down where the clock stands; from there it goes on at the pace of the wall."""
    now = real_now()
    Anchor(now, anchor.read(now), 1.0).save(path)


def _last(path: Path) -> Anchor | None:
    try:
        return load_anchor(path)
    except (ValueError, KeyError, TypeError):
        raise Refused(f"{path}, where the clock stood, cannot be read: remove it, and the clock starts from the wall's time.") from None


def _stood_at(last: Anchor) -> datetime:
    # After a crash the last note is up to one interval old: in that time the clock showed more than it says.
    return last.shown + NOTED_EVERY * last.speed if last.speed != 1 else last.shown
