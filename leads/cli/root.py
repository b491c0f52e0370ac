"""What every command shares: the app, its options, how data is printed and how a refusal leaves."""

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from leads.cli.commands import COMMANDS
from leads.errors import LeadsError


class Lazily(TyperGroup):
    """The commands: help knows them by name, and a file is imported when its command is asked for."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        unread = {name: TyperCommand(name, help=known.help) for name, known in COMMANDS.items()}
        self.commands = unread | dict(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in COMMANDS:
            import_module(f"leads.cli.{COMMANDS[args[0]].file}")
            self.commands = get_group(app).commands
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Lazily,
    help="Warm Handoff: referrals, leads and the mails that go with them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
DataDir = Annotated[Path, typer.Option("--data-dir", envvar="HANDOFF_DATA_DIR", help="Keys, embedded services and logs live here.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print data for machines.")]
VAR = Path("var")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@app.callback()
def _group() -> None: ...


def main() -> None:
    """Run the command line; a refusal is one sentence on standard error and exit code 1, wrong usage is 2."""
    try:
        if sys.argv[1:] not in ([], ["--help"]):
            _begin_logging()
        app()
    except LeadsError as error:
        refuse(error.message)
    except BrokenPipeError:
        sys.stderr.close()
    except Exception as error:
        sentence = _in_words(error)
        if sentence is None:
            raise
        refuse(sentence)


def _begin_logging() -> None:
    # Here and below: the settings and the database's library take longer to import than the list of commands to print.
    from config import logging

    logging.configure("handoff", for_command=True)


def _in_words(error: Exception) -> str | None:
    from sqlalchemy.exc import OperationalError, ProgrammingError

    from config.settings import SettingsError

    match error:
        case SettingsError():
            return str(error)
        case OperationalError():
            return "The database does not answer: is `handoff up` running, and does DATABASE_URL point to it?"
        case ProgrammingError():
            return f"The database does not know this ({type(error.orig).__name__}): bring it up to date with `handoff migrate`."
    return None


def refuse(message: str) -> None:
    """Print why not, and leave with 1."""
    err.print(message, markup=False)
    raise SystemExit(1)


def print_json(data: Any) -> None:
    """Print data as machines read it; moments and ids become text."""
    typer.echo(json.dumps(data, indent=1, default=str, ensure_ascii=False))
