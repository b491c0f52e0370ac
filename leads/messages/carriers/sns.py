"""Amazon SNS as the bearer of news: believed on its signature, from topics of ours; no address it names is ever visited for it."""

import base64
import binascii
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509.oid import NameOID
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from config.settings import settings
from leads.clock import real_now
from leads.db import new_id, transaction
from leads.errors import ConfigError, Forbidden, LeadsError
from leads.messages.carriers.events import NotYet, from_json
from leads.messages.carriers.trust import SigningCertificate

HOST = "sns.{region}.amazonaws.com"
CERTIFICATE = re.compile(r"https://sns\.([a-z0-9-]{5,30})\.amazonaws\.com/(SimpleNotificationService-[0-9a-f]{32}\.pem)")
ISSUED_TO = "sns.amazonaws.com"
LARGEST = 16 * 1024
ASKED_AT_ONCE = 3
# A topic signs with SHA-1 until somebody sets it to version 2, as docs/carriers.md asks; both are believed, or news would be lost.
HASHES: dict[str, type[SHA1] | type[SHA256]] = {"1": SHA1, "2": SHA256}
# What is signed, in this order (SNS developer guide, "Verifying the signatures"); a subject only where there is one.
OF_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
OF_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED = {"Notification": OF_NOTIFICATION, "SubscriptionConfirmation": OF_CONFIRMATION, "UnsubscribeConfirmation": OF_CONFIRMATION}


def verified(raw: bytes) -> dict[str, Any]:
    """Return what SNS sent, once its signature over it is checked; raises LeadsError (400), Forbidden or NotYet before that."""
    try:
        told = from_json(raw)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise LeadsError("This is no notification of Amazon SNS's.")
    topic = str(told.get("TopicArn"))
    if topic not in _topics():
        raise Forbidden("This is from no topic of ours.")
    certificate = CERTIFICATE.fullmatch(str(told.get("SigningCertURL")))
    if certificate is None or certificate[1] != _region(topic):
        raise Forbidden("This names a certificate that is not Amazon SNS's.")
    hashing, text = HASHES.get(str(told.get("SignatureVersion"))), _signed_text(told)
    if hashing is None or text is None or not _is_signed(told, text, hashing(), _certificates(certificate[1], certificate[2])):
        raise Forbidden("This is not signed by Amazon SNS.")
    return told


def fetch_certificates() -> int:
    """Fetch the certificates that were asked for, from SNS's own host over TLS, whatever a notification said; returns how many came."""
    with transaction() as session:
        wanted = session.scalars(select(SigningCertificate.name).where(SigningCertificate.pem.is_(None))).all()
    return sum(_fetch(name) for name in wanted)


def _topics() -> frozenset[str]:
    return frozenset(topic.strip() for topic in settings().ses_topics.split(",") if topic.strip())


def _region(topic: str) -> str:
    return (topic.split(":") + [""] * 4)[3]


def _signed_text(told: dict[str, Any]) -> bytes | None:
    names = [name for name in SIGNED.get(str(told.get("Type")), ()) if name != "Subject" or told.get(name) is not None]
    if not names or not all(isinstance(told.get(name), str) for name in names):
        return None
    return "".join(f"{name}\n{told[name]}\n" for name in names).encode("utf-8", "replace")


def _is_signed(told: dict[str, Any], text: bytes, hashing: SHA1 | SHA256, certificates: Sequence[x509.Certificate]) -> bool:
    try:
        signature = base64.b64decode(str(told.get("Signature")), validate=True)
    except (binascii.Error, ValueError):
        return False
    return any(_fits(certificate, signature, text, hashing) for certificate in certificates)


def _fits(certificate: x509.Certificate, signature: bytes, text: bytes, hashing: SHA1 | SHA256) -> bool:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or not certificate.not_valid_before_utc <= real_now() <= certificate.not_valid_after_utc:
        return False
    try:
        key.verify(signature, text, PKCS1v15(), hashing)
    except InvalidSignature:
        return False
    return True


def _certificates(region: str, name: str) -> Sequence[x509.Certificate]:
    pinned = settings().ses_certificate_file
    if pinned is not None:
        try:
            return x509.load_pem_x509_certificates(pinned.read_bytes())
        except (OSError, ValueError):
            raise ConfigError(f"SES_CERTIFICATE_FILE: {pinned} holds no PEM certificates that can be read.") from None
    known = _known(f"{region}/{name}")
    if known is None:
        _ask_for(f"{region}/{name}")
        raise NotYet("The certificate this is signed with is being fetched; send it again.")
    return [known]


def _known(name: str) -> x509.Certificate | None:
    with transaction() as session:
        pem = session.scalar(select(SigningCertificate.pem).where(SigningCertificate.name == name))
    return _loaded(pem) if pem else None


@lru_cache(maxsize=8)
def _loaded(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def _ask_for(name: str) -> None:
    # Anybody may name a certificate: a few at a time, and what is not there is forgotten at once.
    with transaction() as session:
        asked = session.scalar(select(func.count()).where(SigningCertificate.pem.is_(None))) or 0
        if asked < ASKED_AT_ONCE:
            row = {"id": new_id(), "name": name, "asked_at": real_now()}
            session.execute(insert(SigningCertificate).values(row).on_conflict_do_nothing(index_elements=["name"]))


def _fetch(name: str) -> bool:
    region, _, file = name.partition("/")
    pem = _pem_at(f"https://{HOST.format(region=region)}/{file}")
    with transaction() as session:
        row = session.scalar(select(SigningCertificate).where(SigningCertificate.name == name).with_for_update())
        if row is not None and row.pem is None:
            _settle(session, row, pem)
    return pem is not None


def _settle(session: Session, row: SigningCertificate, pem: str | None) -> None:
    if pem is None:
        session.delete(row)
    else:
        row.pem, row.fetched_at = pem, real_now()


def _pem_at(url: str) -> str | None:
    try:
        response = httpx.get(url, timeout=10, follow_redirects=False, trust_env=False)
    except httpx.HTTPError:
        return None
    if response.status_code != httpx.codes.OK or len(response.content) > LARGEST:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(response.content)
    except ValueError:
        return None
    names = [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return response.text if ISSUED_TO in names else None
