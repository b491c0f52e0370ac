"""One process at a time, for containers and service managers: web, worker, beat, mailbox, alive."""

import os
import time
from typing import Annotated

import typer

from leads import db
from leads.cli.root import VAR, DataDir, app
from leads.errors import LeadsError
from leads.local import attach, commands, ready
from leads.local.first_start import prove_keys

ASK_AGAIN_AFTER = 2.0

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")]


@app.command()
def web(data_dir: DataDir = VAR, host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the pages and the API."""
    attach(data_dir)
    prove_ring(patient=False)
    become(commands.web(host, port))


@app.command()
def worker(
    name: Annotated[str, typer.Argument(help="transactional (safety too), or everything (reminder, education, housekeeping)")],
    data_dir: DataDir = VAR,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Tasks at a time.")] = 4,
) -> None:
    """Send mail and keep house."""
    attach(data_dir)
    prove_ring(patient=True)
    become(commands.worker(name, threads=threads))


@app.command()
def beat(data_dir: DataDir = VAR) -> None:
    """Give the workers their hints."""
    attach(data_dir)
    prove_ring(patient=True)
    commands.beat_file().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    become(commands.beat())


@app.command()
def mailbox(data_dir: DataDir = VAR, host: Host = "127.0.0.1", port: Port = 2525) -> None:
    """Keep every mail in a Maildir instead of sending it: for trying only."""
    attach(data_dir)
    become(commands.mailbox(data_dir.resolve() / "mailbox", host, port))


@app.command()
def alive(
    names: Annotated[list[str], typer.Argument(help="web, mailbox, inbound, beat, or names of queues")],
    data_dir: DataDir = VAR,
    port: Port = 8000,
) -> None:
    """Exit with 0 when these do their work: pages answer, and a queue's heartbeat is younger than 30 seconds."""
    attach(data_dir)
    dead = [name for name in names if not is_alive(name, port)]
    if dead:
        raise LeadsError(f"No sign of life: {', '.join(dead)}.")


def is_alive(name: str, port: int) -> bool:
    """True when one of them does its work; beat is known by the heartbeats it asks for, of whichever queue."""
    if name == "web":
        return ready.answers(f"http://127.0.0.1:{port}/healthz")
    if name in ("mailbox", "inbound"):
        return ready.greets("127.0.0.1", port)
    return bool(ready.alive()) if name == "beat" else name in ready.alive()


def prove_ring(*, patient: bool) -> None:
    """Return once the key ring is known to be this database's own; raises ConfigError where it is not, before a line is written with it.

    The patient wait for a database that does not answer. Pages do not: the crisis page is there while everything else is down.
    """
    while True:
        try:
            with db.transaction() as session:
                return prove_keys(session)
        except db.DATABASE_AWAY:
            if not patient:
                return None
            time.sleep(ASK_AGAIN_AFTER)


def become(command: list[str]) -> None:
    """Replace this process by another, which then gets the signals."""
    os.execv(command[0], command)  # noqa: S606
