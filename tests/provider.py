"""A real HTTP server on loopback that acts as a mail provider: it keeps what it is asked and answers as a test wants."""

import json
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.ports import hold

OK: dict[str, Any] = {"MessageId": "0100", "MessageID": "b7bc2f4a", "ErrorCode": 0, "id": "<1@example.com>"}


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What its body holds."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """One answer; `after` seconds late, or none at all: `drop` hangs up when the whole request was read."""

    status: int = 200
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    after: float = 0.0
    drop: bool = False


class Provider:
    """Takes every mail until told otherwise: `answers` holds the next ones."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.knocks = self.connections = 0
        self.answers: deque[Answer] = deque()
        self.held: socket.socket | None = None
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                super().setup()
                provider.connections += 1

            def do_HEAD(self) -> None:
                provider.knocks += 1
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                provider.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                answer = provider.answers.popleft() if provider.answers else Answer()
                time.sleep(answer.after)
                if answer.drop:
                    self.close_connection = True
                    return
                said = json.dumps(OK if answer.body is None else answer.body).encode()
                self.send_response(answer.status)
                for name, value in (("Content-Length", str(len(said))), *answer.headers):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def leave(self) -> None:
        """Listen no more; until `stop` nobody else answers on the port."""
        self.stop()
        self.held = hold("127.0.0.1", self.server.server_port)

    def stop(self) -> None:
        """Listen no more."""
        self.server.shutdown()
        self.server.server_close()
        if self.held:
            self.held.close()
