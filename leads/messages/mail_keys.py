"""The keys that sign our mail: made once, kept in files of their own, their public halves as DNS shows them (RFC 6376; RFC 8463)."""

import base64
import os
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from config.settings import SECRETS_DIR, settings
from leads.clinic.profile import clinic
from leads.errors import ConfigError, Conflict

# 2048 bits are what every receiver reads and a DNS answer holds (RFC 8301, 3.2).
RSA_BITS = 2048
MailKey = RSAPrivateKey | Ed25519PrivateKey


class CannotSign(ConfigError):
    """We are to sign, and have not the keys to do it: nothing goes out until we have."""


class DnsRecord(NamedTuple):
    """A record as a zone holds it."""

    name: str
    kind: str
    value: str

    @property
    def in_zone(self) -> str:
        """The line of a zone file; text in strings of at most 255 octets, which readers join again (RFC 7208, 3.3)."""
        strings = [self.value[start : start + 255] for start in range(0, len(self.value), 255)]
        value = " ".join(f'"{each}"' for each in strings) if self.kind == "TXT" else self.value
        return f"{self.name}. IN {self.kind} {value}"


class Signing(NamedTuple):
    """A key, and the name it is published under."""

    selector: str
    key: MailKey

    @property
    def kind(self) -> str:
        """The kind of key, as its record names it."""
        return "rsa" if isinstance(self.key, RSAPrivateKey) else "ed25519"


def signing_domain() -> str:
    """Return the domain we sign as: that of From, so that DMARC finds the two aligned even where it is strict (RFC 7489, 3.1.1)."""
    return clinic().mail.from_address.rpartition("@")[2]


def signing_keys() -> tuple[Signing, Signing]:
    """Return the RSA and the Ed25519 key of the configured selectors; raises CannotSign naming the file that lacks one."""
    dkim = clinic().mail.dkim
    return _read(settings().mail_keys_dir, dkim.rsa, dkim.ed25519)


def make_keys() -> list[Signing]:
    """Make the keys of the configured selectors that are not there yet; returns those it made, raises Conflict where all are."""
    dkim, folder = clinic().mail.dkim, settings().mail_keys_dir
    if dkim.rsa == dkim.ed25519:
        raise ConfigError("mail.dkim: rsa and ed25519 need selectors of their own.")
    wanted = {dkim.rsa: _new_rsa, dkim.ed25519: Ed25519PrivateKey.generate}
    made = [Signing(selector, make()) for selector, make in wanted.items() if not _file(folder, selector).exists()]
    if not made:
        raise Conflict(
            f"Both keys are in {folder} already. To change over, name new selectors under mail.dkim, and leave the old records up a week."
        )
    for each in made:
        _write(_file(folder, each.selector), each.key)
    _read.cache_clear()
    return made


def record_of(signing: Signing) -> DnsRecord:
    """Return what to publish for a key (RFC 6376, 3.6.1; RFC 8463, 4)."""
    name = f"{signing.selector}._domainkey.{signing_domain()}"
    return DnsRecord(name, "TXT", f"v=DKIM1; k={signing.kind}; p={public_half(signing.key)}")


def public_half(key: MailKey) -> str:
    """Return the public key in base64 as `p=` has it: of RSA the whole structure, of Ed25519 the bare 32 octets."""
    if isinstance(key, RSAPrivateKey):
        public = key.public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    else:
        public = key.public_key().public_bytes(form.Encoding.Raw, form.PublicFormat.Raw)
    return base64.b64encode(public).decode("ascii")


def key_faults() -> Iterator[str]:
    """Yield what keeps us from signing, where we are to sign."""
    if clinic().mail.dkim.sign:
        try:
            signing_keys()
        except CannotSign as error:
            yield error.message


@lru_cache(maxsize=4)
def _read(folder: Path, rsa: str, ed25519: str) -> tuple[Signing, Signing]:
    first, second = (Signing(selector, _load(_file(folder, selector))) for selector in (rsa, ed25519))
    if (first.kind, second.kind) != ("rsa", "ed25519"):
        raise CannotSign(f"mail.dkim: expected an RSA key in {_file(folder, rsa)} and an Ed25519 key in {_file(folder, ed25519)}.")
    return first, second


def _file(folder: Path, selector: str) -> Path:
    return folder / f"{selector}.pem"


def _load(path: Path) -> MailKey:
    try:
        # What a container is given it alone can see, whatever the mode says.
        if SECRETS_DIR not in path.parents and stat.S_IMODE(path.stat().st_mode) & 0o007:
            raise CannotSign(f"{path}: everybody on this machine may read this key; say chmod 600 {path}.")
        key = form.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise CannotSign(
            f"{path}: there is no such key, and mail.dkim says to sign with it; make it with `handoff mail-keys make`."
        ) from None
    except (OSError, ValueError, TypeError):
        raise CannotSign(f"{path}: this is no private key in PEM that can be read.") from None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey) or (isinstance(key, RSAPrivateKey) and key.key_size < RSA_BITS):
        raise CannotSign(f"{path}: expected an Ed25519 key, or an RSA key of {RSA_BITS} bits or more.")
    return key


def _new_rsa() -> MailKey:
    return generate_private_key(public_exponent=65537, key_size=RSA_BITS)


def _write(path: Path, key: MailKey) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # O_EXCL: a key that was overwritten would make every signature of the last days a wrong one.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); HANDOFF_MAIL_KEYS_DIR names the folder.") from None
