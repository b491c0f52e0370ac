"""Messages and leads by the million, made in the database itself; `make bench-data` makes those of the long form once and keeps them."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

FOLDER = Path(__file__).parent / "data"
SIZES = {"10 k": 10_000, "1 M": 1_000_000, "5 M": 5_000_000}
LEADS = (10_000, 1_000_000)
DUE, PEOPLE = 5_000, 1_000

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True, mode=0o755)
    os.environ |= {"HANDOFF_DATA_DIR": str(FOLDER), "HANDOFF_MODE": "local"}

import psycopg  # noqa: E402
from rich.progress import track  # noqa: E402
from sqlalchemy.engine import make_url  # noqa: E402

from benchmarks.years import fill  # noqa: E402
from config.settings import settings  # noqa: E402
from leads import db, migrate  # noqa: E402
from leads.local import embedded  # noqa: E402
from leads.security import keys  # noqa: E402
from tests.cast import make_confirmed_person  # noqa: E402

FILL = """
INSERT INTO messages (id, person_id, occurrence, template, lane, topic, level, cause, depends_on, due_at, planned_for, local_due,
    moved_by, on_unknown, state, state_at, actor, created_at, sent_at, fence, attempts, lost_leases)
SELECT uuidv7(), people.ids[1 + n %% cardinality(people.ids)], 0, 'how-ketamine-works', %(lane)s, 'education', 2, 'benchmark', '{}',
    due.moment, due.moment, '', '[]', 'assume_sent', due.state, due.moment, 'system', due.moment,
    CASE WHEN due.state = 'sent' THEN due.moment END, 0, 0, 0
FROM (SELECT array_agg(id) ids FROM people) people, generate_series(%(first)s::int, %(last)s::int) n,
LATERAL (SELECT CASE WHEN n <= %(due)s THEN 'planned' WHEN n %% 2 = 0 THEN 'sent' ELSE 'planned' END state,
    now() + CASE WHEN n <= %(due)s THEN -interval '1 hour' + n * interval '1 millisecond'
                 WHEN n %% 2 = 0 THEN -interval '9 days' - n * interval '1 second' ELSE n * interval '1 second' END moment) due
"""
CHUNK = 100_000


def people(count: int) -> None:
    """Make people who may be written to."""
    for first in range(0, count, 500):
        with db.transaction() as session:
            for number in range(first, min(first + 500, count)):
                make_confirmed_person(session, email=f"person{number}@example.com", phone=None)


def messages(connection: psycopg.Connection, count: int, *, due: int, lane: str = "education", shown: str = "") -> None:
    """Add messages: `due` of them due, of the others half sent long ago and half planned for later."""
    chunks = range(1, count + 1, CHUNK)
    for first in track(chunks, shown, transient=True, disable=not shown):
        with connection.transaction():
            connection.execute(FILL, {"first": first, "last": min(first + CHUNK - 1, count), "due": due, "lane": lane})
    connection.execute("VACUUM ANALYZE messages")


@contextmanager
def server() -> Iterator[str]:
    """Run the kept PostgreSQL; yields its URL."""
    with embedded.postgres_server(FOLDER) as url:
        yield url


@contextmanager
def kept(*databases: str) -> Iterator[str]:
    """Run the kept PostgreSQL; yields its URL, or ends the run where one of these was not made yet."""
    with server() as url:
        with psycopg.connect(url, autocommit=True) as plain:
            there = {name for (name,) in plain.execute("SELECT datname FROM pg_database")}
        if missing := [name for name in databases if name not in there]:
            raise SystemExit(f"The data of the long form is not there ({', '.join(missing)}). `make bench-data` makes it once.")
        yield url


def database_of(url: str, size: str) -> str:
    """Return the URL of the database with so many messages."""
    return make_url(url).set(database=f"bench_{SIZES[size]}").render_as_string(hide_password=False)


def use(url: str) -> None:
    """Let this process work on a database."""
    os.environ["DATABASE_URL"] = url
    settings.cache_clear()
    db.engine.cache_clear()


def make() -> None:
    """Make what is not there yet, and bring what is there to the newest schema."""
    if not settings().keyring_file.exists():
        keys.make(settings().keyring_file)
    with server() as url, psycopg.connect(url, autocommit=True) as plain:
        there = {name for (name,) in plain.execute("SELECT datname FROM pg_database")}
        for size, count in SIZES.items():
            if f"bench_{count}" not in there:
                _make_one(plain, database_of(url, size), f"bench_{count}", partial(_people_and_messages, count))
            use(database_of(url, size))
            migrate.upgrade(db.engine())
            db.engine().dispose()
            print(f"{size} messages are there.")
        for count in LEADS:
            name = f"bench_leads_{count}"
            if name not in there:
                _make_one(plain, fill.database_of(url, count), name, partial(fill.fill, count))
            use(fill.database_of(url, count))
            migrate.upgrade(db.engine())
            db.engine().dispose()
            print(f"{count:,} leads are there.")


def _make_one(plain: psycopg.Connection, url: str, name: str, bring_in: Callable[[], None]) -> None:
    plain.execute(f"DROP DATABASE IF EXISTS {name}_new".encode())
    plain.execute(f"CREATE DATABASE {name}_new".encode())
    use(url.replace(name, f"{name}_new"))
    migrate.upgrade(db.engine())
    bring_in()
    db.engine().dispose()
    # Named only when whole: a run that was interrupted is begun again.
    plain.execute(f"ALTER DATABASE {name}_new RENAME TO {name}".encode())


def _people_and_messages(count: int) -> None:
    people(PEOPLE)
    with psycopg.connect(settings().database_url.get_secret_value(), autocommit=True) as connection:  # type: ignore[union-attr]
        messages(connection, count, due=DUE, shown=f"{count:,} messages")


@contextmanager
def own_keys() -> Iterator[None]:
    """Let this process read the cells of the kept databases, with the key ring that was made beside them."""
    before = os.environ.get("HANDOFF_DATA_DIR", "")
    try:
        _keys_of(str(FOLDER))
        yield
    finally:
        _keys_of(before)


def _keys_of(folder: str) -> None:
    os.environ["HANDOFF_DATA_DIR"] = folder
    settings.cache_clear()
    keys.ring.cache_clear()


if __name__ == "__main__":
    make()
