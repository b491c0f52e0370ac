"""What is not whole, not ours or not for now is refused in a sentence, and nothing is changed."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from leads import db, migrate
from leads.backup.age import Unreadable, encrypted, identities, make_identity, recipients
from leads.backup.restore import Restored, restore
from leads.errors import Conflict, Invalid, NotFound
from tests.backup.conftest import make_backup
from tests.cast import ACTOR

pytestmark = pytest.mark.committed


def tables() -> int:
    with db.engine().connect() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")) or 0)


@pytest.mark.parametrize("at", [0.0, 0.2, 0.9, 1.0])
def test_a_file_that_was_cut_off(backup: Path, elsewhere: str, keyfile: Path, at: float) -> None:
    whole = backup.read_bytes()
    backup.write_bytes(whole[: int(len(whole) * at) - (at == 1.0)])
    with pytest.raises(Unreadable, match="Nothing was changed"):
        restore(backup, identities(keyfile), actor=ACTOR)
    assert tables() == 0


@pytest.mark.parametrize("at", [0.01, 0.1, 0.5, 0.999])
def test_a_byte_that_was_changed(backup: Path, elsewhere: str, keyfile: Path, at: float) -> None:
    changed = bytearray(backup.read_bytes())
    changed[int(len(changed) * at)] ^= 1
    backup.write_bytes(changed)
    with pytest.raises(Unreadable, match="Nothing was changed"):
        restore(backup, identities(keyfile), actor=ACTOR)
    assert tables() == 0


def test_another_identity(backup: Path, elsewhere: str, tmp_path: Path) -> None:
    make_identity(tmp_path / "other.txt")
    with pytest.raises(Unreadable, match="not encrypted to this identity"):
        restore(backup, identities(tmp_path / "other.txt"), actor=ACTOR)


def test_a_keyfile_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Dear diary")
    with pytest.raises(Invalid, match="no age identity"):
        identities(tmp_path / "notes.txt")
    with pytest.raises(NotFound, match="cannot be read"):
        identities(tmp_path / "missing.txt")


@pytest.mark.parametrize("content", [b"", b"Dear diary", b'{"format": "warm-handoff backup 9"}\n'])
def test_something_else_encrypted_to_us(tmp_path: Path, elsewhere: str, keyfile: Path, recipient: str, content: bytes) -> None:
    with encrypted(tmp_path / "diary.age", recipients([recipient])) as file:
        file.write(content)
    with pytest.raises(Unreadable, match="no backup of ours"):
        restore(tmp_path / "diary.age", identities(keyfile), actor=ACTOR)


def test_a_database_that_is_not_empty(bring_back: Callable[..., Restored]) -> None:
    bring_back()
    db.engine().dispose()
    with pytest.raises(Conflict, match="--over"):
        bring_back()


def test_whoever_is_just_leaving_a_database_is_waited_for(elsewhere: str, bring_back: Callable[..., Restored]) -> None:
    worker = create_engine(elsewhere.replace("postgresql://", "postgresql+psycopg://"))
    there = worker.connect()
    leaves = threading.Timer(0.5, lambda: (there.close(), worker.dispose()))
    leaves.start()
    bring_back(over=True)
    leaves.join()
    assert tables() > 0


def test_a_database_that_others_use(elsewhere: str, bring_back: Callable[..., Restored], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.backup.restore.LEAVING_FOR", 0.2)
    worker = create_engine(elsewhere.replace("postgresql://", "postgresql+psycopg://"))
    with worker.connect(), pytest.raises(Conflict, match="stop `handoff up`"):
        bring_back(over=True)
    worker.dispose()
    assert tables() == 0


def test_a_backup_of_a_newer_version(tmp_path: Path, database: None, elsewhere: str, keyfile: Path, recipient: str) -> None:
    migrate.upgrade(db.engine())
    with db.engine().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'ffffffffffff'"))
    path = make_backup(tmp_path / "newer.backup", recipient).path
    db.engine().dispose()
    with pytest.raises(Unreadable, match="newer version"):
        restore(path, identities(keyfile), over=True, actor=ACTOR)


def test_what_fails_in_the_middle_changes_nothing(bring_back: Callable[..., Restored], elsewhere: str, backup: Path, keyfile: Path) -> None:
    bring_back()
    db.engine().dispose()
    before = tables()
    backup.write_bytes(backup.read_bytes()[:-1])
    with pytest.raises(Unreadable):
        restore(backup, identities(keyfile), over=True, actor=ACTOR)
    assert tables() == before
