"""The carriers there are: how each is opened and heard, and what it must be told first."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from config.settings import settings
from leads.clinic.profile import clinic
from leads.clinic.read_yaml import line_in
from leads.errors import ConfigError, LeadsError
from leads.messages.carriers import mailgun, postmark, sendgrid, ses
from leads.messages.carriers.base import Carrier
from leads.messages.carriers.either import Either
from leads.messages.carriers.events import MailEvent
from leads.messages.carriers.smtp import SmtpCarrier

Reader = Callable[[Mapping[str, str], bytes], list[MailEvent]]


@dataclass(frozen=True)
class Known:
    """A carrier: the settings it cannot send without, and those without which nothing it tells is believed."""

    open: Callable[[], Carrier]
    to_send: tuple[str, ...]
    read_events: Reader | None = None
    to_hear: tuple[str, ...] = ()
    url: str | None = None
    # Whether it has a message of ours, where it can be asked with the key it sends by: the others' keys may send and nothing else.
    has: Callable[[uuid.UUID], bool] | None = None

    @property
    def is_heard(self) -> bool:
        """True when its webhook is set up."""
        return self.read_events is not None and not missing(self.to_hear)


def _smtp() -> Carrier:
    url = settings().smtp_url
    if url is None:
        raise LeadsError("No mail server: set SMTP_URL, or start the local mailbox with `handoff up`.", code="configuration")
    return SmtpCarrier(url.get_secret_value(), helo=clinic().mail.domain)


CARRIERS: dict[str, Known] = {
    "smtp": Known(_smtp, ("smtp_url",)),
    "ses": Known(ses.Ses, ("ses_access_key_id", "ses_secret_access_key"), ses.read_events, ("ses_topics",), "ses_url"),
    "postmark": Known(
        postmark.Postmark,
        ("postmark_token",),
        postmark.read_events,
        ("postmark_webhook_auth",),
        "postmark_url",
        has=lambda message_id: postmark.Postmark().has(message_id),
    ),
    "sendgrid": Known(sendgrid.SendGrid, ("sendgrid_api_key",), sendgrid.read_events, ("sendgrid_webhook_public_key",), "sendgrid_url"),
    "mailgun": Known(mailgun.Mailgun, ("mailgun_api_key", "mailgun_domain"), mailgun.read_events, ("mailgun_webhook_key",), "mailgun_url"),
}


def open_carrier(lane: str | None = None) -> Carrier:
    """Return the carrier configured for a lane, not yet connected; where there are two, one that changes over by itself."""
    first, *others = (_open(name) for name in clinic().mail.carriers.of(lane))
    return Either(first, others[0], lane=lane or "") if others else first


def carriers_in_use() -> list[str]:
    """Return the carriers some lane may use; raises ConfigError, naming file and line, for one that does not exist."""
    for lane in type(clinic().mail.carriers).model_fields:
        for name in clinic().mail.carriers.of(lane):
            if name not in CARRIERS:
                raise ConfigError(f"{_at(lane)}: there is no carrier {name}; there are {', '.join(CARRIERS)}.")
    return clinic().mail.carriers.every


def missing(names: tuple[str, ...]) -> list[str]:
    """Return those of these settings that are not set."""
    return [name for name in names if not getattr(settings(), name)]


def production_faults() -> Iterator[str]:
    """Yield what each carrier in use still lacks before it may carry the mail of real patients."""
    agreements = clinic().mail.agreements
    for name in carriers_in_use():
        known = CARRIERS[name]
        for each in missing((*known.to_send, *known.to_hear)):
            yield f"{each.upper()}: is not set, and {name} carries mail; see docs/carriers.md."
        if known.url and str(getattr(settings(), known.url) or "https:").startswith("http:"):
            yield f"{known.url.upper()}: is not https; mails and keys would pass in the clear."
        if name not in agreements:
            at = f"{settings().handoff_clinic_file}:{line_in(settings().handoff_clinic_file, 'mail', 'agreements', name)}"
            yield f"{at}: mail.agreements: records no business associate agreement with {name} (45 CFR 164.504(e)); see docs/carriers.md."


def _open(name: str) -> Carrier:
    if name not in CARRIERS:
        raise ConfigError(f"There is no carrier {name}; mail.carriers in clinic.yml may name {', '.join(CARRIERS)}.")
    known = CARRIERS[name]
    if name != "smtp" and (lacking := missing(known.to_send)):
        raise LeadsError(f"{name} is to carry mail, and {', '.join(lacking).upper()} is not set.", code="configuration")
    return known.open()


def _at(lane: str) -> str:
    file = settings().handoff_clinic_file
    return f"{file}:{line_in(file, 'mail', 'carriers', lane)}: mail.carriers.{lane}"
