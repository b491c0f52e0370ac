"""The door for mail servers: LMTP (RFC 2033) and SMTP (RFC 5321) on one port; a yes means that the mail is committed."""

import asyncio
import logging
import signal
from typing import AnyStr

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from sqlalchemy.exc import InterfaceError, OperationalError

from config.settings import SettingsError
from leads.clinic.profile import clinic
from leads.db import transaction
from leads.errors import NotFound
from leads.inbound.take_in import LARGEST, Arrived, TooBig, check_recipient, take_in

MOST_RECIPIENTS = 100
LATER = "451 4.3.0 not now, please try again"
log = structlog.get_logger()


class Door(SMTP):
    """A server that is greeted with LHLO or EHLO; who greets with LHLO gets an answer for each recipient (RFC 2033, 4.2)."""

    is_lmtp = False
    # How many answers the mail at hand is owed; the library forgets its recipients before it answers.
    owed = 0
    # RFC 5321 ends a line after a thousand octets, mail of our days does not: to refuse it would lose it.
    line_length_limit = 1024 * 1024

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, hostname: str) -> None:
        """Greet an LMTP client."""
        self.is_lmtp = True
        await super().smtp_EHLO(hostname)

    async def push(self, status: AnyStr) -> None:
        """Say it, once for each recipient where it answers the mail itself: also the refusals that the library words."""
        words = status.decode() if isinstance(status, bytes) else str(status)
        answers_mail = self.is_lmtp and self.owed and not words.startswith("354")
        lines = words.split("\n")
        for line in lines * self.owed if answers_mail and len(lines) == 1 else lines:
            await super().push(line)

    async def smtp_DATA(self, arg: str) -> None:
        """Take a mail; in LMTP, whatever is said after it is said for each recipient."""
        self.owed = len(self.envelope.rcpt_tos) if self.envelope and not arg else 0
        try:
            await super().smtp_DATA(arg)
        finally:
            self.owed = 0


class Keeper:
    """What the door does with a mail: refuse an address that is not ours, keep everything else."""

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        """Take an address of ours; 550 for any other, 452 for more than we take at once."""
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        try:
            check_recipient(address)
        except NotFound:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep a mail for each of its recipients and only then say yes."""
        is_lmtp = getattr(server, "is_lmtp", False)
        raw, sender, channel = envelope.original_content or b"", envelope.mail_from or "", "lmtp" if is_lmtp else "smtp"
        answers = [await asyncio.to_thread(keep, Arrived(raw, each, sender, channel)) for each in envelope.rcpt_tos]
        if is_lmtp:
            return "\n".join(answers)
        # One answer for all: brought again, those that were kept are known by what they are.
        return next((answer for answer in answers if not answer.startswith("2")), answers[0])


def keep(mail: Arrived) -> str:
    """Commit a mail and return the answer for its server: 250 once it is kept, 4xx where it should come again."""
    try:
        with transaction() as session:
            take_in(session, mail)
    except TooBig:
        return "552 5.3.4 too big"
    except (OperationalError, InterfaceError, SettingsError, OSError) as error:
        log.warning("mail.not_now", error=type(error).__name__)
        return LATER
    except Exception as error:
        # Whatever it was, the sender's server still has the mail and keeps it.
        log.error("mail.not_kept", error=type(error).__name__)
        return LATER
    return "250 2.0.0 kept"


async def listen(host: str, port: int) -> asyncio.Server:
    """Return a server that listens from now on, at a port of its own where `port` is 0."""
    loop, keeper = asyncio.get_running_loop(), Keeper()
    # No log of ours may hold what people write; at its finest the library's holds every line.
    logging.getLogger("mail").setLevel(logging.WARNING)

    def door() -> Door:
        return Door(keeper, data_size_limit=LARGEST, enable_SMTPUTF8=True, hostname=clinic().mail.domain, ident="ready", loop=loop)

    return await loop.create_server(door, host, port)


async def serve(host: str, port: int) -> None:
    """Serve until the process is asked to end; a mail that is being taken by then is taken to its end."""
    ending = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, ending.set)
    server = await listen(host, port)
    await ending.wait()
    server.close()
    await asyncio.get_running_loop().shutdown_default_executor()
