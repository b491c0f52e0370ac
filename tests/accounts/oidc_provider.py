"""A small OpenID Connect provider on loopback: discovery, keys, and ID tokens signed with RS256."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "warm-handoff", "a:secret&more"


@lru_cache
def _own_key() -> RSAKey:
    # Looking for two primes takes longer than a whole sign-in.
    return RSAKey.generate_key(2048, {"kid": "one"})


@dataclass
class Provider:
    """What it would say, and what it was asked; a test changes `claims` to lie, `key` to sign with another."""

    issuer: str = ""
    calls_itself: str | None = None
    asked: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    published: RSAKey = field(default_factory=_own_key)
    signs_with: RSAKey | None = None
    algorithm: str = "RS256"
    auth: str = ""

    def authorize(self, address: str) -> str:
        """What a browser does that is sent there and signs in: returns the state to come back with."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return self.asked["state"]

    def token(self, form: dict[str, str], auth: str) -> tuple[int, dict[str, Any]]:
        """Answer the token endpoint: a code is good only with the verifier its challenge was made of (RFC 7636)."""
        self.auth = base64.b64decode(auth.removeprefix("Basic ")).decode()
        digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if form["code"] != "good" or digest != self.asked["code_challenge"] or form["redirect_uri"] != self.asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        told = {"iss": self.issuer, "aud": CLIENT, "sub": "casey-1", "iat": now, "exp": now + 300, "nonce": self.asked["nonce"]}
        told |= {"email": "casey@example.com", "email_verified": True} | self.claims
        told = {name: value for name, value in told.items() if name not in self.without}
        key = self.signs_with or self.published
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": jwt.encode({"alg": self.algorithm, "kid": "one"}, told, key)}

    def get(self, path: str) -> dict[str, Any] | None:
        """Answer discovery and keys."""
        if path == "/keys":
            return {"keys": [self.published.as_dict(private=False)]}
        if path == "/.well-known/openid-configuration":
            named = {"issuer": self.calls_itself or self.issuer, "jwks_uri": f"{self.issuer}/keys"}
            return named | {"authorization_endpoint": f"{self.issuer}/authorize", "token_endpoint": f"{self.issuer}/token"}
        return None


@contextmanager
def running() -> Iterator[Provider]:
    """The provider, listening."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/authorize"):
                state = provider.authorize(self.path)
                self.send_response(302)
                self.send_header("Location", f"{provider.asked['redirect_uri']}?code=good&state={state}")
                self.end_headers()
                return
            found = provider.get(self.path)
            self.answer(200 if found else 404, found or {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(*provider.token(form, self.headers.get("Authorization", "")))

        def answer(self, status: int, told: dict[str, Any]) -> None:
            text = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield provider
    server.shutdown()
    server.server_close()
