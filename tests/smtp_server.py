"""A real SMTP server on loopback whose answers a test may choose, verb by verb."""

import asyncio
import socket
from collections import deque
from contextlib import suppress
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from leads.local.redis import free_port
from tests.ports import hold


class ScriptedServer:
    """Keeps what it takes in `mails`; `answer[verb]` holds the next answers of MAIL, RCPT, DATA and DOT; "" hangs up.

    Each answer to MAIL and RCPT comes `late` seconds late.
    """

    def __init__(self, *, pipelining: bool = False) -> None:
        self.pipelining, self.late = pipelining, 0.0
        self.connections = 0
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.recipients: list[str] = []
        self.answer: dict[str, deque[str]] = {verb: deque() for verb in ("MAIL", "RCPT", "DATA", "DOT")}
        self.begun = 0
        self._held: socket.socket | None = None
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port(), auth_require_tls=False)
        self._controller.start()
        self.url = f"smtp://127.0.0.1:{self._controller.port}"

    def leave(self) -> None:
        """Listen no more; until `stop` nobody else answers on the port."""
        self.stop()
        self._held = hold("127.0.0.1", self._controller.port)

    def stop(self) -> None:
        """Listen no more."""
        with suppress(AssertionError):
            self._controller.stop()
        if self._held:
            self._held.close()

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, name: str, offered: list[str]) -> list[str]:
        session.host_name = name
        self.connections += 1
        return [*offered[:-1], *(["250-PIPELINING"] if self.pipelining else []), offered[-1]]

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        await asyncio.sleep(self.late)
        answer = self._next("MAIL", "250 OK")
        if answer.startswith("2"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        await asyncio.sleep(self.late)
        answer = self._next("RCPT", "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
            self.begun += 1
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self._next("DOT", "250 2.0.0 taken")
        if answer.startswith("2") or answer == "":
            mail: Message[Any, Any] = BytesParser(policy=default).parsebytes(envelope.content or b"")
            assert isinstance(mail, EmailMessage)
            self.mails.append(mail)
            self.raw.append(bytes(envelope.original_content or b""))
            self.recipients += envelope.rcpt_tos
        if answer == "":
            server.transport.abort()
            await asyncio.sleep(0)
        return answer or "421 gone"

    def _next(self, verb: str, otherwise: str) -> str:
        waiting = self.answer[verb]
        return waiting.popleft() if waiting else otherwise
