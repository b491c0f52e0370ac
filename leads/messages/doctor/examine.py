"""Everything there is to look at of our mail, one after another."""

from leads.clinic.profile import clinic
from leads.messages.doctor.complaints import check_complaints
from leads.messages.doctor.dkim_key import check_dkim
from leads.messages.doctor.dmarc import check_dmarc
from leads.messages.doctor.finding import Finding
from leads.messages.doctor.look_up import Dns
from leads.messages.doctor.names import check_names, check_ways_in
from leads.messages.doctor.relay import check_lines
from leads.messages.doctor.sample import check_sample
from leads.messages.doctor.spf import check_spf
from leads.messages.doctor.way_out import check_way_out

# What the providers have their customers publish where the return path is the customer's own (see their pages on custom domains).
INCLUDES = {"ses": "amazonses.com", "sendgrid": "sendgrid.net", "mailgun": "mailgun.org", "postmark": "spf.mtasv.net"}


def examine(dns: Dns) -> list[Finding]:
    """Return every finding, in the order in which a sending domain is set up; nothing is sent and nothing changed."""
    mail = clinic().mail
    return [
        *check_spf(dns, mail.domain, mail.sends_from, [INCLUDES[name] for name in mail.carriers.every if name in INCLUDES]),
        *check_dkim(dns),
        *check_dmarc(dns),
        *check_names(dns),
        *check_ways_in(dns),
        *check_lines(),
        *check_way_out(),
        *check_sample(dns),
        check_complaints(),
    ]
