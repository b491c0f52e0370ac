"""A mail server that takes every verb and leaves in the middle of the mail, in the way a test chooses."""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Way = Literal["close", "reset", "goodbye", "stay"]


class LeavingPeer:
    """Leaves once the body has begun; with `stay` it takes the mail instead. `left` is set once that is decided."""

    def __init__(self, way: Way, tls: ssl.SSLContext | None = None) -> None:
        self.way, self.tls, self.left = way, tls, threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'smtps' if tls else 'smtp'}://localhost:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        raw, _ = self.listening.accept()
        self._talk(raw)
        self.left.set()

    def _talk(self, raw: socket.socket) -> None:
        peer = self.tls.wrap_socket(raw, server_side=True) if self.tls else raw
        with peer, peer.makefile("rwb", buffering=0) as line:
            line.write(b"220 hello\r\n")
            while (command := line.readline()) and not command.startswith(b"DATA"):
                line.write(b"250 ok\r\n")
            line.write(b"354 go on\r\n")
            line.readline()
            self._leave(peer)
            if self.way == "stay":
                self.left.set()
                while command := line.readline():
                    line.write(b"250 2.0.0 taken\r\n" if command == b".\r\n" else b"")

    def _leave(self, peer: socket.socket) -> None:
        if self.way == "goodbye":
            peer.sendall(b"421 4.3.2 closing\r\n")
        if self.way == "reset":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if isinstance(peer, ssl.SSLSocket) and self.way == "close":
            # Says that TLS ends here and leaves the line open: to the socket beneath, these are bytes like others.
            peer.settimeout(0)
            with suppress(OSError):
                peer.unwrap()


@contextmanager
def leaving(way: Way, tls: ssl.SSLContext | None = None) -> Iterator[LeavingPeer]:
    """Yield a peer that leaves in this way."""
    peer = LeavingPeer(way, tls)
    try:
        yield peer
    finally:
        peer.listening.close()


def certificate(folder: Path, *, days: int = 1) -> tuple[ssl.SSLContext, Path]:
    """Return the TLS of a server called localhost, and the file by which a client knows it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(datetime.now(UTC) - timedelta(days=1)).not_valid_after(datetime.now(UTC) + timedelta(days=days))
    signed = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False).sign(key, hashes.SHA256())
    file, plain = folder / "localhost.pem", serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file
