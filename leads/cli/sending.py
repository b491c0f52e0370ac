"""`handoff pause-sending` and `resume-sending`: nothing goes out until somebody says so."""

import getpass
from typing import Annotated

import typer

from leads.cli.root import VAR, DataDir, app, out
from leads.db import transaction
from leads.local import attach
from leads.messages.switch import pause_sending, resume_sending


@app.command(name="pause-sending")
def pause(
    data_dir: DataDir = VAR,
    reason: Annotated[str, typer.Option(help="Why, in a few words; no names.")] = "by hand",
) -> None:
    """Stop all mail at once; what a carrier is just taking finishes. Everything else waits until `resume-sending`."""
    attach(data_dir)
    with transaction() as session:
        pause_sending(session, reason=reason[:200], actor=operator())
    out.print("Sending is paused. `handoff resume-sending` lets it go on; what has outlived its use by then expires.")


@app.command(name="resume-sending")
def resume(data_dir: DataDir = VAR) -> None:
    """Let mail go again, and close breakers that rest a lane."""
    attach(data_dir)
    with transaction() as session:
        ended = resume_sending(session, actor=operator())
    out.print("Sending goes on." if ended else "Nothing was paused.")


def operator() -> str:
    """Return who types this, as the audit trail names them."""
    return f"operator:{getpass.getuser()}"[:80]
