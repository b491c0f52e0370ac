"""Bringing the database to the newest schema leaves nothing behind that others would trip over."""

from sqlalchemy import text

from leads import db, migrate


def test_the_haste_of_a_migration_does_not_stay_with_its_connection(postgres: str) -> None:
    migrate.upgrade(db.engine())
    with db.engine().connect() as connection:
        assert connection.scalar(text("SHOW lock_timeout")) == "0"
