"""`handoff backup`, `restore` and `keyring`, as an operator types them."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leads import db
from leads.backup.restore import holds_anything
from leads.cli import app
from leads.errors import Conflict
from tests.backup.conftest import backup, clinic_at_work, elsewhere, keyfile, recipient

__all__ = ["backup", "clinic_at_work", "elsewhere", "keyfile", "recipient"]
pytestmark = pytest.mark.committed


def handoff(*words: str | Path, answer: str = "") -> Result:
    return CliRunner().invoke(app, [*map(str, words), "--data-dir", os.environ["HANDOFF_DATA_DIR"]], input=answer)


def test_a_backup_says_what_it_holds_and_how_to_prove_it(tmp_path: Path, clinic_at_work: None, recipient: str) -> None:
    said = handoff("backup", tmp_path / "a.backup", "--to", recipient).output
    assert "messages 5" in said
    assert f"handoff restore {tmp_path / 'a.backup'} --identity KEYFILE --check" in said


def test_it_is_proved_without_a_database(backup: Path, keyfile: Path) -> None:
    said = handoff("restore", backup, "--identity", keyfile, "--check").output
    assert "is whole" in said


def test_it_comes_back_and_says_what_waits(backup: Path, keyfile: Path, elsewhere: str) -> None:
    done = json.loads(handoff("restore", backup, "--identity", keyfile, "--json").output)
    assert (done["to_review"], done["ring_fits"], done["rows"]["messages"]) == (4, True, 5)
    assert done["paused"]


def test_nothing_is_replaced_without_asking(backup: Path, keyfile: Path, elsewhere: str) -> None:
    words = ("restore", backup, "--identity", keyfile, "--over")
    assert handoff(*words).exit_code == 0
    db.engine().dispose()
    refused = handoff(*words, answer="n\n").exception
    assert isinstance(refused, Conflict)
    assert holds_anything()
    db.engine().dispose()
    said = handoff(*words, "--yes").output
    assert "4 messages" in said
    assert "sending is paused" in said
    assert "`handoff resume-sending`" in said


def test_a_pair_of_keys_and_the_ring_apart(tmp_path: Path, data_dir: Path) -> None:
    recipient = handoff("keyring", "identity", tmp_path / "key.txt").output.split()[-1]
    assert handoff("keyring", "export", tmp_path / "ring.age", "--to", recipient).exit_code == 0
    assert "handoff migrate" in handoff("keyring", "import", tmp_path / "ring.age", "--identity", tmp_path / "key.txt").output
