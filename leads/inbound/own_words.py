"""What somebody wrote themselves in an answer: without the mail they answered, and without what is ours in it."""

import re
import uuid
from collections.abc import Collection, Iterable
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.clinic.profile import clinic
from leads.clock import now
from leads.messages.due import JUST_CLAIMED, Due
from leads.messages.facts import facts_for
from leads.messages.models import Message
from leads.messages.render import render
from leads.safety.phrases import plain

# Where the answered mail begins, as the programs that are about write it in English and Spanish.
ORIGINAL = re.compile(
    r"^(?:on\b.{5,200}\bwrote:|el\b.{5,200}\bescribi[oó]:|.{0,120}<[^<>\s]+@[^<>\s]+>\s+(?:wrote|escribi[oó]):"
    r"|-{2,}\s*(?:original message|mensaje original|forwarded message|mensaje reenviado|original appointment)\s*-{2,}|_{20,}"
    r"|(?:from|de):[ \t].+\n(?:(?:to|para|cc|date|fecha|sent|enviado|enviado el|subject|asunto):.*\n?)+)",
    re.IGNORECASE | re.MULTILINE,
)
WRAPPED = re.compile(r"^(on\b[^\n]{5,160}|el\b[^\n]{5,160})\n([^\n]{0,120}(?:wrote|escribi[oó]):)", re.IGNORECASE | re.MULTILINE)
SIGNATURE = re.compile(
    r"^(?:-- ?$|sent from my\b.*|sent from (?:outlook|yahoo|mail)\b.*|get outlook for\b.*|enviado desde mi\b.*|obtener outlook\b.*)",
    re.IGNORECASE | re.MULTILINE,
)
ASKS_TO_STOP = frozenset({"stop", "unsubscribe", "baja", "dar de baja", "darme de baja", "stop all", "please stop", "please unsubscribe"})
NOT_THEM = re.compile(
    r"\b(?:wrong (?:person|address|email|e mail|number)|not me|dont know (?:you|who)|never (?:contacted|asked|signed)"
    r"|did not (?:contact|ask|sign)|didnt (?:contact|ask|sign)|persona equivocada|direccion equivocada|correo equivocado"
    r"|no soy (?:yo|esa|ese)|no los conozco)\b"
)
LATELY = timedelta(days=90)
MAILS = 12
RUN = 6


def own_words(text: str) -> str:
    """Return what stands before the answered mail, and between its quoted lines; what is no quotation by any sign stays."""
    unwrapped = WRAPPED.sub(r"\1 \2", text)
    found = ORIGINAL.search(unwrapped)
    top = unwrapped[: found.start()] if found else unwrapped
    # Who answers line by line, or below, writes after the line that begins the quotation.
    below = unwrapped[found.end() :] if found and re.search(r"^>", unwrapped[found.end() :], re.MULTILINE) else ""
    kept = [line.rstrip() for line in f"{top}\n{below}".split("\n") if not line.lstrip().startswith(">")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def asks_to_stop(text: str, subject: str = "") -> bool:
    """True where the whole answer is a word that means no more mail; one word among others is for a person to read."""
    words = plain(SIGNATURE.split(own_words(text), maxsplit=1)[0])
    return words in ASKS_TO_STOP or (not words and plain(subject) in ASKS_TO_STOP)


def denies(text: str) -> bool:
    """True where whoever answers says that it was not them who wrote to us."""
    return bool(NOT_THEM.search(plain(own_words(text))))


def without_ours(text: str, ours: Iterable[str]) -> str:
    """Return the words of a text, quotations included, without any run of words that stands in a text of ours.

    Every mail of ours names the crisis line: heard as the sender's own words, each quotation would be a disclosure. But a program may
    quote without a sign, and somebody may answer between the lines, so what is quoted is told by its words and not by its place.
    """
    known = {run for each in ours for run in _runs(plain(each).split())}
    words = plain(text).split()
    quoted = {place for start, run in enumerate(_runs(words)) if run in known for place in range(start, start + RUN)}
    return " ".join("…quoted…" if place in quoted else word for place, word in enumerate(words))


def ours_to(session: Session, person_id: uuid.UUID, answered: uuid.UUID | None) -> list[str]:
    """Return the texts of ours that an answer may quote: the mail it answers, the latest others to this person, the crisis text."""
    recent = (Message.person_id == person_id) & Message.sent_at.is_not(None) & (Message.sent_at > now() - LATELY)
    wanted = select(Message.id).where(recent).order_by(Message.sent_at.desc()).limit(MAILS)
    return ours_in(session, {*session.scalars(wanted), *([answered] if answered else [])})


def ours_in(session: Session, message_ids: Collection[uuid.UUID]) -> list[str]:
    """Return the texts of these messages as they would read now, and the crisis text in each language."""
    due = session.execute(JUST_CLAIMED, {"ids": list(message_ids), "at": now()}).all()
    return [*clinic().crisis_text.values(), *(text for row in due if (text := _text_of(Due(*row))))]


def _runs(words: list[str]) -> list[tuple[str, ...]]:
    return [tuple(words[place : place + RUN]) for place in range(len(words) - RUN + 1)]


def _text_of(due: Due) -> str:
    try:
        rendered = render(due.template, due.language, facts_for(due))
    except Exception:
        # A template that has gone since: then a quotation of it may be heard as the sender's words, which costs a call.
        return ""
    return f"{rendered.subject}\n{rendered.text}"
