"""`handoff inbound`: how mail servers bring us mail; a listener, or a command they pipe each mail into."""

import asyncio
import os
import re
import sys
from typing import Annotated

import typer

from leads.cli.root import VAR, DataDir, app, out
from leads.errors import LeadsError, NotFound
from leads.inbound.listen import LATER, keep, serve
from leads.inbound.mail import header, parse
from leads.inbound.take_in import LARGEST, Arrived, check_recipient
from leads.local import attach

inbound = typer.Typer(help="Mail that comes in: a listener for mail servers, or a command they pipe each mail into.", no_args_is_help=True)
app.add_typer(inbound, name="inbound")
Host = Annotated[str, typer.Option(help="The address to listen on; whoever reaches it can bring us mail.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")]
To = Annotated[
    str, typer.Option("--to", envvar=["ORIGINAL_RECIPIENT", "RECIPIENT"], help="The recipient; the mail's own words where empty.")
]
From = Annotated[str, typer.Option("--from", envvar=["SENDER"], help="The envelope's sender, empty for a report.")]


@inbound.command(name="serve")
def listen(data_dir: DataDir = VAR, host: Host = "127.0.0.1", port: Port = 8024) -> None:
    """Listen for mail servers, LMTP and SMTP on one port; a mail is committed before they hear yes."""
    attach(data_dir)
    out.print(f"ready for mail at {host}:{port} (LMTP and SMTP)")
    asyncio.run(serve(host, port))


@inbound.command()
def pipe(data_dir: DataDir = VAR, to: To = "", sender: From = "") -> None:
    """Keep the mail on standard input and exit as mail servers expect: 0 kept, 67 not ours, 65 too large, 75 try again later."""
    raw = sys.stdin.buffer.read(LARGEST + 1)
    try:
        attach(data_dir)
        # An mbox line on top (sendmail's prog mailer writes one) is no header.
        raw = re.sub(rb"\AFrom [^\n]*\n", b"", raw)
        recipient = to or header(mail := parse(raw), "X-Original-To") or header(mail, "Delivered-To")
        check_recipient(recipient)
        answer = keep(Arrived(raw, recipient, sender.strip("<>"), "pipe"))
    except NotFound:
        _leave(os.EX_NOUSER, "5.1.1 no such mailbox")
    except LeadsError as error:
        # A key ring or a setting that is missing is put right by somebody, and then the mail comes again.
        _leave(os.EX_TEMPFAIL, f"4.3.5 {error.message}")
    except Exception as error:
        _leave(os.EX_TEMPFAIL, f"4.3.0 {type(error).__name__}")
    else:
        _leave(_exit_code(answer), answer[4:])


def _exit_code(answer: str) -> int:
    if answer == LATER:
        return os.EX_TEMPFAIL
    return os.EX_DATAERR if answer.startswith("5") else os.EX_OK


def _leave(code: int, words: str) -> None:
    # Postfix's pipe(8) gives the words, status first, to the sender.
    if code != os.EX_OK:
        typer.echo(words)
    raise SystemExit(code)
