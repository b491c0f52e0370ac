"""The local mailbox's server: SMTP on loopback, each mail kept in a Maildir, its envelope in headers of ours on top."""

import asyncio
import mailbox
import re
import sys
import threading
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from leads.clock import now
from leads.messages.mailbox import OURS, Mail, read_all, read_one

__all__ = ["Keep", "Mail", "read_all", "read_one", "serve"]
LARGEST = 20_000_000


class Keep:
    """The server's handler: every mail is accepted and kept, its envelope in headers of ours on top."""

    def __init__(self, folder: Path) -> None:
        self.maildir = mailbox.Maildir(str(folder), create=True)
        self.lock = threading.Lock()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep one mail, once for each recipient."""
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        for recipient in envelope.rcpt_tos:
            await asyncio.to_thread(self.keep, content, envelope.mail_from or "", recipient)
        return "250 2.0.0 kept"

    def keep(self, content: bytes, sender: str, recipient: str) -> str:
        """Write one mail to the Maildir; returns its key."""
        values = (sender, recipient, now().isoformat())
        head = "".join(f"{name}: {_one_line(value)}\r\n" for name, value in zip(OURS, values, strict=True)).encode()
        with self.lock:
            return self.maildir.add(head + content)


def serve(folder: Path, port: int, host: str = "127.0.0.1") -> Controller:
    """Start the server in a thread of this process; `stop()` ends it."""
    controller = Controller(Keep(folder), hostname=host, port=port, data_size_limit=LARGEST, enable_SMTPUTF8=True)
    controller.start()
    return controller


def _one_line(value: str) -> str:
    return re.sub(r"[\r\n]+", " ", value)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:4])
    threading.Event().wait()
