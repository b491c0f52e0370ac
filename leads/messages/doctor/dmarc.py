"""DMARC: what receivers do with mail in our name that is not ours, and whether what vouches for ours is in the same name (RFC 7489)."""

from collections.abc import Iterator
from typing import NamedTuple

from leads.clinic.profile import clinic
from leads.messages.doctor.finding import Finding
from leads.messages.doctor.look_up import Dns, DnsAway
from leads.messages.doctor.tag_list import tags
from leads.messages.mail_keys import DnsRecord, signing_domain

POLICIES = ("none", "quarantine", "reject")


class Policy(NamedTuple):
    """A policy, and the domain at which it stands."""

    at: str
    tags: dict[str, str]


def check_dmarc(dns: Dns) -> Iterator[Finding]:
    """Yield how the policy of From's domain stands, and what is aligned with it."""
    domain = signing_domain()
    wanted = DnsRecord(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:{clinic().mail.reply_to}")
    try:
        found = policies_of(dns, domain)
    except DnsAway as away:
        yield Finding("dmarc", domain, "unknown", f"DNS did not say ({away}); try again.")
        return
    if not found:
        yield Finding(
            "dmarc", domain, "wrong", "There is no DMARC policy: anybody may write in our name, and Gmail takes less of ours.", wanted
        )
        return
    if len(found) > 1:
        yield Finding("dmarc", found[0].at, "wrong", f"There are {len(found)} DMARC policies, so none counts (RFC 7489, 6.6.3).", wanted)
        return
    yield _policy(found[0], domain, wanted)
    yield from _aligned(found[0], domain)


def policies_of(dns: Dns, domain: str) -> list[Policy]:
    """Return the policies that stand at a domain or, where there are none, at the nearest domain above it that has any."""
    labels = domain.split(".")
    for start in range(len(labels) - 1):
        at = ".".join(labels[start:])
        texts = [text for text in dns.texts(f"_dmarc.{at}") if text.replace(" ", "").startswith("v=DMARC1")]
        if texts:
            return [Policy(at, tags(text)) for text in texts]
    return []


def _policy(policy: Policy, domain: str, wanted: DnsRecord) -> Finding:
    name = f"_dmarc.{policy.at}"
    says = policy.tags.get("sp" if policy.at != domain and "sp" in policy.tags else "p", "")
    if says not in POLICIES:
        return Finding("dmarc", name, "wrong", f"The policy says p={says or '(nothing)'}; expected none, quarantine or reject.", wanted)
    if says == "none":
        firm = DnsRecord(name, "TXT", f"v=DMARC1; p=quarantine; rua={policy.tags.get('rua', f'mailto:{clinic().mail.reply_to}')}")
        return Finding(
            "dmarc", name, "advice", "p=none only watches. Once two weeks of reports show none of our mail failing, publish:", firm
        )
    if "rua" not in policy.tags:
        more = DnsRecord(name, "TXT", f"v=DMARC1; p={says}; rua=mailto:{clinic().mail.reply_to}")
        return Finding("dmarc", name, "advice", "Nobody gets the reports that would show our own mail failing; name a mailbox:", more)
    return Finding(
        "dmarc", name, "ok", f"Mail in our name that is not ours is {'refused' if says == 'reject' else 'set aside'} (p={says})."
    )


def _aligned(policy: Policy, domain: str) -> Iterator[Finding]:
    mail, strict = clinic().mail, policy.tags.get("aspf") == "s"
    # Our own signature and the keys of a mail service are of From's domain: that is where they are looked for.
    is_signed = mail.dkim.sign or bool(mail.dkim.relay)
    if is_signed:
        yield Finding("alignment", "signature", "ok", f"What is signed is signed as {domain}, which is From's domain.")
    if is_aligned(domain, mail.domain, policy.at, strict=strict):
        yield Finding("alignment", "return path", "ok", f"The return path is of {mail.domain}, aligned with From's {domain}.")
        return
    how = "the same domain, for the policy says aspf=s" if strict else f"one under {policy.at}"
    says = f"The return path is of {mail.domain}, From of {domain}; expected {how}: change `domain` under mail in clinic.yml."
    # One of the two is enough to be believed (RFC 7489, 6.6.2).
    yield Finding("alignment", "return path", "advice" if is_signed else "wrong", says)


def is_aligned(domain: str, other: str, organization: str, *, strict: bool) -> bool:
    """Return whether a domain vouches for another: the same one, or, relaxed, one of the same organization (RFC 7489, 3.1)."""
    if strict:
        return domain == other
    return all(each == organization or each.endswith(f".{organization}") for each in (domain, other)) or is_under(domain, other)


def is_under(domain: str, other: str) -> bool:
    """True where one of two domains is the other, or lies under it."""
    return domain == other or domain.endswith(f".{other}") or other.endswith(f".{domain}")
