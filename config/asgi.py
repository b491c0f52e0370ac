"""The web process, put together: the app, its logs, and the nudge that saves the workers a second."""

import threading

from config import logging
from leads.app import create_app
from tasks.nudge import nudge, pass_on

logging.configure("web")
threading.Thread(target=pass_on, name="nudge", daemon=True).start()
app = create_app(nudge=nudge)
