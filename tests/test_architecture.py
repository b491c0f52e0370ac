"""The import contract holds, and a planted wrong import breaks it."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import ROOT

PACKAGES = ("leads", "tasks", "config")
WRONG = {
    "a domain verb that knows a page": ("leads/consent/planted.py", "import leads.http.pages"),
    "a domain verb that knows FastAPI": ("leads/messages/planted.py", "import fastapi"),
    "a domain verb that knows Celery": ("leads/people/planted.py", "from celery import shared_task"),
    "a verb that calls up": ("leads/people/planted.py", "import leads.pipeline.stages"),
    "a page that gives tasks": ("leads/http/planted.py", "import tasks.deliver"),
    "a surface that knows another": ("leads/http/console/planted.py", "import leads.http.public"),
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True))"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(folder)}
    )


def python_files() -> list[Path]:
    return [path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if "migrations" not in path.parts]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_calls_go_down() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("what", WRONG)
def test_a_planted_wrong_import_breaks_the_contract(copy: Path, what: str) -> None:
    path, line = WRONG[what]
    planted = copy / path
    planted.write_text(f'"""Planted."""\n\n{line}\n')
    try:
        done = lint_imports(copy)
    finally:
        planted.unlink()
    assert done.returncode == 1
    assert "BROKEN" in done.stdout


# Claim and commit, `sending` and commit, write down and commit: delivery is the exception by nature.
DELIVERY = {"claim.py", "keep_pace.py", "permit.py", "send.py"}


def test_only_db_commits() -> None:
    allowed = {"db.py", "migrate.py", "round_trips.py"} | DELIVERY
    commits = [path for path in python_files() if ".commit(" in path.read_text() and path.name not in allowed]
    assert commits == []


def test_delivery_commits_by_round_trips_only() -> None:
    lines = [line for path in python_files() if path.name in DELIVERY for line in path.read_text().splitlines() if ".commit(" in line]
    assert [line for line in lines if "trips.commit(" not in line] == []


@pytest.mark.parametrize("path", python_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_each_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), path


def test_no_file_hides_behind_an_empty_name() -> None:
    empty = {"service", "services", "utils", "helpers", "manager", "common", "misc"}
    assert not [path for path in python_files() if path.stem in empty]
