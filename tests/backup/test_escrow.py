"""The key ring travels apart; without it a restored site does not start, and says what to do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.settings import settings
from leads.backup.age import Unreadable, identities, recipients
from leads.backup.escrow import export_ring, import_ring
from leads.backup.restore import Restored
from leads.errors import ConfigError, Conflict
from leads.local.first_start import prepare
from leads.security import keys

pytestmark = pytest.mark.committed


@pytest.fixture
def escrowed(tmp_path: Path, data_dir: Path, recipient: str) -> Path:
    """This site's ring, exported."""
    export_ring(tmp_path / "ring.age", recipients([recipient]))
    return tmp_path / "ring.age"


@pytest.fixture
def other_place(escrowed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a new machine looks for its ring; there is none yet."""
    monkeypatch.setenv("HANDOFF_KEYRING_FILE", str(tmp_path / "new" / "keys.json"))
    forget()
    yield tmp_path / "new" / "keys.json"
    monkeypatch.delenv("HANDOFF_KEYRING_FILE")
    forget()


def forget() -> None:
    settings.cache_clear()
    keys.ring.cache_clear()


def test_the_export_shows_no_root(escrowed: Path) -> None:
    assert escrowed.stat().st_mode & 0o077 == 0
    assert b"cells" not in escrowed.read_bytes()


def test_it_comes_back_as_it_was(escrowed: Path, other_place: Path, keyfile: Path) -> None:
    before = keys.read(settings().handoff_data_dir / "keys.json")
    assert import_ring(escrowed, identities(keyfile)) == other_place
    assert keys.ring() == before
    assert other_place.stat().st_mode & 0o077 == 0


def test_again_changes_nothing_and_another_is_not_replaced(escrowed: Path, other_place: Path, keyfile: Path) -> None:
    import_ring(escrowed, identities(keyfile))
    import_ring(escrowed, identities(keyfile))
    other_place.unlink()
    keys.make(other_place)
    with pytest.raises(Conflict, match="Another key ring lies at"):
        import_ring(escrowed, identities(keyfile))


def test_a_backup_is_no_ring(backup: Path, other_place: Path, keyfile: Path) -> None:
    with pytest.raises(Unreadable, match="no key ring"):
        import_ring(backup, identities(keyfile))
    assert not other_place.exists()


def test_a_restored_site_without_its_ring_does_not_start(bring_back: Callable[..., Restored], other_place: Path) -> None:
    assert not bring_back().ring_fits
    with pytest.raises(ConfigError, match="put the escrowed ring back, `handoff keyring import FILE"):
        prepare()
    assert not other_place.exists()


def test_a_restored_site_with_another_ring_does_not_start(bring_back: Callable[..., Restored], other_place: Path) -> None:
    keys.make(other_place)
    assert not bring_back().ring_fits
    with pytest.raises(ConfigError, match="not the one this database was sealed with"):
        prepare()


def test_with_its_ring_it_starts(bring_back: Callable[..., Restored], escrowed: Path, other_place: Path, keyfile: Path) -> None:
    bring_back()
    import_ring(escrowed, identities(keyfile))
    prepare()
