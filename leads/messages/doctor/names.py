"""Names and addresses: who takes what comes back to us, and whether the addresses we send from go by a name (RFC 5321; RFC 7505)."""

from collections.abc import Iterator

from leads.clinic.profile import clinic
from leads.messages.doctor.finding import Finding
from leads.messages.doctor.look_up import Address, Dns, DnsAway
from leads.messages.mail_keys import DnsRecord


def check_ways_in(dns: Dns) -> Iterator[Finding]:
    """Yield whether bounces and answers find a server that takes them."""
    mail = clinic().mail
    uses = {mail.domain: ["what bounces", "what is answered"]}
    for address in (mail.reply_to, mail.from_address):
        uses.setdefault(address.rpartition("@")[2], [f"what is written to {address}"])
    for domain, whats in uses.items():
        try:
            yield _way_in(dns, domain, " and ".join(whats))
        except DnsAway as away:
            yield Finding("mx", domain, "unknown", f"DNS did not say ({away}); try again.")


def _way_in(dns: Dns, domain: str, what: str) -> Finding:
    exchanges = dns.exchanges(domain)
    wanted = DnsRecord(domain, "MX", f"10 {exchanges[0].host if exchanges and exchanges[0].host else f'mx.{domain}'}.")
    if not exchanges:
        return Finding(
            "mx",
            domain,
            "wrong",
            f"No server is named for {domain}: {what} would be lost. Name the one that runs `handoff inbound`:",
            wanted,
        )
    if not exchanges[0].host:
        return Finding("mx", domain, "wrong", f"{domain} says that it takes no mail (RFC 7505): {what} would be lost.", wanted)
    lost = [each.host for each in exchanges if not dns.addresses(each.host)]
    if lost:
        return Finding("mx", domain, "wrong", f"{lost[0]} is to take the mail of {domain}, and has no address: publish an A record for it.")
    return Finding("mx", domain, "ok", f"{exchanges[0].host} takes {what}.")


def check_names(dns: Dns) -> Iterator[Finding]:
    """Yield whether each address we send from has a name, that leads back to it and is the one we greet with."""
    if not clinic().mail.sends_from:
        says = "From which addresses mail leaves is not known here: your mail service keeps their names; of servers of your own, name them."
        yield Finding("ptr", "mail.sends_from", "advice", says)
    for address in clinic().mail.sends_from:
        try:
            yield _name(dns, address, clinic().mail.domain)
        except DnsAway as away:
            yield Finding("ptr", str(address), "unknown", f"DNS did not say ({away}); try again.")


def _name(dns: Dns, address: Address, greeting: str) -> Finding:
    wanted = DnsRecord(address.reverse_pointer, "PTR", f"{greeting}.")
    names = dns.names_of(address)
    if not names:
        return Finding("ptr", str(address), "wrong", f"{address} goes by no name; whoever rents it to you can give it one:", wanted)
    if not any(address in dns.addresses(name) for name in names):
        back = DnsRecord(names[0], "AAAA" if address.version == 6 else "A", str(address))
        return Finding("ptr", str(address), "wrong", f"{address} goes by {names[0]}, which does not lead back to it.", back)
    if address not in dns.addresses(greeting):
        back = DnsRecord(greeting, "AAAA" if address.version == 6 else "A", str(address))
        return Finding("helo", str(address), "wrong", f"We greet as {greeting}, which does not lead to {address}.", back)
    return Finding("ptr", str(address), "ok", f"{address} goes by {names[0]} and greets as {greeting}; both lead back to it.")
