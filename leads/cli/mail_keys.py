"""`handoff mail-keys`: the keys that sign our mail, and the records that let others check it."""

import typer

from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.local import attach
from leads.messages.mail_keys import Signing, make_keys, record_of, signing_keys

mail_keys = typer.Typer(help="The keys that sign our mail (DKIM), where no relay does.", no_args_is_help=True)
app.add_typer(mail_keys, name="mail-keys")


@mail_keys.command()
def make(as_json: AsJson = False, data_dir: DataDir = VAR) -> None:
    """Make the keys that `mail.dkim` names and that are not there yet, and print what to publish; one that is there stays as it is."""
    attach(data_dir)
    _print(make_keys(), as_json=as_json)


@mail_keys.command()
def show(as_json: AsJson = False, data_dir: DataDir = VAR) -> None:
    """Print what to publish for the keys there are; the private halves stay in their files."""
    attach(data_dir)
    _print(list(signing_keys()), as_json=as_json)


def _print(signings: list[Signing], *, as_json: bool) -> None:
    records = [record_of(each) for each in signings]
    if as_json:
        return print_json([record._asdict() for record in records])
    out.print("Publish these, then say `sign: true` under mail.dkim in clinic.yml and `handoff doctor mail`.")
    for record in records:
        typer.echo(record.in_zone)
    return None
