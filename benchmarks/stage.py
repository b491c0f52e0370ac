"""What every benchmark stands on: real servers, a folder, and whether time is short."""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from leads import db, migrate


@dataclass(frozen=True)
class Stage:
    """One run of the benchmarks: `quick` for the short form, `long` for what needs millions of rows."""

    folder: Path
    database_url: str
    redis_url: str
    quick: bool
    long: bool

    def new_database(self, name: str, *, like_ours: bool = False) -> str:
        """Return the URL of an empty database beside ours; with our tables, where it is to be like ours."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        url = make_url(self.database_url).set(database=name).render_as_string(hide_password=False)
        if like_ours:
            engine = db.make_engine(url)
            migrate.upgrade(engine)
            engine.dispose()
        return url
