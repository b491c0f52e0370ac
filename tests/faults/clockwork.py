"""A clock that the harness moves while everybody looks at it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from leads import clock


def live(path: Path) -> Callable[[], Callable[[], datetime]]:
    """Return what the product's clock asks for its hands: those of the anchor at `path`, read again whenever it changes."""
    known: list[tuple[int, Callable[[], datetime]]] = []

    def hands() -> Callable[[], datetime]:
        try:
            stamp = path.stat().st_mtime_ns
        except FileNotFoundError:
            return clock.real_now
        if not known or known[0][0] != stamp:
            anchor = clock.load_anchor(path)
            known[:] = [(stamp, anchor.read if anchor else clock.real_now)]
        return known[0][1]

    return hands
