"""`handoff carriers`: who takes our mail, what each still lacks, and what waits for an administrator."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.clinic.profile import clinic
from leads.clock import now
from leads.db import transaction
from leads.inbound.mail_models import InboundMail
from leads.inbound.models import KeptEvent, Notice
from leads.local import attach
from leads.messages.carriers.known import CARRIERS, carriers_in_use, missing
from leads.messages.models import LANES

LATELY = timedelta(days=7)
CONFIRM = "confirm-subscription"
# Notices of mail that came in bear a name of their own, and what is heard by that subscription is a mail.
SES_INBOUND, BY_SNS = "ses-inbound", "sns"
WRONG = {
    "mail-elsewhere": "Amazon SES told of {count} mails and brought none: let its rule publish to SNS, in Base64; see docs/carriers.md.",
    "mail-at-events": "Amazon SES brought {count} mails to the address of events: use /webhooks/mail/inbound/ses; see docs/carriers.md.",
    "no-mail": "Amazon SES told the address for mail of {count} events: use /webhooks/mail/ses; see docs/carriers.md.",
}


@app.command(name="carriers")
def show(data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """Show which carrier takes each lane's mail, what is missing, when each was last heard, and what only a person can confirm."""
    attach(data_dir)
    ways = {lane: clinic().mail.carriers.of(lane) for lane in LANES}
    used = carriers_in_use()
    with transaction() as session:
        each = {name: _about(session, name, used) for name in CARRIERS}
        waiting, wrong = _to_confirm(session), _wrong(session)
    if as_json:
        print_json({"lanes": ways, "carriers": each, "confirm": waiting, "wrong": wrong})
        return
    for lane, names in ways.items():
        out.print(f"{lane}: {', then '.join(names)}")
    for name, about in each.items():
        out.print(_line(name, about))
    for words in wrong:
        out.print(words, markup=False)
    for url in waiting:
        out.print(f"Amazon SNS asks whether you subscribed; if you did, open this once: {url}", soft_wrap=True, markup=False)


def _about(session: Session, name: str, used: list[str]) -> dict[str, Any]:
    known, agreement = CARRIERS[name], clinic().mail.agreements.get(name)
    heard = session.scalar(select(func.max(KeptEvent.received_at)).where(KeptEvent.carrier == name))
    unread = session.scalar(select(func.count()).where(Notice.carrier.in_((name, f"{name}-inbound")), Notice.trouble == "unreadable"))
    return {
        "in_use": name in used,
        "missing": [each.upper() for each in missing((*known.to_send, *known.to_hear))],
        "agreement": agreement.model_dump(mode="json") if agreement else None,
        "last_heard": heard.isoformat() if heard else None,
        "unread": unread or 0,
    }


def _line(name: str, about: dict[str, Any]) -> str:
    parts = ["in use" if about["in_use"] else "not in use"]
    if about["in_use"]:
        parts += [f"missing {', '.join(about['missing'])}"] if about["missing"] else []
        parts += [] if about["agreement"] else ["no business associate agreement on record"]
    parts += [f"last heard {about['last_heard']}"] if about["last_heard"] else []
    parts += [f"{about['unread']} notifications nobody could read"] if about["unread"] else []
    return f"{name}: {'; '.join(parts)}"


def _to_confirm(session: Session) -> list[str]:
    """Return the addresses that confirm a subscription; once anything was heard by it, somebody has."""
    event = select(func.max(KeptEvent.received_at)).where(KeptEvent.carrier == Notice.carrier).correlate(Notice).scalar_subquery()
    mail = select(func.max(InboundMail.received_at)).where(InboundMail.channel == BY_SNS).scalar_subquery()
    heard = case((Notice.carrier == SES_INBOUND, mail), else_=event)
    fresh = or_(heard.is_(None), Notice.received_at > heard)
    rows = session.scalars(select(Notice).where(Notice.trouble == CONFIRM, fresh).order_by(Notice.received_at.desc()).limit(5))
    return sorted({url for row in rows if (url := json.loads(row.raw or "{}").get("SubscribeURL"))})


def _wrong(session: Session) -> list[str]:
    """Return, in words, what Amazon SES sends to the wrong one of its two addresses, or without the mail; of the last week."""
    lately = (Notice.trouble.in_(WRONG), Notice.received_at > now() - LATELY)
    counts = session.execute(select(Notice.trouble, func.count()).where(*lately).group_by(Notice.trouble).order_by(Notice.trouble))
    return [WRONG[trouble or ""].format(count=count) for trouble, count in counts]
