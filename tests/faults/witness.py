"""What the database itself saw: in which order messages were let go and people said stop, and who let them go.

A deferred trigger fires in the commit, while both sides still hold the person's lock, and asks the database's own clock: the order it
notes is the order in which they were committed, whatever the product's stamps say.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from tests.faults.house import House

# In a schema of its own, which a restore does not clear; the triggers go with their tables.
STAND = """
CREATE SCHEMA IF NOT EXISTS witness;
CREATE TABLE IF NOT EXISTS witness.seen (what text, who uuid, at timestamptz, worker text);
CREATE OR REPLACE FUNCTION witness.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'delivery_attempts' THEN
        INSERT INTO witness.seen VALUES ('let-go', NEW.message_id, clock_timestamp(), current_setting('application_name'));
    ELSE
        INSERT INTO witness.seen VALUES ('stop', NEW.person_id, clock_timestamp(), NULL);
    END IF;
    RETURN NULL;
END $$;
"""
# An attempt that has its outcome when it is written was refused before the dot: nothing was let go.
WATCHED = {"delivery_attempts": "NEW.outcome IS NULL", "holds": "true", "suppressions": "NEW.person_id IS NOT NULL", "pauses": "true"}
WATCH = """
DROP TRIGGER IF EXISTS witness ON {table};
CREATE CONSTRAINT TRIGGER witness AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION witness.note();
"""
STANDING = "SELECT count(*) FROM pg_trigger WHERE tgname = 'witness'"


def stand(house: House, *, afresh: bool = True) -> None:
    """Have the database watch from now on; `afresh`: and forget what it saw."""
    if house.query("SELECT 1 FROM pg_namespace WHERE nspname = 'witness'") == [] or house.query(STANDING) != [(len(WATCHED),)]:
        house.query(STAND + "".join(WATCH.format(table=table, when=when) for table, when in WATCHED.items()))
    if afresh:
        house.query("TRUNCATE witness.seen")


def let_go(house: House, ids: Sequence[uuid.UUID]) -> dict[str, list[datetime]]:
    """Return when each of these messages was let go."""
    went: dict[str, list[datetime]] = {}
    for id, at in house.query("SELECT who, at FROM witness.seen WHERE what = 'let-go' AND who = ANY(%s)", list(ids)):
        went.setdefault(id.hex, []).append(at)
    return went


def stopped(house: House, ids: Sequence[uuid.UUID]) -> dict[str, datetime]:
    """Return when the person of each of these messages first said stop."""
    ask = """SELECT m.id, min(seen.at) FROM messages m JOIN witness.seen ON seen.who = m.person_id AND seen.what = 'stop'
        WHERE m.id = ANY(%s) GROUP BY m.id"""
    return {id.hex: at for id, at in house.query(ask, list(ids))}


def let_go_by(house: House, worker: str) -> int:
    """Return how many messages were let go over a connection that goes by this name."""
    [(count,)] = house.query("SELECT count(*) FROM witness.seen WHERE what = 'let-go' AND worker = %s", worker)
    return int(count)
