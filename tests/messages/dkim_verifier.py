"""Whether a DKIM signature holds, straight from RFC 6376 and RFC 8463 and without the library that made it."""

import base64
import hashlib
import re
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

Field = tuple[str, str]


def tags(value: str) -> dict[str, str]:
    """The tag=value list of RFC 6376, 3.2; white space within base64 and h= means nothing."""
    pairs = (part.partition("=") for part in value.split(";") if part.strip())
    return {name.strip(): re.sub(r"\s+", "", text) for name, _, text in pairs}


def fields_and_body(mail: bytes) -> tuple[list[Field], bytes]:
    """The header fields in order, folded as they are, and what follows the empty line."""
    head, _, body = mail.partition(b"\r\n\r\n")
    lines = re.split(r"\r\n(?![ \t])", head.decode("ascii"))
    return [(name, value) for name, _, value in (line.partition(":") for line in lines)], body


def relaxed_field(name: str, value: str) -> str:
    """RFC 6376, 3.4.2."""
    return name.lower().strip() + ":" + re.sub(r"[ \t]+", " ", value.replace("\r\n", "")).strip()


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.4, line by line."""
    lines = [b" ".join(part for part in re.split(rb"[ \t]+", b"<" + line)).rstrip(b" ")[1:] for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def hashed_fields(fields: list[Field], names: list[str], own: Field) -> bytes:
    """RFC 6376, 3.7 and 5.4.2: each name takes the lowest field that is left, one that is not there counts as nothing; then our own."""
    left, chosen = list(fields), []
    for name in names:
        place = next((index for index in reversed(range(len(left))) if left[index][0].lower() == name), None)
        if place is not None:
            chosen.append(relaxed_field(*left.pop(place)) + "\r\n")
    unsigned = re.sub(r"(;\s*b=)[^;]*", r"\1", own[1])
    return "".join([*chosen, relaxed_field(own[0], unsigned)]).encode("ascii")


def signatures_in(mail: bytes) -> list[dict[str, str]]:
    """The signatures of a mail, each as its tags."""
    return [tags(value) for name, value in fields_and_body(mail)[0] if name.lower() == "dkim-signature"]


def verify(mail: bytes, zone: Mapping[str, str]) -> list[bool]:
    """Whether each signature holds by the keys that `zone` publishes."""
    fields, body = fields_and_body(mail)
    return [_holds(own, fields, body, zone) for own in fields if own[0].lower() == "dkim-signature"]


def _holds(own: Field, fields: list[Field], body: bytes, zone: Mapping[str, str]) -> bool:
    said = tags(own[1])
    record = tags(zone[f"{said['s']}._domainkey.{said['d']}"])
    if base64.b64decode(said["bh"]) != hashlib.sha256(relaxed_body(body)).digest() or not said["a"].startswith(record["k"]):
        return False
    others = [field for field in fields if field is not own]
    signed, signature = hashed_fields(others, said["h"].lower().split(":"), own), base64.b64decode(said["b"])
    published = base64.b64decode(record["p"])
    try:
        if record["k"] == "rsa":
            key = load_der_public_key(published)
            assert isinstance(key, RSAPublicKey)
            key.verify(signature, signed, PKCS1v15(), SHA256())
        else:
            Ed25519PublicKey.from_public_bytes(published).verify(signature, hashlib.sha256(signed).digest())
    except InvalidSignature:
        return False
    return True
