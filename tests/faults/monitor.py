"""Everything that is said to Redis, written down while it is said, and what Redis holds."""

import base64
import json
import re
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis

# A hint's body as MONITOR writes it: JSON whose quotes are escaped.
BODY = re.compile(r'\\?"body\\?": ?\\?"([A-Za-z0-9+/=]+)\\?"')
UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


class Monitor:
    """A MONITOR stream that takes itself up again when Redis was away."""

    def __init__(self, url: str, path: Path) -> None:
        self.url, self.path, self.over = urlsplit(url), path, threading.Event()
        self.thread = threading.Thread(target=self._listen, daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self.thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self.over.set()
        self.thread.join(3)

    def _listen(self) -> None:
        while not self.over.is_set():
            with suppress(OSError), self.path.open("ab") as file:
                self._follow(file.fileno())
            time.sleep(0.02)

    def _follow(self, file: int) -> None:
        with socket.create_connection((self.url.hostname or "", self.url.port or 0), timeout=1) as line:
            line.sendall(f"AUTH {self.url.password}\r\nMONITOR\r\n".encode())
            while not self.over.is_set():
                with suppress(TimeoutError):
                    if not (said := line.recv(65536)):
                        return
                    # Unbuffered: whoever searches the file sees what was said.
                    with open(file, "ab", closefd=False, buffering=0) as out:
                        out.write(said)


def held(url: str) -> str:
    """Return every key and value that Redis holds, the bodies of hints in clear."""
    parts: list[str] = []
    with redis.Redis.from_url(url, decode_responses=True) as client:
        for key in client.scan_iter():
            parts += [str(key), *_values(client, str(key))]
    return "\n".join(part for each in parts for part in (each, _body(each)))


def said(path: Path, since: int) -> str:
    """Return what was said to Redis from a place in the file on, the bodies of hints in clear as well."""
    with path.open("rb") as file:
        file.seek(since)
        text = file.read().decode(errors="replace")
    return "\n".join(["", text, *(_clear(each) for each in BODY.findall(text))])


def ids_in(text: str) -> set[str]:
    """Return every id in there, as 32 hexadecimal digits."""
    return {found.replace("-", "") for found in UUID.findall(text.lower())}


def _values(client: "redis.Redis", key: str) -> list[str]:
    kind: Any = client.type(key)
    ask = {"string": ("GET", key), "list": ("LRANGE", key, 0, -1), "hash": ("HGETALL", key), "set": ("SMEMBERS", key)}
    answer: Any = client.execute_command(  # type: ignore[no-untyped-call]
        *ask.get(kind, ("ZRANGE", key, 0, -1))
    )
    if isinstance(answer, dict):
        return [str(each) for pair in answer.items() for each in pair]
    return [str(each) for each in (answer if isinstance(answer, (list, set)) else [answer])]


def _body(text: str) -> str:
    try:
        return _clear(json.loads(text)["body"])
    except (ValueError, KeyError, TypeError):
        return ""


def _clear(body: str) -> str:
    try:
        return base64.b64decode(body).decode()
    except (ValueError, TypeError):
        return ""
