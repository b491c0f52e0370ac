"""A backup is whole, of one moment, and closed to everybody but its recipients."""

import base64
import io
import re
from pathlib import Path

import pyrage
import pytest

from config.settings import settings
from leads import db
from leads.backup.age import encrypted, identities, make_identity, recipients
from leads.backup.restore import inspect
from leads.errors import Invalid
from leads.messages.models import Message
from leads.security.keys import ring
from tests.backup.conftest import make_backup

pytestmark = pytest.mark.committed


def opened(path: Path, keyfile: Path) -> bytes:
    clear = io.BytesIO()
    with path.open("rb") as file:
        pyrage.decrypt_io(file, clear, identities(keyfile))
    return clear.getvalue()


def test_it_says_what_it_holds(tmp_path: Path, clinic_at_work: None, recipient: str) -> None:
    saved = make_backup(tmp_path / "clinic.backup", recipient)
    assert (saved.rows["people"], saved.rows["messages"]) == (1, 5)
    assert saved.size == saved.path.stat().st_size


def test_its_owner_alone_may_read_the_file_and_no_half_one_is_left(backup: Path) -> None:
    assert backup.stat().st_mode & 0o077 == 0
    assert [path.name for path in backup.parent.iterdir() if "backup" in path.name] == ["clinic.backup"]


def test_no_key_is_in_it_even_opened(backup: Path, keyfile: Path) -> None:
    clear = opened(backup, keyfile)
    roots = [root for versions in ring().roots.values() for root in versions.values()]
    assert not [root for root in roots if root in clear or root.hex().encode() in clear or base64.b64encode(root) in clear]


def test_no_name_is_in_it(backup: Path, keyfile: Path) -> None:
    planted = re.compile(rb"Ana|Rivera|ana@example|2035550123", re.IGNORECASE)
    assert not re.search(rb"Rivera|ana@example|2035550123|clinic|people", backup.read_bytes())
    assert not planted.search(opened(backup, keyfile).replace(b"transactional", b""))


def test_each_of_several_recipients_can_open_it(tmp_path: Path, clinic_at_work: None, keyfile: Path, recipient: str) -> None:
    second = make_identity(tmp_path / "second.txt")
    path = make_backup(tmp_path / "both.backup", recipient, second).path
    assert inspect(path, identities(keyfile)) == inspect(path, identities(tmp_path / "second.txt"))


def test_recipients_can_come_from_the_settings(monkeypatch: pytest.MonkeyPatch, recipient: str) -> None:
    monkeypatch.setattr(settings(), "handoff_backup_to", f"{recipient}, {recipient}")
    assert [str(each) for each in recipients()] == [recipient, recipient]


def test_without_a_recipient_the_way_to_one_is_named() -> None:
    with pytest.raises(Invalid, match="handoff keyring identity FILE"):
        recipients()


def test_a_wrong_recipient_is_refused() -> None:
    with pytest.raises(Invalid, match="begins with age1"):
        recipients(["ssh-ed25519 AAAA"])


def test_a_file_that_is_there_is_not_overwritten(backup: Path, recipient: str) -> None:
    before = backup.read_bytes()
    with pytest.raises(Invalid, match="is not overwritten"):
        make_backup(backup, recipient)
    assert backup.read_bytes() == before


def break_off(path: Path, recipient: str) -> None:
    with encrypted(path, recipients([recipient])) as file:
        file.write(b"x" * 100_000)
        raise InterruptedError


def test_what_breaks_off_leaves_no_file(tmp_path: Path, recipient: str) -> None:
    with pytest.raises(Invalid, match="cannot be written"):
        break_off(tmp_path / "cut.backup", recipient)
    assert [path for path in tmp_path.iterdir() if "cut" in path.name] == []


def test_a_folder_that_takes_nothing_is_named(recipient: str) -> None:
    with pytest.raises(Invalid, match=r"/proc/clinic\.backup cannot be written: No such file"):
        make_backup(Path("/proc/clinic.backup"), recipient)


def test_rows_written_meanwhile_are_not_in_it_and_wait_for_nobody(tmp_path: Path, clinic_at_work: None, recipient: str) -> None:
    with db.transaction() as session:
        session.query(Message).update({"occurrence": 1})
        assert make_backup(tmp_path / "beside.backup", recipient).rows["messages"] == 5
