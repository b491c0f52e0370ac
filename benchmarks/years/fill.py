"""Bringing a clinic's years into a database: in chunks, two at a time."""

from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context

import psycopg
from rich.progress import track
from sqlalchemy import select
from sqlalchemy.engine import make_url

from benchmarks.leads_data import copy_rows, name_of
from benchmarks.years.rows import COLUMNS, Rows, write
from benchmarks.years.statements import AT_LAST, BEGIN, OF_STORIES
from benchmarks.years.story import Clinic, story_of
from config.settings import settings
from leads import db
from leads.accounts.staff import create_account
from leads.providers.models import Practice, Provider
from leads.sequences.publish import publish

CHUNK = 5_000
EMAIL, PASSWORD = "bench@clinic.test", "four unrelated words here"


def fill(count: int) -> None:
    """Bring so many leads into the empty database in use."""
    clinic, chunks = _open(count), [range(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    # Nobody who is forked may hold a line of ours.
    db.engine().dispose()
    with ProcessPoolExecutor(2, get_context("fork")) as pool:
        told = {"total": len(chunks), "transient": True, "disable": count < CHUNK}
        for _ in track(pool.map(partial(_bring_in, clinic), chunks), f"{count:,} leads", **told):
            pass
    with _connect() as connection:
        for statement in AT_LAST:
            connection.execute(statement.encode())


def database_of(url: str, count: int) -> str:
    """Return the URL of the kept database with so many leads."""
    return make_url(url).set(database=f"bench_leads_{count}").render_as_string(hide_password=False)


def _connect() -> psycopg.Connection:
    url = settings().database_url
    assert url is not None
    connection = psycopg.connect(url.get_secret_value(), autocommit=True)
    # Nothing of this is anybody's doing: what the triggers keep is filled in at once at the end.
    connection.execute("SET session_replication_role = replica")
    return connection


def referrers_of(count: int) -> int:
    """Return how many clinicians refer to a clinic with so many leads."""
    return max(50, count // 500)


def referrer_named(number: int) -> tuple[str, str]:
    """Return the given and family name of the referrer of this number."""
    return name_of(10_000_000 + number)


def _open(count: int) -> Clinic:
    now = datetime.now(UTC)
    with db.transaction() as session:
        staff = [create_account(session, email=EMAIL, name="Bench", password=PASSWORD, roles=["coordinator"]).id]
        for number in range(1, 12):
            given, family = name_of(20_000_000 + number)
            words = {"email": f"colleague{number}@clinic.test", "name": f"{given} {family}"}
            staff.append(create_account(session, **words, password=None, roles=["coordinator"]).id)
        publish(session)
        for number in range(referrers_of(count)):
            session.add_all(_referrer(number, now))
    with db.transaction() as session:
        known = session.execute(select(Provider, Practice).join(Practice, Practice.id == Provider.practice_id)).all()
        said = [(each.id, practice.id, _as_said(each, practice)) for each, practice in known]
    return Clinic(count, now, tuple(staff), tuple(sorted(said, key=lambda each: each[2]["npi"])))


def _referrer(number: int, now: datetime) -> tuple[Practice, Provider]:
    given, family = referrer_named(number)
    practice = Practice(name=f"{family} Family Medicine", name_key=f"{family} family medicine".lower(), verified_at=now, created_at=now)
    return practice, Provider(
        npi=str(1_000_000_000 + number), given_name=given, family_name=family, practice_id=practice.id, sources={}, notify="each",
        email=f"{given}.{family}@practice{number}.test".lower(), verified_at=now, created_at=now,
    )  # fmt: skip


def _as_said(provider: Provider, practice: Practice) -> dict[str, str]:
    words = {"family_name": provider.family_name, "given_name": provider.given_name, "npi": provider.npi, "email": provider.email}
    return {**{name: word or "" for name, word in words.items()}, "practice": practice.name}


def _bring_in(clinic: Clinic, numbers: range) -> None:
    rows: Rows = defaultdict(list)
    for number in numbers:
        write(rows, clinic, story_of(clinic, number))
    with _connect() as connection, connection.transaction():
        connection.execute(BEGIN)
        for table, its in rows.items():
            copy_rows(connection, table, COLUMNS[table], its)
        for statement in OF_STORIES:
            connection.execute(statement.encode())
