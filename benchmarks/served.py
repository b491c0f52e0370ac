"""Web processes that are up for as long as a block lasts."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from leads.local.ready import answers
from leads.local.redis import free_port


@contextmanager
def served(command: Callable[[int], Sequence[str]], path: str, *, processes: int = 1) -> Iterator[Sequence[int]]:
    """Run so many processes, each on a port of its own, and yield the ports once `path` answers on all of them."""
    with ExitStack() as stack:
        yield [stack.enter_context(_process(command, path)) for _ in range(processes)]


@contextmanager
def _process(command: Callable[[int], Sequence[str]], path: str) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen(command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not answers(f"http://127.0.0.1:{port}{path}"):
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(20)
