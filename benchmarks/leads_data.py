"""Leads by the million: people in cells as the product seals them, their leads, to-dos and stages, brought in by COPY."""

import random
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import psycopg
from rich.progress import track

from config.settings import settings
from leads.db import new_id
from leads.people.match import email_index, phone_index
from leads.people.names import buckets_of
from leads.security.fields import seal

CHUNK = 10_000
GIVEN = (
    "Ana Luis Priya Noah Grace Theo Mina Omar Ines Rosa Hana Tariq Lucia Mateo Silvia Andre Amir Lena Jonas Petra Yusuf Clara Diego Maeve"
)
BEGIN, MIDDLE, END = (
    "Al Ber Cor Dan Er Fal Gor Hol Is Jan Kel Lin Mor Nor Ok Pat",
    "a e i o en an or er ar el",
    "va ric son ton ez ski man da ley ner",
)
OFFICES, SOURCES = ("new-haven", "woodbury", "none"), ("inquiry", "inquiry", "inquiry", "referral", "phone")
OPEN_STAGES = ("new", "contacted", "screening", "qualified", "booked", "in_care")
KINDS = ("call", "call", "call", "look", "look", "review-screening", "phone-instead", "settle-unknown")
STANDINGS = """
INSERT INTO standings (id, need, call_at, act_at, due_at, held, confirmed, office, stage, source, assigned_to)
SELECT id, need, call_at, act_at, due_at, held, confirmed, office, stage, source, assigned_to FROM standing_of
"""
CHANGES = """
INSERT INTO stage_changes (id, lead_id, to_stage, actor, at) SELECT uuidv7(), id, 'new', 'system', opened_at FROM leads
"""
LONG_AGO = datetime(2026, 1, 5, tzinfo=UTC)
CELLS = "given_name, family_name, email, phone"
PEOPLE = f"id, {CELLS}, email_index, phone_index, name_buckets, language, safe_voicemail, safe_email, discreet, created_at"
LEADS = "id, person_id, stage, office, source, for_whom, opened_at, expected_by, reached_at, promise_told_at, closed_at, outcome, version"
TODOS = "id, person_id, lead_id, kind, role, urgent, due_at, opened_by, opened_at"
CONFIRMATIONS = "id, person_id, address_index, method, actor, at"
CONFIRMED = f"INSERT INTO confirmations ({CONFIRMATIONS}) SELECT uuidv7(), id, email_index, 'button', 'system', created_at FROM people"
CONSENTS = """
INSERT INTO consents (id, person_id, kind, act, source, method, actor, at)
SELECT uuidv7(), id, kind, 'grant', 'inquiry', 'page', 'system', created_at
  FROM people, unnest(ARRAY['contact', 'education', 'unencrypted_email']) kind
"""


@lru_cache(maxsize=16)
def name_of(number: int) -> tuple[str, str]:
    """Return the given and family name of the person of this number: 24 given names, some sixteen thousand family names."""
    dice = random.Random(number)
    first, second = (dice.choice(BEGIN.split()) + dice.choice(MIDDLE.split()) + dice.choice(END.split()) for _ in range(2))
    return dice.choice(GIVEN.split()), f"{first}-{second}" if dice.random() < 0.1 else first + second[-3:]


def email_of(number: int) -> str:
    """Return the address of the person of this number."""
    return f"person{number}@example.com"


def phone_of(number: int) -> str:
    """Return the telephone of the person of this number; they are many more than the numbers set aside for examples."""
    return f"+1203{5_000_000 + number:07d}"


def fill(count: int) -> None:
    """Bring so many leads into the database in use, half of them open."""
    url = settings().database_url
    assert url is not None
    with psycopg.connect(url.get_secret_value(), autocommit=True) as connection:
        # Nothing of this is anybody's doing: what the triggers keep is filled in at once at the end.
        connection.execute("SET session_replication_role = replica")
        for first in track(range(0, count, CHUNK), f"{count:,} leads", transient=True, disable=count < CHUNK):
            with connection.transaction():
                _bring_in(connection, range(first, min(first + CHUNK, count)))
        connection.execute(CHANGES)
        connection.execute(STANDINGS)
        connection.execute("VACUUM ANALYZE")


def fill_with_readers(count: int) -> None:
    """Bring so many people into the empty database in use who may all be written to, and nothing else."""
    url = settings().database_url
    assert url is not None
    with psycopg.connect(url.get_secret_value(), autocommit=True) as connection:
        copy_rows(
            connection, "people", PEOPLE, (person_row(number, new_id(), email_index(email_of(number)), LONG_AGO) for number in range(count))
        )
        connection.execute(CONFIRMED)
        connection.execute(CONSENTS)
        connection.execute("VACUUM ANALYZE")


def _bring_in(connection: psycopg.Connection, numbers: range) -> None:
    made = [list(_rows(number)) for number in numbers]
    for place, (table, columns) in enumerate(
        zip(("people", "leads", "todos", "confirmations"), (PEOPLE, LEADS, TODOS, CONFIRMATIONS), strict=True)
    ):
        copy_rows(connection, table, columns, (row for each in made if (row := each[place])))


def copy_rows(connection: psycopg.Connection, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Bring rows into a table, their values in the order of the columns."""
    with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _rows(number: int) -> Iterator[tuple[Any, ...] | None]:
    """Yield a person, their lead, its to-do and their confirmation; None where there is none."""
    dice, now = random.Random(number), datetime.now(UTC)
    person_id, lead_id = new_id(), new_id()
    opened = now - timedelta(minutes=dice.randrange(2_000_000))
    address = email_index(email_of(number))
    yield person_row(number, person_id, address, opened)
    closed = opened + timedelta(days=40) if dice.random() < 0.5 else None
    stage = "closed" if closed else dice.choice(OPEN_STAGES)
    reached = None if stage == "new" else opened + timedelta(hours=5)
    # Most of who is new today wrote today: a clinic that called nobody for years is no clinic.
    promise = (now if stage == "new" else opened) + timedelta(hours=dice.randrange(-9, 60))
    outcome = "not-a-fit" if closed else None
    office, source = dice.choice(OFFICES), dice.choice(SOURCES)
    yield lead_id, person_id, stage, office, source, "self", opened, promise, reached, promise, closed, outcome, 1
    due = now + timedelta(hours=dice.randrange(-20, 2_000))
    has_todo = not closed and dice.random() < 0.5
    yield (new_id(), person_id, lead_id, dice.choice(KINDS), "coordinator", False, due, "system", opened) if has_todo else None
    yield (new_id(), person_id, address, "button", "system", opened) if dice.random() < 0.8 else None


def person_row(number: int, person_id: uuid.UUID, address: bytes, created: datetime) -> tuple[Any, ...]:
    """Return the person of this number, their values in the order of `PEOPLE`."""
    given, family = name_of(number)
    values = (("given_name", given), ("family_name", family), ("email", email_of(number)), ("phone", phone_of(number)))
    cells = [seal(value, table="people", column=column, row_id=person_id) for column, value in values]
    return (person_id, *cells, address, phone_index(phone_of(number)), buckets_of(given, family), "en", True, True, False, created)
