"""The chain names the first entry that was touched."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leads.audit.seal import seal, verify
from leads.audit.trail import record_about
from leads.db import new_id, transaction


def three_entries(session: Session) -> list[str]:
    entries = [record_about(session, "lead.moved", "leads", new_id(), step=number) for number in range(3)]
    session.flush()
    return [str(entry.id) for entry in entries]


def test_a_sealed_chain_holds(session: Session) -> None:
    three_entries(session)
    assert seal(session) == 3
    assert verify(session).holds
    assert verify(session).sealed == 3


def test_sealing_again_adds_nothing(session: Session) -> None:
    three_entries(session)
    seal(session)
    assert seal(session) == 0


def test_what_is_not_sealed_yet_is_counted(session: Session) -> None:
    three_entries(session)
    seal(session)
    three_entries(session)
    assert verify(session).unsealed == 3


def test_a_changed_entry_is_named(session: Session) -> None:
    second = three_entries(session)[1]
    seal(session)
    session.execute(text("ALTER TABLE audit_entries DISABLE TRIGGER append_only"))
    session.execute(text("UPDATE audit_entries SET actor = 'somebody' WHERE id = :id"), {"id": second})
    session.expire_all()
    assert verify(session).first_bad == second


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"])
def test_the_trail_refuses_to_be_rewritten(session: Session, change: str) -> None:
    three_entries(session)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(text(change))


@pytest.mark.committed
def test_nobody_who_writes_waits_for_the_sealer(database: None) -> None:
    with transaction() as writer:
        three_entries(writer)
    with transaction() as sealer:
        assert seal(sealer) == 3
        sealer.flush()
        with transaction() as other:
            other.execute(text("SET LOCAL lock_timeout = '100ms'"))
            three_entries(other)
        with transaction() as second:
            # A second sealer leaves it to the first.
            assert seal(second) == 0
    with transaction() as later:
        assert (seal(later), verify(later).holds) == (3, True)


def test_it_is_sealed_within_seconds(redis_url: str) -> None:
    # Read here: with it comes the broker's address.
    from config.celery import BEAT

    (sealing,) = [each for each in BEAT.values() if each["task"] == "tasks.seal.seal_audit"]
    assert sealing["schedule"] <= 5
