"""A line to PostgreSQL that can be cut without either end hearing of it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from leads.local.redis import free_port


class Relay:
    """Carries bytes between a port on loopback and PostgreSQL's socket, while it is whole."""

    def __init__(self, sockets: Path) -> None:
        self.target, self.port = sockets / ".s.PGSQL.5432", free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self.whole, self.over = threading.Event(), threading.Event()
        self.whole.set()
        self.unheard = b""
        self.listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Carry nothing any more; whoever waits for an answer waits."""
        self.whole.clear()

    def mend(self) -> None:
        """Carry on, with what was held up first."""
        self.whole.set()

    def lose(self, answer: bytes) -> None:
        """Break the line rather than carry the next bytes that hold this answer; whoever calls again gets through."""
        self.unheard = answer

    def refuse(self) -> None:
        """Take no more connections; those there are stay."""
        with suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections, and let go of those there are."""
        self.over.set()
        self.whole.set()
        self.refuse()
        self.listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self.over.is_set():
                near, _ = self.listening.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(str(self.target))
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.whole.wait()
                if self.unheard and self.unheard in data:
                    self.unheard = b""
                    break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def relay(sockets: Path) -> Iterator[Relay]:
    """Yield a whole line."""
    line = Relay(sockets)
    try:
        yield line
    finally:
        line.close()
