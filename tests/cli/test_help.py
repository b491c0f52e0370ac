"""`handoff --help` answers at once and says of each command what the command says of itself."""

import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest
from typer.core import TyperGroup
from typer.main import get_group
from typer.testing import CliRunner

from leads import cli
from leads.cli.commands import COMMANDS
from leads.cli.root import app

HEAVY = ("sqlalchemy", "celery", "redis", "alembic", "pydantic", "fastapi")


@pytest.fixture(scope="module")
def everything() -> TyperGroup:
    """The app with every file of the folder imported."""
    for module in pkgutil.iter_modules(cli.__path__):
        if not module.name.startswith("_"):
            import_module(f"leads.cli.{module.name}")
    return get_group(app)


def files_of(command: object) -> set[str]:
    """The files that hold a command, or the commands of a group."""
    return {each.callback.__module__.removeprefix("leads.cli.") for each in getattr(command, "commands", {"": command}).values()}


def test_help_names_every_command_with_its_own_words(everything: TyperGroup) -> None:
    assert {name: command.help for name, command in everything.commands.items()} == {name: known.help for name, known in COMMANDS.items()}


def test_each_command_is_in_the_file_that_is_imported_for_it(everything: TyperGroup) -> None:
    assert [name for name, known in COMMANDS.items() if known.file not in files_of(everything.commands[name])] == []


def test_help_imports_nothing_that_takes_long() -> None:
    script = (
        f"import sys, leads.cli as cli\ntry: cli.main()\nfinally: print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script, "--help"], capture_output=True, text=True, timeout=60, check=True)
    assert "pause-sending" in done.stdout
    assert done.stderr.strip() == "[]"


def test_a_command_that_is_not_there_is_wrong_usage() -> None:
    refused = CliRunner().invoke(app, ["simulat"])
    assert refused.exit_code == 2
    assert "Did you mean 'simulate'" in refused.output
