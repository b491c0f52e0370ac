"""`handoff keyring`: the keys that open the database, kept apart from it and from its backups."""

from pathlib import Path
from typing import Annotated

import typer

from leads.backup.age import identities, make_identity, recipients
from leads.backup.escrow import export_ring, import_ring
from leads.cli.backup import Identity, To
from leads.cli.root import VAR, DataDir, app, out
from leads.local import attach

keyring = typer.Typer(help="The key ring: without it nothing in the database, or in a backup, can be read.", no_args_is_help=True)
app.add_typer(keyring, name="keyring")
File = Annotated[Path, typer.Argument(metavar="FILE")]


@keyring.command()
def identity(file: File, data_dir: DataDir = VAR) -> None:
    """Make a pair of age keys: the identity goes into FILE, kept off this machine; backups are made for the recipient printed."""
    attach(data_dir)
    recipient = make_identity(file)
    out.print(f"{file} opens what is made for it: keep it where neither the database nor its backups are. The recipient:", markup=False)
    typer.echo(recipient)


@keyring.command()
def export(file: File, to: To = None, data_dir: DataDir = VAR) -> None:
    """Write the key ring to an encrypted file, to be kept apart from every backup."""
    attach(data_dir)
    export_ring(file, recipients(to or ()))
    out.print(f"{file}: the key ring, encrypted. Keep it, and what opens it, where no backup of the database lies.", markup=False)


@keyring.command(name="import")
def bring_back(file: File, identity: Identity, data_dir: DataDir = VAR) -> None:
    """Put an exported key ring back where this site looks for it."""
    attach(data_dir)
    target = import_ring(file, identities(identity))
    out.print(f"The key ring is at {target}. `handoff up`, or `handoff migrate`, says whether it fits the database.", markup=False)
