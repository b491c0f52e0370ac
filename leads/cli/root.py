"""What every command shares: the app, its options, how data is printed and how a refusal leaves."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from sqlalchemy.exc import OperationalError, ProgrammingError

from config import logging
from config.settings import SettingsError
from leads.errors import LeadsError

app = typer.Typer(
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


def main() -> None:
    """Run the command line; a refusal is one sentence on standard error and exit code 1, wrong usage is 2."""
    try:
        logging.configure("handoff", for_command=True)
        app()
    except LeadsError as error:
        refuse(error.message)
    except SettingsError as error:
        refuse(str(error))
    except OperationalError:
        refuse("The database does not answer: is `handoff up` running, and does DATABASE_URL point to it?")
    except ProgrammingError as error:
        refuse(f"The database does not know this ({type(error.orig).__name__}): bring it up to date with `handoff migrate`.")
    except BrokenPipeError:
        sys.stderr.close()


def refuse(message: str) -> None:
    """Print why not, and leave with 1."""
    err.print(message, markup=False)
    raise SystemExit(1)


def print_json(data: Any) -> None:
    """Print data as machines read it; moments and ids become text."""
    typer.echo(json.dumps(data, indent=1, default=str, ensure_ascii=False))
