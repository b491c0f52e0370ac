"""The line to the mail server: encrypted, by a certificate that is its own (RFC 3207; RFC 8996)."""

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import ip_address

from config.settings import settings
from leads.clinic.profile import clinic
from leads.clock import real_now
from leads.messages.carriers.smtp import Relay, parse
from leads.messages.doctor.finding import Finding

SECONDS = 10
SOON_DAYS = 14


def check_lines() -> Iterator[Finding]:
    """Yield how the line to each carrier in use stands; nothing is sent over it, and nobody signs in."""
    for name in clinic().mail.carriers.every:
        if name == "smtp":
            yield check_relay()
        else:
            yield Finding("tls", name, "ok", f"{name} takes mail by HTTPS requests; `handoff check --production` refuses any other.")


def check_relay() -> Finding:
    """Return how the line to the configured server stands."""
    url = settings().smtp_url
    if url is None:
        return Finding("tls", "SMTP_URL", "wrong", "No mail server is set: SMTP_URL=smtp://user:password@host:587?starttls=1")
    relay = parse(url.get_secret_value())
    where = f"{relay.host}:{relay.port}"
    if not relay.tls and not relay.starttls:
        return _in_clear(relay, where)
    try:
        return _encrypted(relay, where)
    except ssl.SSLCertVerificationError as error:
        return Finding("tls", where, "wrong", f"The certificate of {relay.host} is not believed: {error.verify_message.rstrip('.')}.")
    except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
        return Finding(
            "tls", where, "wrong", f"{relay.host} offers no encryption that is still good (TLS 1.2 or newer): {type(error).__name__}."
        )
    except (OSError, smtplib.SMTPException) as error:
        return Finding("tls", where, "unknown", f"{where} could not be reached ({type(error).__name__}).")


def _in_clear(relay: Relay, where: str) -> Finding:
    if _is_here(relay.host):
        return Finding("tls", where, "ok", "The mail server is on this very machine; the line never leaves it.")
    return Finding("tls", where, "wrong", "Mail leaves in the clear: end SMTP_URL in ?starttls=1, or begin it with smtps://.")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _encrypted(relay: Relay, where: str) -> Finding:
    context, helo = ssl.create_default_context(), clinic().mail.domain
    connection: smtplib.SMTP
    if relay.tls:
        connection = smtplib.SMTP_SSL(relay.host, relay.port, helo, timeout=SECONDS, context=context)
    else:
        connection = smtplib.SMTP(relay.host, relay.port, helo, timeout=SECONDS)
    with connection:
        if relay.starttls:
            connection.starttls(context=context)
        sock = connection.sock
        assert isinstance(sock, ssl.SSLSocket)
        return _certificate(where, sock.version() or "TLS", sock.getpeercert() or {})


def _certificate(where: str, version: str, certificate: Mapping[str, object]) -> Finding:
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    left = (ends - real_now()).days
    if left < SOON_DAYS:
        return Finding("tls", where, "advice", f"{version}, and the certificate ends in {left} days: see that it is renewed.")
    return Finding("tls", where, "ok", f"{version}, with a certificate that is believed and good for {left} days.")
