"""The web process, put together: the app, its logs, the nudge that saves the workers a second, and a trial's mailbox."""

import threading
from functools import partial
from types import SimpleNamespace

from config import logging
from config.settings import settings
from leads.app import create_app
from leads.messages.mailbox import read_all, read_one
from tasks.nudge import nudge, pass_on

SHOWN = 200

logging.configure("web")
threading.Thread(target=pass_on, name="nudge", daemon=True).start()
app = create_app(nudge=nudge)
if settings().is_local:
    folder = settings().handoff_data_dir
    app.state.mailbox = SimpleNamespace(read_all=partial(read_all, folder, at_most=SHOWN), read_one=partial(read_one, folder))
