"""Sending a mail to oneself: marked as a test, with made-up facts, to the address of whoever asks and no other."""

import re
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from leads.accounts.throttle import count
from leads.audit.trail import record
from leads.clock import now
from leads.errors import NotFound
from leads.messages.due import Due
from leads.messages.mime import build, envelope
from leads.messages.models import Message
from leads.messages.outbox import post
from leads.messages.permit import Letter
from leads.messages.render import Rendered
from leads.messages.sample import sample, sample_facts
from leads.messages.templates import catalogue

CAUSE = "trial"
AN_HOUR, MOST_AN_HOUR = timedelta(hours=1), 30
IN_SUBJECT = {"en": "Test", "es": "Prueba"}
IN_BODY = {
    "en": "This is a test. A colleague sent it to you, or you did. The facts in it are made up, and its links lead nowhere.",
    "es": "Esto es una prueba. Los datos son inventados y los enlaces no llevan a ninguna parte.",
}


def send_trial(session: Session, template: str, *, language: str, office: str | None, account_id: uuid.UUID) -> Message:
    """Put a test mail down for the signed-in account; raises NotFound for a template or language there is not, or TooMany."""
    found = catalogue().get(template)
    if found is None or language not in found.editions:
        raise NotFound("There is no such mail in this language.")
    count(session, CAUSE, account_id.bytes, limit=MOST_AN_HOUR, within=AN_HOUR)
    facts = {"trial": True, "language": language, "office": office}
    message = post(
        session,
        None,
        template,
        cause=CAUSE,
        account_id=account_id,
        facts=facts,
        # It answers what somebody has just done, whatever lane its template has.
        lane="transactional",
        useful_until=now() + AN_HOUR,
        actor=f"account:{account_id}",
    )
    record(session, "message.tried", message, actor=f"account:{account_id}", template=template, language=language)
    return message


def is_trial(due: Due) -> bool:
    """True for a test that somebody sends to themselves."""
    return due.recipient == "accounts" and bool(due.facts.get("trial"))


def trial_letter(due: Due) -> Letter:
    """Return a test as it goes: no way out to press, no calendar file, no link that acts."""
    language, office = due.facts["language"], due.facts.get("office")
    facts: dict[str, Any] = sample_facts(due.template, language, office=office) | due.facts
    rendered = marked(sample(due.template, language, office=office))
    return Letter(due, envelope(due.id, due.email), build(due, due.email, rendered, None, discreet=False), rendered, facts)


def marked(rendered: Rendered) -> Rendered:
    """Return a mail with the mark of a test in its subject and at the head of both its parts."""
    words = IN_BODY.get(rendered.language, IN_BODY["en"])
    banner = f'<div style="padding:12px 20px;background:#8a4b08;color:#ffffff;font:16px/24px sans-serif;">{words}</div>'
    return replace(
        rendered,
        subject=f"{IN_SUBJECT.get(rendered.language, IN_SUBJECT['en'])}: {rendered.subject}",
        text=f"*** {words} ***\n\n{rendered.text}",
        html=re.sub(r"(<body\b[^>]*>)", lambda found: found[1] + banner, rendered.html, count=1),
    )
