"""After a commit the web app nudges the workers; a lost nudge costs seconds, never a message."""

import threading
import time
from contextlib import suppress

from kombu.exceptions import OperationalError

from leads.messages.models import PRESSING
from tasks.deliver import deliver
from tasks.events import apply_events
from tasks.inbound import read_mail

# A busy site asks a hundred times a second, and one hint brings the mail of all: more of them only take the processor from requests.
# A worker looks by itself as often.
REST = 1.0
_wanted, _came_back = threading.Event(), threading.Event()


def nudge(*, came_back: bool = False) -> None:
    """Ask that due mail, or what `came_back` by mail, be looked for now; returns at once, Redis or no Redis."""
    if came_back:
        _came_back.set()
    _wanted.set()


def pass_on() -> None:
    """Hand nudges on to the workers, many at once as one, for as long as the process lives."""
    while True:
        _wanted.wait()
        _wanted.clear()
        with suppress(OperationalError, OSError):
            for lane in PRESSING:
                deliver.apply_async(args=(lane,), queue=lane, retry=False, expires=10)
            if _came_back.is_set():
                _came_back.clear()
                for back in (apply_events, read_mail):
                    back.apply_async(queue="housekeeping", retry=False, expires=10)
        time.sleep(REST)
