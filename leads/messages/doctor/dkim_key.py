"""DKIM: is the key that others find the one that signs (RFC 6376; RFC 8463)."""

import base64
import binascii
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from leads.clinic.profile import clinic
from leads.messages.doctor.finding import Finding
from leads.messages.doctor.look_up import Dns, DnsAway
from leads.messages.doctor.tag_list import tags
from leads.messages.mail_keys import RSA_BITS, CannotSign, Signing, record_of, signing_domain, signing_keys

# Gmail takes no shorter one (support.google.com/mail/answer/81126).
SHORTEST = 1024


def check_dkim(dns: Dns) -> Iterator[Finding]:
    """Yield how each key that is to vouch for our mail stands."""
    dkim = clinic().mail.dkim
    if dkim.sign:
        try:
            for signing in signing_keys():
                yield _ours(dns, signing)
        except CannotSign as error:
            yield Finding("dkim", signing_domain(), "wrong", error.message)
    for selector in dkim.relay:
        yield _relays(dns, selector)
    if not dkim.sign and not dkim.relay:
        yield Finding(
            "dkim",
            signing_domain(),
            "wrong",
            "Nobody is known to sign our mail. Make keys with `handoff mail-keys make` and say `dkim: {sign: true}` under mail in "
            "clinic.yml; or name the selectors of the mail service that signs: `dkim: {sign: false, relay: [s1]}`.",
        )


def _ours(dns: Dns, signing: Signing) -> Finding:
    record = record_of(signing)
    try:
        published = dns.texts(record.name)
    except DnsAway as away:
        return Finding("dkim", record.name, "unknown", f"DNS did not say ({away}); try again.")
    if not published:
        return Finding("dkim", record.name, "wrong", "The key we sign with is not published: no receiver can check our signature.", record)
    if len(published) > 1:
        return Finding("dkim", record.name, "wrong", f"There are {len(published)} texts where one key belongs; leave this one.", record)
    return _compared(record_name=record.name, published=tags(published[0]), wanted=tags(record.value), signing=signing)


def _compared(*, record_name: str, published: dict[str, str], wanted: dict[str, str], signing: Signing) -> Finding:
    record = record_of(signing)
    if published.get("v", "DKIM1") != "DKIM1" or "p" not in published:
        return Finding("dkim", record_name, "wrong", "What is published there is no key (RFC 6376, 3.6.1).", record)
    if not published["p"]:
        return Finding("dkim", record_name, "wrong", "The key published there is revoked; publish ours, or sign with another.", record)
    if (published["p"], published.get("k", "rsa")) != (wanted["p"], wanted["k"]):
        return Finding("dkim", record_name, "wrong", "Another key is published than the one we sign with: each signature fails.", record)
    if "y" in published.get("t", "").split(":"):
        return Finding(
            "dkim", record_name, "advice", "The key is published as a test (t=y): some receivers treat the mail as unsigned.", record
        )
    return Finding("dkim", record_name, "ok", f"The {signing.kind} key we sign with is the one that is published.")


def _relays(dns: Dns, selector: str) -> Finding:
    name = f"{selector}._domainkey.{signing_domain()}"
    try:
        published = [each for text in dns.texts(name) if (each := tags(text)).get("p")]
    except DnsAway as away:
        return Finding("dkim", name, "unknown", f"DNS did not say ({away}); try again.")
    if len(published) != 1:
        return Finding("dkim", name, "wrong", "The mail service's key is not published there; its settings page says what to publish.")
    bits = _bits(published[0])
    if bits is not None and bits < SHORTEST:
        return Finding("dkim", name, "wrong", f"A key of {bits} bits is believed by nobody; have the mail service make one of {RSA_BITS}.")
    if bits is not None and bits < RSA_BITS:
        return Finding("dkim", name, "advice", f"A key of {bits} bits is short; have the mail service make one of {RSA_BITS}.")
    return Finding("dkim", name, "ok", "The mail service's key is published.")


def _bits(published: dict[str, str]) -> int | None:
    """Return the length of an RSA key, 0 where it cannot be read, None for one of another kind."""
    if published.get("k", "rsa") != "rsa":
        return None
    try:
        key = load_der_public_key(base64.b64decode(published["p"], validate=True))
    except (ValueError, binascii.Error):
        return 0
    return key.key_size if isinstance(key, RSAPublicKey) else 0
