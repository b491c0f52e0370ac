"""The four providers, each with the key it signs with, and the app they call."""

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient

from config.settings import settings
from leads.clock import real_now
from tests.the_app import the_app

TOPIC = "arn:aws:sns:us-east-1:123456789012:mail-events"
CERTIFICATE = "SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
AMAZON, STRANGER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
TWILIO = ec.generate_private_key(ec.SECP256R1())
Told = tuple[bytes, dict[str, str]]


@dataclass
class Provider:
    """One of the four: how it signs, and how somebody else would."""

    name: str
    sign: Callable[[Any], Told]
    forge: Callable[[Any], Told]


def certificate(key: rsa.RSAPrivateKey, *, expired: bool = False, name: str = "sns.amazonaws.com") -> bytes:
    """A certificate as SNS signs with, in PEM."""
    who, day = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), timedelta(days=1)
    until = real_now() - day if expired else real_now() + day
    made = x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number(), real_now() - 9 * day, until)
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM)


def sns(message: Any, *, key: rsa.RSAPrivateKey = AMAZON, version: str = "1", **changes: str) -> Told:
    """A notification of SNS's around a message, or something that differs from one in `changes` and is signed all the same."""
    url = f"https://sns.us-east-1.amazonaws.com/{CERTIFICATE}"
    told = {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-10-06T14:00:06.000Z",
        "SignatureVersion": version,
        "SigningCertURL": url,
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
    } | changes
    names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{told[name]}\n" for name in names if name in told)
    signature = key.sign(text.encode(), PKCS1v15(), SHA1() if version == "1" else SHA256())
    return json.dumps(told | {"Signature": base64.b64encode(signature).decode()}).encode(), {"x-amz-sns-message-type": told["Type"]}


def sendgrid(message: Any, *, key: ec.EllipticCurvePrivateKey = TWILIO) -> Told:
    """A signed batch."""
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    signature = base64.b64encode(key.sign(b"1791295206" + raw, ec.ECDSA(SHA256()))).decode()
    return raw, {"X-Twilio-Email-Event-Webhook-Signature": signature, "X-Twilio-Email-Event-Webhook-Timestamp": "1791295206"}


def mailgun(message: Any, *, key: bytes = b"signing-key", token: str | None = None, age: timedelta = timedelta()) -> Told:
    """A signed webhook."""
    stamp, token = str(int((real_now() - age).timestamp())), token or uuid.uuid4().hex
    signature = hmac.new(key, f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return json.dumps({"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": message}).encode(), {}


def postmark(message: Any, *, password: str = "right") -> Told:
    """A webhook with the password of its address."""
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    return raw, {"Authorization": "Basic " + base64.b64encode(f"postmark:{password}".encode()).decode()}


PROVIDERS = {
    "ses": Provider("ses", sns, lambda message: sns(message, key=STRANGER)),
    "postmark": Provider("postmark", postmark, lambda message: postmark(message, password="wrong")),
    "sendgrid": Provider("sendgrid", sendgrid, lambda message: sendgrid(message, key=ec.generate_private_key(ec.SECP256R1()))),
    "mailgun": Provider("mailgun", mailgun, lambda message: mailgun(message, key=b"another")),
}


@pytest.fixture
def believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What each provider's signature is checked by, in the settings."""
    (tmp_path / "sns.pem").write_bytes(certificate(AMAZON))
    public = base64.b64encode(TWILIO.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    said = {"SES_TOPICS": f"{TOPIC}, arn:aws:sns:us-east-1:123456789012:other", "SES_CERTIFICATE_FILE": str(tmp_path / "sns.pem")}
    said |= {"SENDGRID_WEBHOOK_PUBLIC_KEY": public, "MAILGUN_WEBHOOK_KEY": "signing-key", "POSTMARK_WEBHOOK_AUTH": "postmark:right"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def nudges() -> list[str]:
    """Who was nudged."""
    return []


@pytest.fixture
def call(database: None, believed: None, nudges: list[str]) -> Iterator[Callable[[str, Told], httpx.Response]]:
    """Calls a carrier's webhook."""
    with TestClient(the_app(nudge=lambda *, came_back: nudges.append("came back" if came_back else "nudge"))) as web:
        yield lambda carrier, told: web.post(f"/webhooks/mail/{carrier}", content=told[0], headers=told[1])
