"""A mail as good as written: what everybody's says alike is rendered and encoded once, with gaps for what is one recipient's own."""

import re
import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import escape

from leads.clinic.profile import Clinic, clinic
from leads.messages.quoted import CRLF, quoted_line
from leads.messages.render import checked_subject, given_values, render_values, template_called, values_from
from leads.messages.templates import Template

MOST_KEPT = 256
# Drawn anew in each process, so that nothing anybody can write is taken for a gap.
MARK = f"\ue000{secrets.token_hex(8)}"
GAP = re.compile(rf"{MARK}:(\w+)\ue001")


@dataclass(frozen=True)
class Ready:
    """A mail whose text and HTML are in quoted-printable already."""

    subject: str
    text: str
    html: str
    version: str
    language: str


@dataclass(frozen=True)
class Line:
    """A line with gaps: words, the name of a gap, words, and so on."""

    parts: Sequence[str]

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the line with what belongs into its gaps."""
        return "".join([values[part] if place % 2 else part for place, part in enumerate(self.parts)])


@dataclass(frozen=True)
class Prepared:
    """One edition in one set of circumstances."""

    subject: Line
    text: Sequence[str | Line]
    html: Sequence[str | Line]
    version: str
    # Kept with what was made of it, so that no other clinic can come to lie at the same address in memory.
    of: Clinic


_kept: OrderedDict[tuple[Any, ...], Prepared] = OrderedDict()


def ready(name: str, language: str, facts: Mapping[str, Any]) -> Ready:
    """Return the very mail that `render` would make of these facts, encoded; raises RenderError as it does."""
    return ready_from(template_called(name, language), language, facts)


def ready_from(template: Template, language: str, facts: Mapping[str, Any]) -> Ready:
    """Return the same of a template that need not be in the catalogue: an earlier version goes out while the next one waits."""
    given = given_values(template, facts)
    edition = template.editions[language]
    own = {fact: value for fact in edition.gaps if isinstance(value := given.get(fact), str) and value}
    prepared = _prepared(template, language, given, own)
    subject = checked_subject(template, language, prepared.subject.filled(own))
    html = _filled(prepared.html, {fact: str(escape(value)) for fact, value in own.items()})
    return Ready(subject, _filled(prepared.text, own), html, prepared.version, language)


def _prepared(template: Template, language: str, given: Mapping[str, Any], own: Mapping[str, str]) -> Prepared:
    # Whatever may turn a condition or is not a plain word is part of the circumstances; so is the clinic, which tests replace.
    rest = tuple(sorted((fact, value) for fact, value in given.items() if fact not in own and value is not None))
    key = (template.editions[language], id(clinic()), rest, frozenset(own))
    found = _kept.pop(key, None)
    if found is None:
        found = _prepare(template, language, {**given, **{fact: f"{MARK}:{fact}\ue001" for fact in own}})
    # The one used last is the last to go.
    _kept[key] = found
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return found


def _prepare(template: Template, language: str, marked: Mapping[str, Any]) -> Prepared:
    edition = template.editions[language]
    rendered = render_values(template, language, values_from(template, language, marked))
    subject = Line(GAP.split(rendered.subject))
    return Prepared(subject, list(_pieces(rendered.text)), list(_pieces(rendered.html)), edition.version, clinic())


def _pieces(words: str) -> Iterator[str | Line]:
    lines = words.replace(CRLF, "\n").split("\n")
    for has_gaps, run in groupby(lines, key=lambda line: MARK in line):
        if has_gaps:
            yield from (Line(GAP.split(line)) for line in run)
        else:
            yield CRLF.join(quoted_line(line) for line in run)


def _filled(pieces: Sequence[str | Line], values: Mapping[str, str]) -> str:
    return CRLF.join([piece if isinstance(piece, str) else quoted_line(piece.filled(values)) for piece in pieces])
