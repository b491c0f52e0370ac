"""SPF: may these addresses send for this domain (RFC 7208), and can a receiver find out within its limits."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Literal

from leads.messages.doctor.finding import Finding
from leads.messages.doctor.look_up import Address, Dns, DnsAway
from leads.messages.mail_keys import DnsRecord

# RFC 7208, 4.6.4: of those terms that ask DNS; of answers that are empty; of hosts of one `mx`.
MOST_LOOK_UPS, MOST_EMPTY, MOST_HOSTS = 10, 2, 10
RESULTS: dict[str, "Result"] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
TERM = re.compile(r"([+?~-]?)(all|include|a|mx|ptr|ip4|ip6|exists)(?::([^/]+|[0-9a-f:.]+))?((?:/\d{1,3})?(?://\d{1,3})?)", re.IGNORECASE)
NETWORK = re.compile(r"([+?~-]?)ip([46]):([0-9a-f:.]+(?:/\d{1,3})?)", re.IGNORECASE)
OPEN_END = re.compile(r"\s[+?]?all(?=\s|$)", re.IGNORECASE)
MODIFIER = re.compile(r"([a-z][a-z0-9._-]*)=(.*)", re.IGNORECASE)
Result = Literal["pass", "fail", "softfail", "neutral", "none"]


class WrongRecord(Exception):
    """A receiver would give up on this record (permerror)."""


class HasMacros(Exception):
    """What the record says depends on the very mail; that is not worked out here."""


class Walk:
    """One evaluation, which may ask so much and no more; with no address every term is looked at and none fits."""

    def __init__(self, dns: Dns, address: Address | None) -> None:
        self.dns, self.address, self.asked, self.empty = dns, address, 0, 0

    def result_of(self, domain: str) -> Result:
        """Return what the domain's record says of the address; raises WrongRecord, HasMacros or DnsAway."""
        records = spf_records(self.dns, domain)
        if len(records) > 1:
            raise WrongRecord(f"{domain} has {len(records)} SPF records, and may have one")
        if not records:
            return "none"
        otherwise = None
        for term in records[0].split()[1:]:
            if modifier := MODIFIER.fullmatch(term):
                otherwise = modifier[2] if modifier[1].lower() == "redirect" else otherwise
            elif (found := self._term(domain, term)) is not None:
                return found
        return self._follow(otherwise) if otherwise else "neutral"

    def _follow(self, domain: str) -> Result:
        self._count(domain)
        result = self.result_of(domain)
        if result == "none":
            raise WrongRecord(f"it refers to {domain}, which has no SPF record")
        return result

    def _term(self, domain: str, term: str) -> Result | None:
        if network := NETWORK.fullmatch(term):
            return RESULTS[network[1] or "+"] if self._is_in(network[3], network[2]) else None
        parts = TERM.fullmatch(term)
        if parts is None or (parts[2].lower() in ("include", "exists") and not parts[3]) or parts[2].lower() in ("ip4", "ip6"):
            raise WrongRecord(f"“{term}” is no term of SPF")
        return RESULTS[parts[1] or "+"] if self._fits(parts[2].lower(), parts[3] or domain, parts[4]) else None

    def _fits(self, kind: str, target: str, length: str) -> bool:
        if kind == "all":
            return self.address is not None
        self._count(target)
        if kind == "include":
            return self._includes(target)
        if kind == "mx":
            return any(self._has(each.host, length) for each in self.dns.exchanges(target)[:MOST_HOSTS])
        # `ptr` is not to be used (RFC 7208, 5.5): that it is there is counted, what it would say is not asked.
        return kind == "a" and self._has(target, length)

    def _includes(self, target: str) -> bool:
        inner = self.result_of(target)
        if inner == "none":
            raise WrongRecord(f"it includes {target}, which has no SPF record")
        return inner == "pass"

    def _count(self, target: str) -> None:
        if "%" in target:
            raise HasMacros(target)
        self.asked += 1
        if self.asked > MOST_LOOK_UPS:
            raise WrongRecord(f"it makes a receiver ask DNS more than {MOST_LOOK_UPS} times; name addresses with ip4: and ip6: instead")

    def _has(self, host: str, length: str) -> bool:
        addresses = self.dns.addresses(host)
        self.empty += not addresses
        if self.empty > MOST_EMPTY:
            raise WrongRecord(f"more than {MOST_EMPTY} of the names it asks for do not exist, {host} among them")
        four, _, six = length.removeprefix("/").partition("//")
        bits = {4: four or "32", 6: six or "128"}
        return any(self._is_in(f"{each}/{bits[each.version]}", str(each.version)) for each in addresses)

    def _is_in(self, network: str, version: str) -> bool:
        try:
            known = ip_network(network, strict=False)
        except ValueError:
            raise WrongRecord(f"{network} is no network") from None
        if str(known.version) != version:
            raise WrongRecord(f"{network} is no IPv{version} network")
        return self.address is not None and self.address.version == known.version and self.address in known


def spf_records(dns: Dns, domain: str) -> list[str]:
    """Return the SPF records among a domain's texts (RFC 7208, 4.5)."""
    return [text for text in dns.texts(domain) if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE)]


def check_spf(dns: Dns, domain: str, addresses: Sequence[Address], includes: Sequence[str] = ()) -> list[Finding]:
    """Return how SPF of the return path's domain stands: the record as such, then each address we send from."""
    wanted = DnsRecord(domain, "TXT", _wanted(addresses, includes))
    try:
        return list(_looked_at(dns, domain, addresses, wanted))
    except WrongRecord as fault:
        return [Finding("spf", domain, "wrong", f"Receivers give up on the SPF record: {fault}.", wanted)]
    except HasMacros:
        return [Finding("spf", domain, "advice", "The SPF record has macros, which are not worked out here; send yourself a mail.")]
    except DnsAway as away:
        return [Finding("spf", domain, "unknown", f"DNS did not say ({away}); try again.")]


def _looked_at(dns: Dns, domain: str, addresses: Sequence[Address], wanted: DnsRecord) -> Iterator[Finding]:
    walk = Walk(dns, None)
    if walk.result_of(domain) == "none":
        yield Finding("spf", domain, "wrong", "There is no SPF record: nobody can tell our mail from another's.", wanted)
        return
    record = spf_records(dns, domain)[0]
    yield _the_record(domain, record, walk.asked)
    results = {address: Walk(dns, address).result_of(domain) for address in addresses}
    lacking = [address for address, result in results.items() if result != "pass"]
    # What else the record allows may be somebody else's business: ours is added to it.
    wider = DnsRecord(domain, "TXT", re.sub(r"^v=spf1", " ".join(["v=spf1", *map(_named, lacking)]), record, flags=re.IGNORECASE))
    for address, result in results.items():
        if address in lacking:
            yield Finding("spf", str(address), "wrong", f"{address} may not send for {domain}: the record says {result}.", wider)
        else:
            yield Finding("spf", str(address), "ok", f"{address} may send for {domain}.")


def _the_record(domain: str, record: str, asked: int) -> Finding:
    firm = DnsRecord(domain, "TXT", f"{OPEN_END.sub('', record)} -all")
    if re.search(r"\s\+?all(?:\s|$)", record, re.IGNORECASE):
        return Finding("spf", domain, "wrong", "The SPF record lets the whole world send in our name: it ends in +all.", firm)
    if not re.search(r"\s(?:[-~]all|redirect=\S+)(?:\s|$)", record, re.IGNORECASE):
        return Finding("spf", domain, "advice", "The SPF record forbids nobody to send in our name; end it in -all.", firm)
    return Finding("spf", domain, "ok", f"The SPF record can be read, with {asked} of {MOST_LOOK_UPS} look-ups.")


def _named(address: Address) -> str:
    return f"ip{address.version}:{address}"


def _wanted(addresses: Sequence[Address], includes: Sequence[str]) -> str:
    named = [*map(_named, addresses)] + [f"include:{each}" for each in includes]
    return " ".join(["v=spf1", *(named or ["mx"]), "-all"])
