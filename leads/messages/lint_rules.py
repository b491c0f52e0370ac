"""The linter's rules beside those of words: the fixed subjects, the sender, the colours, and what is never said in one breath."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from pydantic import RootModel

from config.settings import settings
from leads.clinic.profile import clinic
from leads.clinic.read_yaml import read_yaml
from leads.messages import forbidden
from leads.messages.contrast import faint
from leads.messages.templates import Template

BOTH = re.compile(r"(?=.*\bketamin)(?=.*\b(?:esketamin|spravato))", re.IGNORECASE | re.DOTALL)
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


class Subjects(RootModel[dict[str, list[str]]]):
    """templates/email/_base/subjects.yml."""


@lru_cache
def subjects(path: Path) -> Mapping[str, list[str]]:
    """Return the subjects a mail may have, by language, as the files write them; raises ConfigError."""
    return read_yaml(path, Subjects).root


def subject_faults(template: Template, language: str) -> Iterator[str]:
    """Yield a fault for a subject that is not on the fixed list: it is read on locked screens and in other people's inboxes."""
    path = settings().handoff_templates_dir / "email" / "_base" / "subjects.yml"
    subject = template.editions[language].sources.subject
    if subject not in subjects(path).get(language, []):
        yield f"subject: “{subject}” is not on the list in {path.name}; choose one there, or have it looked at and added"


def sender_faults() -> Iterator[str]:
    """Yield a fault for each health word in what stands beside every mail: the discreet name, the sender's address and hosts."""
    mail = clinic().mail
    hosts = {"mail.domain": mail.domain, "mail.list_domain": mail.list_domain, "mail.from_address": mail.from_address}
    for place, text in {"mail.discreet_name": mail.discreet_name, **hosts}.items():
        for language, health in forbidden.HEALTH.items():
            if found := health.search(re.sub(r"[.@_-]", " ", text)):
                yield f"config/clinic.yml: {place}: “{found[0]}” tells more than a discreet sender may ({language})"


def use_faults(templates: Mapping[str, Template]) -> Iterator[str]:
    """Yield a fault for each mail of which nobody said when it is too old to go: after an outage it would go however stale."""
    for name, template in templates.items():
        if not (template.meta.useful_for or template.meta.stays_useful):
            yield f"{name}: useful_for: is missing in meta.yml; say for how long it is of use, or in stays_useful why it always is"


def breath_faults(text: str) -> Iterator[str]:
    """Yield a fault for each sentence that speaks of two products at once: they have different labels and different risks."""
    for sentence in SENTENCE.split(text):
        if BOTH.search(sentence):
            yield f"claim: “{sentence[:60]}”: ketamine and esketamine are different products; never both in one sentence"


def look_faults(html: str) -> Iterator[str]:
    """Yield a fault for what somebody could not see: faint words, and pictures that say nothing."""
    yield from colour_faults(html)
    yield from picture_faults(html)


def colour_faults(html: str) -> Iterator[str]:
    """Yield a fault for words that stand out too little, in light or in dark."""
    for look in ("light", "dark"):
        for text, colour, behind, ratio in faint(html, look):
            yield f"html: {look}: “{text[:30]}” is {colour} on {behind}, {ratio:.1f} to 1; expected at least 4.5"


def claim_faults(template: Template, *, describes: bool) -> Iterator[str]:
    """Yield a fault where a mail describes the treatment and meta.yml names no fact for it: nobody would look at it again."""
    if describes and not template.meta.claims:
        yield "meta: claims: it describes the treatment, and names no fact of config/facts.yml that it rests on"
    if describes and template.meta.kind == "administrative":
        yield "meta: kind: it describes the treatment, so it is treatment or marketing, not administrative"


def picture_faults(html: str) -> Iterator[str]:
    """Yield a fault for each picture without words of its own."""
    pictures = _Pictures()
    pictures.feed(html)
    yield from ("html: a picture has no alt: whoever does not see it misses what it says" for _ in range(pictures.mute))


class _Pictures(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.mute = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.mute += tag == "img" and "alt" not in dict(attrs)
