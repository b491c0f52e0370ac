"""The web process, put together: the app, its logs, the nudge that saves the workers a second, and a trial's mailbox."""

import gc
import threading
from functools import partial
from types import SimpleNamespace

# Nearly all that is made from here on stays: to look through it for what does not took an eighth of the start.
gc.disable()

import structlog

from config import logging
from config.settings import settings
from leads.app import create_app
from leads.clinic.profile import clinic
from leads.messages.mailbox import read_all, read_one
from leads.messages.templates import catalogue
from leads.sequences.definitions import sequences
from tasks.nudge import nudge, pass_on

SHOWN = 200

logging.configure("web")
# Read before the first page is drawn: without the crisis text nothing starts, and with nobody on call somebody must know.
if not clinic().on_call.shifts:
    structlog.get_logger().warning(
        "oncall.nobody", why="A disclosure reaches only the console and the office's address: see `handoff check`."
    )
# Left to the first requests, each would read all of it for itself, and keep its transaction open for so long.
catalogue()
sequences()
threading.Thread(target=pass_on, name="nudge", daemon=True).start()
app = create_app(nudge=nudge)
if settings().is_local:
    folder = settings().handoff_data_dir
    app.state.mailbox = SimpleNamespace(read_all=partial(read_all, folder, at_most=SHOWN), read_one=partial(read_one, folder))
# What stands for good is looked through no more: with it, each search for what can be thrown away held up all requests. Of what comes
# later most goes by itself; looked through every so often, rings of it held up one page in fifty for as long as two pages take.
gc.freeze()
gc.enable()
gc.set_threshold(20_000, 20, 50)
