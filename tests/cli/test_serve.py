"""No process starts on a database that its key ring does not open."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from config.settings import settings
from leads.cli import app, serve
from leads.db import transaction
from leads.errors import ConfigError
from leads.security import canary, keys

PROCESSES = (("web",), ("worker", "transactional"), ("worker", "everything"), ("beat",))
each_process = pytest.mark.parametrize("words", PROCESSES, ids=" ".join)


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The command lines that a process became."""
    lines: list[list[str]] = []
    monkeypatch.setattr(serve, "become", lines.append)
    yield lines
    for cached in (settings, keys.ring):
        cached.cache_clear()


@pytest.fixture
def sealed(database: None) -> None:
    """A database on which a key ring was used."""
    with transaction() as session:
        canary.prove(session)


def start(*words: str) -> BaseException | None:
    return CliRunner().invoke(app, [*words, "--data-dir", os.environ["HANDOFF_DATA_DIR"]]).exception


@each_process
def test_it_starts_with_the_databases_own_ring(sealed: None, started: list[list[str]], words: tuple[str, ...]) -> None:
    assert start(*words) is None
    assert len(started) == 1


@each_process
def test_it_refuses_another_databases_ring(
    sealed: None, started: list[list[str]], words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.make(tmp_path / "keys.json")
    monkeypatch.setenv("HANDOFF_KEYRING_FILE", str(tmp_path / "keys.json"))
    with pytest.raises(ConfigError, match="not the one this database was sealed with"):
        raise start(*words) or AssertionError
    assert not started


@each_process
def test_it_refuses_to_be_without_the_ring(
    sealed: None, started: list[list[str]], words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDOFF_KEYRING_FILE", str(tmp_path / "keys.json"))
    with pytest.raises(ConfigError, match="put the escrowed ring back"):
        raise start(*words) or AssertionError
    assert not started


@pytest.mark.parametrize(("words", "waits"), [(("web",), False), (("beat",), True)])
def test_only_the_pages_do_not_wait_for_a_database_that_is_away(
    sealed: None, started: list[list[str]], words: tuple[str, ...], waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, waited = [OperationalError("", None, Exception())], list[float]()

    def ask(_: object) -> None:
        if answers:
            raise answers.pop()

    monkeypatch.setattr(serve, "prove_keys", ask)
    monkeypatch.setattr("time.sleep", waited.append)
    assert start(*words) is None
    assert bool(waited) == waits
    assert len(started) == 1
