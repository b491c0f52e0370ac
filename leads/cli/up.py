"""`handoff up`: everything on this machine, until Ctrl-C."""

from typing import Annotated

import typer

from config.settings import settings
from leads.cli.root import VAR, DataDir, app, out
from leads.clock import now
from leads.local.up import Running, Wishes, interruptible, mind
from leads.local.up import up as start


@app.command()
def up(
    data_dir: DataDir = VAR,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the pages are, on loopback.")] = 8000,
    speed: Annotated[float, typer.Option(min=1, max=100_000, help="How many times as fast as real time the system's clock runs.")] = 1,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Worker processes for reminders, education and housekeeping.")] = 1,
) -> None:
    """Run the whole system here: database, Redis, mailbox, web, workers and beat, until Ctrl-C."""
    with interruptible(), start(Wishes(data_dir, port, speed, workers), tell) as running:
        greet(running)
        mind(running)
    out.print("Stopped. The data stays where it is.")


def tell(service: str, words: str) -> None:
    """Print the line of one service."""
    out.print(f"[bold]{service:<13}[/] ", end="")
    out.print(words, markup=False)


def greet(running: Running) -> None:
    """Say where everything is."""
    if running.clock:
        tell("clock", f"shows {now():%A, %Y-%m-%d %H:%M} UTC and runs {running.clock.speed:g} times as fast as the wall's")
    out.print(f"[bold green]ready[/] {running.wishes.url}")
    if running.sign_in:
        tell("sign in", f"{running.wishes.url}/console as {running.sign_in.email} with password {running.sign_in.password}")
    elif running.place.first_sign_in.exists():
        tell("sign in", f"{running.wishes.url}/console; the first account is in {running.place.first_sign_in}")
    tell("data", f"{running.place.root} (mode {settings().handoff_mode}; Ctrl-C stops)")
