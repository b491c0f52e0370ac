"""`handoff demo`: synthetic people, so that there is something to look at."""

from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config.settings import settings
from leads.cli.root import VAR, DataDir, app, err, out, refuse
from leads.clock import now
from leads.db import transaction
from leads.inquiries.receive import quarantine
from leads.local.demo import Character, cast
from leads.local.place import attach
from leads.local.play import first_account, play
from leads.local.refer import Sent, play_referral, referrals
from leads.messages.carriers.known import open_carrier


@app.command()
def demo(
    data_dir: DataDir = VAR,
    people: Annotated[int, typer.Option(min=1, max=5_000, help="How many people.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
) -> None:
    """Fill a running local system with synthetic people over the past 90 days, and with referrals from a dozen practices."""
    attach(data_dir)
    if not settings().is_local:
        refuse("This is a production system: synthetic people belong on a trial machine only (HANDOFF_MODE=local).")
    sent = list(referrals(seed=seed, until=now()))
    _live(list(cast(people, seed=seed, until=now())), sent)
    out.print(f"{people} synthetic people have written in the past 90 days, and {len(sent)} were referred by a dozen practices.")
    out.print(f"Look at {settings().public_url}/console")


def _live(characters: list[Character], sent: list[Sent]) -> None:
    until, carrier = now(), open_carrier()
    with transaction() as session:
        actor = first_account(session)
        for number in range(3):
            raw = {"given_name": "Buy now", "message": f"Cheap watches, offer {number}", "email": f"offers{number}@example.com"}
            quarantine(session, raw, channel="page", why="honeypot")
    try:
        with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err) as progress:
            for character in progress.track(characters, description="people"):
                play(character, carrier, until=until, actor=actor)
            for each in progress.track(sent, description="referrals"):
                play_referral(each, carrier, until=until, actor=actor)
    finally:
        carrier.close()
