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
REST = 0.5
_wanted = threading.Event()


def nudge() -> None:
    """Ask that due mail, and what came back by mail, be looked for now; returns at once, Redis or no Redis."""
    _wanted.set()


def pass_on() -> None:
    """Hand nudges on to the workers, many at once as one, for as long as the process lives."""
    while True:
        _wanted.wait()
        _wanted.clear()
        with suppress(OperationalError, OSError):
            for lane in PRESSING:
                deliver.apply_async(args=(lane,), queue=lane, retry=False, expires=10)
            for back in (apply_events, read_mail):
                back.apply_async(queue="housekeeping", retry=False, expires=10)
        time.sleep(REST)
