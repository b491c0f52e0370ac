"""Passwords: argon2id (RFC 9106), and the same cost whether or not the account exists."""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 256
_hasher = PasswordHasher()


def scramble(password: str) -> str:
    """Return the argon2id hash to keep of a password."""
    return _hasher.hash(password)


def agrees(kept: str | None, password: str) -> bool:
    """True when the password is the one kept; without one, a dummy is checked, so that the answer takes as long."""
    try:
        return _hasher.verify(kept or _dummy(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """True when a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


@lru_cache
def _dummy() -> str:
    return scramble("nobody's password")
