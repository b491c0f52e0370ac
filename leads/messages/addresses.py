"""Addresses that name a message: where it bounces to and where its answers go, signed, so that nobody can make one up."""

import hmac
import re
import uuid
from functools import lru_cache
from typing import Literal, NamedTuple

from leads.clinic.profile import clinic
from leads.security.keys import ring, signed

Use = Literal["bounce", "reply"]
LETTERS: dict[Use, str] = {"bounce": "b", "reply": "r"}
# The id, then eighty bits of HMAC-SHA-256: 51 octets in all, and some servers fold case (RFC 5321, 2.4 and 4.5.3.1.1).
SIGNED = re.compile(r"([br])\+([0-9a-f]{32})\.([0-9a-f]{20})")
LENGTH = 20


class Named(NamedTuple):
    """What one of our addresses stands for."""

    use: Use
    message_id: uuid.UUID


def return_path(message_id: uuid.UUID) -> str:
    """Return the envelope sender of a message, which names it when it bounces (VERP)."""
    return _address("bounce", message_id)


def reply_address(message_id: uuid.UUID) -> str:
    """Return where answers to a message go: it names the message and says nothing else."""
    return _address("reply", message_id)


def read_address(address: str) -> Named | None:
    """Return what an address of ours stands for; None for any other, and for one whose signature is not ours."""
    local, _, domain = address.strip().strip("<>").lower().rpartition("@")
    found = SIGNED.fullmatch(local)
    if found is None or domain != clinic().mail.domain.lower():
        return None
    use: Use = "bounce" if found[1] == "b" else "reply"
    named = Named(use, uuid.UUID(found[2]))
    # What comes back may have gone out before the root was rotated.
    expected = (_signature(use, named.message_id, version) for version in sorted(ring().roots["tokens"], reverse=True))
    return named if any(hmac.compare_digest(each, found[3]) for each in expected) else None


def is_ours(address: str) -> bool:
    """True for an address that takes mail here: a signed one, the mailboxes of `mail` in clinic.yml, postmaster and abuse."""
    plain = address.strip().strip("<>").lower()
    return plain in _mailboxes() or read_address(plain) is not None


def named_by(message_id: str) -> uuid.UUID | None:
    """Return the message a Message-ID of ours was made for; None for any other."""
    local, _, domain = message_id.strip().strip("<>").lower().rpartition("@")
    if domain != clinic().mail.domain.lower() or not re.fullmatch(r"[0-9a-f]{32}", local):
        return None
    return uuid.UUID(local)


def _mailboxes() -> frozenset[str]:
    mail = clinic().mail
    # Postmaster must be there (RFC 5321, 4.5.1), and abuse is where complaints go (RFC 2142, 4).
    roles = (f"{role}@{mail.domain}" for role in ("postmaster", "abuse"))
    return frozenset(address.lower() for address in (mail.from_address, mail.reply_to, *roles))


def _address(use: Use, message_id: uuid.UUID) -> str:
    return f"{LETTERS[use]}+{message_id.hex}.{_signature(use, message_id, ring().current('tokens'))}@{clinic().mail.domain}"


def _signature(use: Use, message_id: uuid.UUID, version: int) -> str:
    digest = _digest(ring().derive("tokens", version, "mail-address"), message_id.bytes)
    return digest[:LENGTH] if use == "bounce" else digest[LENGTH : 2 * LENGTH]


# Both addresses of a mail from one look: half of what signing costs a mail.
@lru_cache(maxsize=64)
def _digest(key: bytes, message_id: bytes) -> str:
    return signed(key, message_id).hex()
