"""One real PostgreSQL for the whole run; each test's story is undone, or, where it must really commit, wiped."""

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DATA_DIR = Path(tempfile.mkdtemp(prefix="handoff-test-"))
DATA_DIR.chmod(0o755)
# Every process makes one, the one that hands out the tests as well, which runs none.
atexit.register(shutil.rmtree, DATA_DIR, ignore_errors=True)
os.environ["HANDOFF_DATA_DIR"] = str(DATA_DIR)
os.environ["HANDOFF_MODE"] = "local"
for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL"):
    os.environ.pop(name, None)

import psycopg  # noqa: E402
import pytest  # noqa: E402
from argon2 import PasswordHasher  # noqa: E402
from playwright.sync_api import Browser, expect, sync_playwright  # noqa: E402
from sqlalchemy import text  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402
from xdist.scheduler import LoadFileScheduling  # noqa: E402

from config import logging  # noqa: E402
from config.settings import settings  # noqa: E402
from leads import clock, db, migrate  # noqa: E402
from leads.accounts import passwords  # noqa: E402
from leads.local import embedded  # noqa: E402
from leads.local.mailbox import serve  # noqa: E402
from leads.local.redis import free_port  # noqa: E402
from leads.messages import refusals, sendable  # noqa: E402
from leads.messages.carriers import either  # noqa: E402
from leads.messages.mailbox import Mail, read_all  # noqa: E402
from leads.messages.pace import pace  # noqa: E402
from leads.models import metadata  # noqa: E402
from leads.security import keys  # noqa: E402

CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLOWS = "tests/flows/"
# Real processes and browsers: begun last, one of these would keep its worker busy long after the others are done. Those that wait
# and those that compute take turns, for while all wait nobody uses the machine.
LONG = (
    "tests/faults/test_servers.py",
    "tests/browser/test_console_pages.py",
    FLOWS,
    "tests/browser/test_axe.py",
    "tests/faults/test_deaths.py",
    "tests/local/test_up.py",
    "tests/browser/",
    "tests/faults/",
    "tests/test_compose.py",
    "tests/local/",
    "tests/http/console/",
    "tests/backup/",
    "tests/sequences/",
)
# A Tuesday, 10:00 in New Haven: no holiday near, office open.
TUESDAY = datetime(2026, 10, 6, 14, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Mailbox:
    """A real SMTP server on loopback and what it was given."""

    url: str
    folder: Path

    @property
    def messages(self) -> list[Mail]:
        """What arrived since the test began, in order."""
        return read_all(self.folder)[::-1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; files are handed to the workers in this order."""
    items.sort(key=lambda item: next((place for place, each in enumerate(LONG) if item.nodeid.startswith(each)), len(LONG)))


class ByFile(LoadFileScheduling):
    """A file at a time for each worker, and the flows as one: they share a running system."""

    def _split_scope(self, nodeid: str) -> str:
        return FLOWS if nodeid.startswith(FLOWS) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Hand the tests out so."""
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Read the tests without looking for what could be forgotten: all that is imported stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Look no more through what stands for good: thousands of tests, hundreds of routes, all that was imported."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def data_dir() -> Path:
    """A data folder with a key ring; passwords are scrambled in a moment, for hundreds of tests sign in."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    logging.configure("tests")
    keys.make(settings().keyring_file)
    return DATA_DIR


@pytest.fixture(scope="session")
def postgres(data_dir: Path) -> Iterator[str]:
    """The URL of a real, migrated PostgreSQL."""
    with embedded.postgres_server(data_dir) as url:
        os.environ["DATABASE_URL"] = url
        settings.cache_clear()
        db.engine.cache_clear()
        write_without_waiting(url)
        migrate.upgrade(db.engine())
        yield url
        db.engine().dispose()


def write_without_waiting(url: str) -> None:
    """Leave it to the system when what is committed reaches the disk: nobody pulls a plug here, and the data goes with the server."""
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def redis_server(data_dir: Path) -> Iterator[str]:
    """A real Redis, or fakeredis where there is none; started once."""
    with embedded.redis_server(data_dir) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of Redis, in the settings for one test."""
    monkeypatch.setenv("REDIS_URL", redis_server)
    settings.cache_clear()
    yield redis_server
    monkeypatch.delenv("REDIS_URL")
    settings.cache_clear()


@pytest.fixture(scope="session")
def mail_server(data_dir: Path) -> Iterator[Mailbox]:
    """A real SMTP server; started once."""
    folder, port = data_dir / "mail", free_port()
    folder.mkdir()
    server = serve(folder / "mailbox", port)
    yield Mailbox(f"smtp://127.0.0.1:{port}", folder)
    server.stop()


@pytest.fixture
def mailbox(mail_server: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """An empty mailbox behind a real SMTP server, in the settings for one test."""
    for mail in (mail_server.folder / "mailbox" / "new").iterdir():
        mail.unlink()
    monkeypatch.setenv("SMTP_URL", mail_server.url)
    settings.cache_clear()
    yield mail_server
    monkeypatch.delenv("SMTP_URL")
    settings.cache_clear()


@pytest.fixture
def database(postgres: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """The database for one test: everything is rolled back; with the mark `committed` it really commits and is wiped."""
    forget_carriers()
    if request.node.get_closest_marker("committed"):
        yield
        wipe()
        return
    with db.engine().connect() as connection:
        outer = connection.begin()
        # What a commit would bring up to date is brought up to date at once, for this story is never committed.
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        with db.joined_to(connection):
            yield
        outer.rollback()


def forget_carriers() -> None:
    """Forget what this process has learned of its carriers: who was too fast, refused or away in one story says nothing of the next."""
    sendable.forget()
    pace.cache_clear()
    refusals._refused.clear()
    either._resting.clear()


def wipe() -> None:
    """Empty every table."""
    tables = [table.name for table in metadata.sorted_tables]
    with db.engine().begin() as connection:
        filled = connection.scalars(text(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables))).all()
        # A TRUNCATE of all makes the files of some three hundred tables and indexes anew, twenty times as long as what most stories leave.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for name in filled:
            connection.execute(text(f"DELETE FROM {name}"))


@pytest.fixture
def session(database: None) -> Iterator[Session]:
    """A session in a transaction."""
    with db.transaction() as session:
        yield session


@pytest.fixture
def tuesday() -> Iterator[Callable[[timedelta], None]]:
    """The clock stands at Tuesday, 10:00 in New Haven; call the fixture with a timedelta to move on."""
    with clock.frozen(TUESDAY) as advance:
        yield advance


@pytest.fixture
def freeze() -> Callable[[datetime], AbstractContextManager[Callable[[timedelta], None]]]:
    """The clock, to be stopped where the test wants."""
    return clock.frozen


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; without one the tests are skipped, but never where CI says so."""
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        missing = "There is no Chromium on PATH: install the package `chromium` to run the browser tests."
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    # It ends with what is expected; five seconds would fail a busy machine.
    expect.set_options(timeout=30_000)
    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()
