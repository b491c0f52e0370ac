"""The product's own Celery worker that drains by task alone, and writes down how much processor time it spent inside that.

`python -m benchmarks.counted FILE worker …`: FILE gets the seconds so far, anew after each task.
"""

import sys
import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from celery.__main__ import main
from celery.signals import celeryd_after_setup

import config.celery  # noqa: F401
import tasks.deliver
import tasks.sweep
from leads.messages import deliver


class Inside:
    """Processor seconds of all threads inside what is counted."""

    def __init__(self, file: Path) -> None:
        self.file, self.spent, self.lock = file, 0.0, threading.Lock()

    def counted(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """Return `act`, its time counted."""

        @wraps(act)
        def timed(*args: Any, **kwargs: Any) -> Any:
            since = time.thread_time()
            try:
                return act(*args, **kwargs)
            finally:
                with self.lock:
                    self.spent += time.thread_time() - since
                    self.file.write_text(str(self.spent))

        return timed


if __name__ == "__main__":
    inside = Inside(Path(sys.argv[1]))
    # The task knows drain() by this name, and each further line of a backlog is a thread of its own.
    tasks.deliver.drain = inside.counted(deliver.drain)  # type: ignore[attr-defined]
    deliver._help = inside.counted(deliver._help)
    # On its own timer it would drain without a task.
    celeryd_after_setup.disconnect(tasks.sweep._begin)
    sys.argv = ["celery", *sys.argv[2:]]
    main()
