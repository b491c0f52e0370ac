"""A database is backed up while nothing runs, its embedded server started for just that."""

from pathlib import Path

from tests.local.conftest import handoff


def test_a_database_that_was_never_used_is_no_backup(folder: Path) -> None:
    recipient = handoff("keyring", "identity", str(folder / "key.txt")).stdout.split()[-1]
    refused = handoff("backup", str(folder / "a.backup"), "--to", recipient, "--data-dir", str(folder / "var"))
    assert "`handoff migrate` makes them" in refused.stderr
    assert not (folder / "a.backup").exists()
