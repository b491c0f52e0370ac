"""A plain Celery task per mail that connects, sends and commits: what one writes first.

BENCH_BROKER, BENCH_DATABASE, BENCH_SMTP_PORT and BENCH_MAIL (the file of one mail) come from the environment.
"""

import os
import smtplib
from functools import lru_cache
from pathlib import Path

import psycopg
from celery import Celery

app = Celery("per-mail", broker=os.environ.get("BENCH_BROKER", ""))
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=4, broker_connection_retry_on_startup=True)
TABLE = "CREATE TABLE IF NOT EXISTS per_mail (id int PRIMARY KEY, address text, state text, sent_at timestamptz)"


@lru_cache
def database() -> psycopg.Connection:
    """Return this worker's kept connection."""
    return psycopg.connect(os.environ["BENCH_DATABASE"])


@lru_cache
def mail() -> bytes:
    """Return the mail everybody gets."""
    return Path(os.environ["BENCH_MAIL"]).read_bytes()


@app.task
def send(number: int) -> None:
    """Send one mail and mark it."""
    row = database().execute("SELECT address FROM per_mail WHERE id = %s AND state = 'due' FOR UPDATE", (number,)).fetchone()
    if row is not None:
        with smtplib.SMTP("127.0.0.1", int(os.environ["BENCH_SMTP_PORT"])) as server:
            server.sendmail("care@example.com", [row[0]], mail())
        database().execute("UPDATE per_mail SET state = 'sent', sent_at = now() WHERE id = %s", (number,))
    database().commit()
