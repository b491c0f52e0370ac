"""The key ring: versioned roots that live outside database and backup, and the keys derived from them."""

import base64
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config.settings import settings
from leads.errors import ConfigError

PURPOSES = ("cells", "blind", "audit", "tokens", "webhooks")


@dataclass(frozen=True)
class Ring:
    """The roots by purpose and version; the highest version of a purpose is the current one."""

    roots: dict[str, dict[int, bytes]]

    def current(self, purpose: str) -> int:
        """Return the newest version of a purpose's root."""
        return max(self.roots[purpose])

    def derive(self, purpose: str, version: int, info: str) -> bytes:
        """Return the 256-bit key for `info` (HKDF-SHA-256, RFC 5869); raises ConfigError for a version not on the ring."""
        return _derive(self._root(purpose, version), f"{purpose}:{info}")

    def _root(self, purpose: str, version: int) -> bytes:
        try:
            return self.roots[purpose][version]
        except KeyError:
            raise ConfigError(f"The key ring has no version {version} of the {purpose} root: restore the escrowed ring.") from None


def signed(key: bytes, words: bytes) -> bytes:
    """Return the HMAC-SHA-256 (RFC 2104) of some words, 32 bytes."""
    begun = _begun(key).copy()
    begun.update(words)
    return begun.digest()


# To begin one takes three times as long as all the rest, and a few keys sign everything.
@lru_cache(maxsize=256)
def _begun(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


@lru_cache(maxsize=1024)
def _derive(root: bytes, info: str) -> bytes:
    # No salt: the roots are 256 random bits already, and a salt would be one more thing to escrow (RFC 5869, 3.1).
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info.encode()).derive(root)


def make(path: Path) -> Ring:
    """Write a new ring to `path`, readable by its owner only; an existing file is never overwritten."""
    roots = {purpose: {"1": base64.b64encode(secrets.token_bytes(32)).decode()} for purpose in PURPOSES}
    return put(path, json.dumps(roots, indent=1))


def put(path: Path, words: str) -> Ring:
    """Write a ring's file, readable by its owner only; raises FileExistsError rather than overwrite one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # O_EXCL: a ring that was overwritten would take every sealed cell with it.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(words)
        file.flush()
        # The first cell must not reach the disk before the key it was sealed with.
        os.fsync(file.fileno())
    return read(path)


def read(path: Path) -> Ring:
    """Return the ring kept at `path`; raises ConfigError when it is missing or broken."""
    try:
        return parse(path.read_text())
    except FileNotFoundError:
        raise ConfigError(
            f"No key ring at {path}: `handoff up` makes one; on a restored site, `handoff keyring import FILE --identity KEYFILE`."
        ) from None
    except ValueError as error:
        raise ConfigError(f"The key ring at {path} cannot be read ({error}): put the escrowed ring there.") from None


def parse(words: str) -> Ring:
    """Return the ring that these words hold; raises ValueError when they hold none."""
    try:
        kept = json.loads(words)
        roots = {purpose: {int(version): base64.b64decode(root) for version, root in kept[purpose].items()} for purpose in PURPOSES}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{error} is missing or no table of roots") from None
    if any(len(root) != 32 for versions in roots.values() for root in versions.values()):
        raise ValueError("a root is not 256 bits long")
    return Ring(roots)


@lru_cache
def ring() -> Ring:
    """Return this process's key ring."""
    return read(settings().keyring_file)
