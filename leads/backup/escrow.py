"""The key ring, taken out to be kept apart from every backup, and put back: whoever has both can read everything."""

from collections.abc import Sequence
from pathlib import Path

from pyrage.x25519 import Identity, Recipient

from config.settings import settings
from leads.backup.age import Unreadable, decrypted, encrypted
from leads.errors import Conflict
from leads.security import keys


def export_ring(path: Path, to: Sequence[Recipient]) -> None:
    """Write this site's key ring to `path`, readable by these recipients only; raises ConfigError where there is none."""
    keys.ring()
    with encrypted(path, to) as file:
        file.write(settings().keyring_file.read_bytes())


def import_ring(path: Path, held: Sequence[Identity]) -> Path:
    """Put an exported ring where this site looks for it, and return where; raises Conflict rather than replace another."""
    with decrypted(path, held) as file:
        words = file.read().decode(errors="replace")
    try:
        keys.parse(words)
    except ValueError:
        raise Unreadable(f"{path} is encrypted to you, but it is no key ring.") from None
    target = settings().keyring_file
    try:
        keys.put(target, words)
    except FileExistsError:
        _need_same(target, words)
    keys.ring.cache_clear()
    return target


def _need_same(target: Path, words: str) -> None:
    # What the ring there has sealed would be lost with it.
    if keys.read(target) != keys.parse(words):
        raise Conflict(f"Another key ring lies at {target}: if nothing was sealed with it, move it away first.")
