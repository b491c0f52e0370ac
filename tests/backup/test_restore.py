"""What comes back is what was taken away."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text

from leads import db, migrate
from leads.accounts.models import StaffSession
from leads.accounts.sessions import signed_in
from leads.accounts.sign_in import SignedIn, sign_in
from leads.audit.models import AuditEntry
from leads.audit.seal import seal, verify
from leads.backup.age import identities
from leads.backup.restore import Restored, inspect, restore
from leads.messages.models import Message
from leads.people.models import Person
from leads.pipeline.models import Lead
from tests.accounts.cast import PASSWORD, make_account
from tests.backup.conftest import make_backup
from tests.cast import ACTOR, make_lead

pytestmark = pytest.mark.committed
BringBack = Callable[..., Restored]


def test_every_table_comes_back_with_as_many_rows(backup: Path, bring_back: BringBack) -> None:
    done = bring_back()
    with db.transaction() as session:
        counts = {name: session.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in done.contents.rows}
    # The restore itself is on record, the stop it puts in force, and each message that it keeps back.
    assert counts.pop("audit_entries") == done.contents.rows.pop("audit_entries") + 2 + done.to_review
    assert counts.pop("sending_stops") == done.contents.rows.pop("sending_stops") + 1
    assert counts == done.contents.rows


def test_what_was_sealed_can_be_read(bring_back: BringBack) -> None:
    assert bring_back().ring_fits
    with db.transaction() as session:
        person, message = session.scalars(select(Person)).one(), session.scalars(select(Message)).first()
        assert (person.given_name, person.email) == ("Ana", "ana@example.com")
        assert message
        assert message.facts == {"office": "woodbury"}


def test_the_audit_chain_still_holds_and_the_restore_is_on_record(
    tmp_path: Path, clinic_at_work: None, recipient: str, keyfile: Path, elsewhere_later: Callable[[], None]
) -> None:
    with db.transaction() as session:
        seal(session)
    path = make_backup(tmp_path / "sealed.backup", recipient).path
    elsewhere_later()
    restore(path, identities(keyfile), actor=ACTOR)
    with db.transaction() as session:
        assert seal(session) > 0
        assert verify(session).holds
        assert session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "backup.restored")).one() == ACTOR


def test_numbers_go_on_where_they_were(bring_back: BringBack) -> None:
    bring_back()
    with db.transaction() as session:
        before = session.scalars(select(Lead.serial)).one()
        person = session.scalars(select(Person)).one()
        assert make_lead(session, person).serial == before + 1


def test_nobody_is_signed_in_any_more(
    tmp_path: Path, clinic_at_work: None, recipient: str, keyfile: Path, elsewhere_later: Callable[[], None]
) -> None:
    with db.transaction() as session:
        make_account(session)
        entered = sign_in(session, "casey@example.com", PASSWORD, source=b"here")
    assert isinstance(entered, SignedIn)
    path = make_backup(tmp_path / "signed-in.backup", recipient).path
    elsewhere_later()
    restore(path, identities(keyfile), actor=ACTOR)
    with db.transaction() as session:
        assert signed_in(session, entered.secret) is None
        assert session.scalars(select(StaffSession.ended_at)).one()


def test_an_older_schema_is_brought_up_to_date(tmp_path: Path, database: None, recipient: str, keyfile: Path, elsewhere: str) -> None:
    migrate.upgrade(db.engine(), to="c41d07be1045")
    path = make_backup(tmp_path / "older.backup", recipient).path
    db.engine().dispose()
    restore(path, identities(keyfile), over=True, actor=ACTOR)
    with db.engine().connect() as connection:
        assert migrate.is_current(connection)
        assert migrate.differences(connection) == []


def test_a_database_that_is_replaced_keeps_nothing_of_its_own(bring_back: BringBack) -> None:
    bring_back()
    with db.transaction() as session:
        make_lead(session)
    db.engine().dispose()
    bring_back(over=True)
    with db.transaction() as session:
        assert len(session.scalars(select(Lead.id)).all()) == 1


def test_a_look_at_the_file_touches_no_database(backup: Path, keyfile: Path, elsewhere: str) -> None:
    assert inspect(backup, identities(keyfile)).rows["leads"] == 1
    with db.engine().connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) == 0
