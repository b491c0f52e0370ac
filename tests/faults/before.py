"""The product as it was a commit ago, to work beside today's: migrations must leave its workers a database they understand."""

import subprocess
import sys
from pathlib import Path

from config.settings import ROOT
from leads.local import commands
from tests.faults.table import Impossible

PARTS = ("leads", "tasks", "config", "templates")


def unpack(folder: Path) -> Path:
    """Return a copy of the product as of the last commit but one that changed it; raises Impossible where history is missing."""
    asked = ["log", "-2", "--format=%H", "--", *PARTS[:3]]
    commits = _git(*asked).decode().split()
    if len(commits) < 2:
        raise Impossible("the commit before is not here: clone with history (`git fetch --unshallow`)")
    folder.mkdir(exist_ok=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=_git("archive", commits[1], *PARTS), check=True)
    return folder


def worker(kind: str) -> list[str]:
    """Return a worker's command line, as a container of the old version has it."""
    return [sys.executable, *commands.worker(kind, number=9)[1:]]


def _git(*arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False)
    if done.returncode:
        raise Impossible("this is no git checkout, or it has no history")
    return done.stdout
