"""Signing a request to Amazon Web Services (Signature Version 4), as its reference describes it."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Signer:
    """Whose requests these are, and where they go."""

    key_id: str
    secret: str
    region: str
    service: str

    def sign(self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, at: datetime) -> dict[str, str]:
        """Return the headers a request needs beside its own: Host, X-Amz-Date and Authorization; good for five minutes from `at`.

        The URL has no query. Every header given here is signed.
        """
        parts, stamp = urlsplit(url), at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        added = {"Host": parts.netloc, "X-Amz-Date": stamp}
        signed = {name.lower(): " ".join(value.split()) for name, value in {**headers, **added}.items()}
        names = ";".join(sorted(signed))
        lines = [f"{name}:{signed[name]}" for name in sorted(signed)]
        canonical = "\n".join([method, quote(parts.path or "/"), "", *lines, "", names, hashlib.sha256(body).hexdigest()])
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        to_sign = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signature = hmac.new(self._key(stamp[:8]), to_sign.encode(), hashlib.sha256).hexdigest()
        return added | {"Authorization": f"{ALGORITHM} Credential={self.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"}

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.secret}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key
