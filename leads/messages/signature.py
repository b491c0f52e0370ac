"""DKIM: the two signatures a mail carries where no relay signs it (RFC 6376; RFC 8463)."""

import base64
import hashlib
import re
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from dkim import hash_headers
from dkim.canonicalization import Relaxed

from leads.messages.mail_keys import MailKey, Signing, signing_domain, signing_keys

# Longer than any server keeps a mail in its queue (RFC 5321, 4.5.4.1: four to five days); after that nobody can replay it.
VALID_FOR = timedelta(days=10)
# A second mention of a name signs that there is no further header of it (RFC 6376, 8.15): nobody adds a sender, a recipient or a way out.
TWICE = (
    "from", "to", "cc", "subject", "date", "message-id", "reply-to", "sender", "list-id", "list-unsubscribe", "list-unsubscribe-post",
    "mime-version", "content-type",
)  # fmt: skip
# RFC 8058, 4, wants both headers of the way out signed; dkimpy's own list leaves List-Unsubscribe-Post out.
SIGNED = (
    "from", "to", "subject", "date", "message-id", "reply-to", "list-id", "list-help", "list-unsubscribe", "list-unsubscribe-post",
    "feedback-id", "auto-submitted", "x-auto-response-suppress", "content-language", "mime-version", "content-type",
)  # fmt: skip
NAMES = (*SIGNED, *TWICE)
LISTED = ":".join(NAMES)
INCLUDED = tuple(name.encode() for name in NAMES)
NAME = b"DKIM-Signature"
WIDTH = 72
TRAILING = re.compile(rb"[\t ]+(?=\r\n)")
# Only where something changes: to write every single blank anew takes ten times as long.
RUN = re.compile(rb"\t[\t ]*| [\t ]+")


def signatures(head: str, body: bytes, at: datetime) -> str:
    """Return the DKIM-Signature headers for a mail of ours, one a key, each line with its CRLF.

    `head` is its header block without the empty line, `body` what follows that line; both leave as they are signed.
    """
    headers = [(name.encode("ascii"), value.encode("ascii") + b"\r\n") for name, _, value in _fields(head)]
    body_hash = base64.b64encode(hashlib.sha256(relaxed(body)).digest()).decode("ascii")
    return "".join(_signature(each, headers, body_hash, at) for each in signing_keys())


def relaxed(body: bytes) -> bytes:
    """Return a body, all of whose lines end in CRLF, in the form in which it is hashed (RFC 6376, 3.4.4)."""
    text = RUN.sub(b" ", TRAILING.sub(b"", body)).rstrip(b"\r\n")
    return text + b"\r\n" if text else b""


def _fields(head: str) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in re.split(r"\r\n(?![\t ])", head)]


def _signature(signing: Signing, headers: list[tuple[bytes, bytes]], body_hash: str, at: datetime) -> str:
    since = int(at.timestamp())
    until = since + int(VALID_FOR.total_seconds())
    unsigned = (
        f" v=1; a={signing.kind}-sha256; c=relaxed/relaxed; d={signing_domain()};\r\n"
        f" s={signing.selector}; t={since}; x={until};\r\n h={_folded(LISTED)};\r\n bh={body_hash};\r\n b="
    )
    digest = hashlib.sha256()
    hash_headers(digest, Relaxed, Relaxed.canonicalize_headers(headers), INCLUDED, (NAME, unsigned.encode("ascii")), {})
    made = base64.b64encode(_made(signing.key, digest.digest())).decode("ascii")
    lines = "\r\n ".join(made[start : start + WIDTH] for start in range(0, len(made), WIDTH))
    return f"DKIM-Signature:{unsigned}{lines}\r\n"


def _folded(names: str) -> str:
    # White space may stand around the colons of h= (RFC 6376, 3.5).
    return re.sub(rf"(.{{1,{WIDTH - 2}}}:)(?=.)", "\\1\r\n  ", names)


def _made(key: MailKey, digest: bytes) -> bytes:
    # Ed25519 signs the hash itself (RFC 8463, 3); of RSA it is the one that is wrapped.
    return key.sign(digest, PKCS1v15(), Prehashed(SHA256())) if isinstance(key, RSAPrivateKey) else key.sign(digest)
