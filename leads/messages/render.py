"""Rendering a mail: plain facts in, subject, text and HTML out; nothing that is not declared gets in, nothing unbounded out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jinja2
from markupsafe import Markup, escape

from leads.clinic.profile import clinic
from leads.errors import LeadsError
from leads.messages.places import office_words, practice_words
from leads.messages.sandbox import SecurityError, run
from leads.messages.templates import Edition, Template, catalogue

LONGEST_FACT = 2000
MOST_ITEMS = 50
FOOTER = frozenset({"unsubscribe_url", "preferences_url"})
# What we say of ourselves depends on these, whether a template asks for them or not.
CIRCUMSTANCES = frozenset({"office", "discreet", "confirm_url"})
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# A carriage return or an encoded word (RFC 2047) in a subject could become a header of its own.
UNSAFE_SUBJECT = re.compile(rf"{CONTROL.pattern}|=\?")
LINK = re.compile(r"https?://[^\s\"'<>]+")
HELP_LINES = re.compile(r"\b(?:988lifeline\.org|988|911)\b")


class RenderError(LeadsError):
    """A mail could not be rendered and is not sent; the message names the template and what was wrong."""

    status = 500
    code = "render"


@dataclass(frozen=True)
class Rendered:
    """A mail as it will read, and the version of the template it came from."""

    subject: str
    text: str
    html: str
    version: str
    preheader: str
    language: str = "en"


def render(template: str, language: str, facts: Mapping[str, Any]) -> Rendered:
    """Return the mail; raises RenderError naming the template and the missing or refused fact."""
    return render_template(template_called(template, language), language, facts)


def render_template(template: Template, language: str, facts: Mapping[str, Any]) -> Rendered:
    """Return the mail of a template that need not be in the catalogue; raises RenderError."""
    _edition(template, language)
    return render_values(template, language, values_from(template, language, given_values(template, facts)))


def template_called(name: str, language: str) -> Template:
    """Return the template of a name that has an edition in a language; raises RenderError where there is none."""
    if name not in catalogue():
        raise RenderError(f"There is no template {name}.")
    _edition(catalogue()[name], language)
    return catalogue()[name]


def render_values(template: Template, language: str, values: Mapping[str, Any]) -> Rendered:
    """Return the mail with these values, all of them; raises RenderError."""
    edition = _edition(template, language)
    try:
        subject = run(edition.discreet_subject if values["discreet"] else edition.subject, values)
        framed = {**values, "subject": subject, "preheader": edition.preheader}
        text = run(edition.text, framed)
        html = run(edition.html, framed | {"crisis": _tappable(values["crisis"])})
    except (jinja2.TemplateError, SecurityError) as error:
        raise RenderError(f"{template.name} ({language}): {error}") from None
    return Rendered(checked_subject(template, language, subject), text, html, edition.version, edition.preheader, language)


def checked_subject(template: Template, language: str, subject: str) -> str:
    """Return the subject as it is; raises RenderError where a header could not carry it."""
    if UNSAFE_SUBJECT.search(subject):
        raise RenderError(f"{template.name} ({language}): the subject has characters no header may carry")
    return subject


def _edition(template: Template, language: str) -> Edition:
    edition = template.editions.get(language)
    if edition is None:
        raise RenderError(f"{template.name} has no edition in {language}.")
    return edition


def given_values(template: Template, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the facts a template may know, each made plain; raises RenderError for one that is missing or is no plain value."""
    given = {name: _plain(template.name, name, value) for name, value in facts.items()}
    missing = sorted(name for name in template.required if given.get(name) is None)
    if missing:
        raise RenderError(f"{template.name} needs {', '.join(missing)}.")
    return {name: given[name] for name in template.declared | CIRCUMSTANCES if name in given}


def values_from(template: Template, language: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return every value a template is rendered with: what it was given, and what we say of ourselves."""
    own = dict.fromkeys(FOOTER) | {name: given.get(name) for name in template.declared}
    return MappingProxyType(own | _ours(template, language, given))


def _ours(template: Template, language: str, given: Mapping[str, Any]) -> dict[str, Any]:
    here, words = clinic(), template.editions[language].words
    sender = here.mail.discreet_name if given.get("discreet") else here.practice.name
    chosen = [office for office in here.offices if office.code == given.get("office")]
    return {
        "language": language,
        "sender": sender,
        "discreet": bool(given.get("discreet")),
        "practice": practice_words(),
        "postal_address": _under(sender, here.practice.postal_address),
        "office": office_words(here.office(given.get("office")), language),
        "offices": [office_words(office, language) for office in chosen or here.offices],
        "crisis": here.crisis_text["es" if language == "es" else "en"],
        "crisis_shown": template.meta.audience == "person",
        "is_unconfirmed": template.meta.to_unconfirmed and given.get("confirm_url") is not None,
        "words": words.model_dump(exclude={"why"}),
        "why": words.why[template.meta.topic],
    }


def _under(sender: str, address: str) -> str:
    # The name at the head of the postal address would give away what a discreet sender hides.
    for name in sorted({clinic().practice.legal_name, clinic().practice.name}, key=len, reverse=True):
        address = address.replace(name, sender)
    return address


def _plain(template: str, name: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        if len(value) > MOST_ITEMS or not all(isinstance(item, str) for item in value):
            raise RenderError(f"{template}: {name} must be a short list of plain words.")
        return tuple(_plain(template, name, item) for item in value)
    if value is not None and type(value) not in (str, int, bool):
        raise RenderError(f"{template}: {name} must be plain words or a number, not {type(value).__name__}.")
    return _line(template, name, value) if isinstance(value, str) else value


def _line(template: str, name: str, value: str) -> str:
    if len(value) > LONGEST_FACT:
        raise RenderError(f"{template}: {name} is longer than {LONGEST_FACT} characters.")
    if name.endswith("_url") and not LINK.fullmatch(value):
        raise RenderError(f"{template}: {name} is no link.")
    return CONTROL.sub(" ", value)


def _tappable(crisis: str) -> Markup:
    """Return the crisis text with its numbers as links: whoever needs them should not have to type."""

    def link(found: re.Match[str]) -> str:
        target = found[0]
        href = f"https://{target}" if "." in target else f"tel:{target}"
        return f'<a href="{href}" style="color:inherit;font-weight:bold;">{target}</a>'

    return Markup(HELP_LINES.sub(link, str(escape(crisis))))  # noqa: S704 - escaped in this very line
