"""A mail as it reads for somebody made up: for looking at it, and for sending it to oneself; never with a fact about a patient."""

from datetime import timedelta
from typing import Any

from leads.clinic.in_words import day_in_words, in_words, time_in_words
from leads.clinic.profile import clinic
from leads.clock import now
from leads.messages.lint import FACTS
from leads.messages.render import Rendered, render
from leads.messages.templates import catalogue

# Nobody's: kept free for examples (RFC 2606).
SOMEWHERE = "https://example.com/"
MADE_UP = {name: value for name, value in FACTS.items() if name != "office" and not name.endswith("_url")}
AHEAD = timedelta(days=2)


def sample(template: str, language: str, *, office: str | None = None, **known: Any) -> Rendered:
    """Return a mail with made-up facts, but for those that are `known`; raises RenderError for a template or language there is not."""
    return render(template, language, sample_facts(template, language, office=office) | known)


def sample_facts(template: str, language: str, *, office: str | None = None) -> dict[str, Any]:
    """Return made-up values for whatever a template declares, with moments two days from now by the office's clock."""
    zone, at = clinic().office(office).zone, now() + AHEAD
    moments = {
        "expected_by": in_words(at, zone, language),
        "visit_day": day_in_words(at, zone, language),
        "visit_time": time_in_words(at.astimezone(zone).replace(hour=10, minute=0), zone),
        "today": day_in_words(now(), zone, language),
        "raised": time_in_words(at, zone),
    }
    wanted = catalogue()[template].declared if template in catalogue() else frozenset()
    links = {name: SOMEWHERE for name in wanted if name.endswith("_url")}
    return links | {name: value for name, value in (MADE_UP | moments).items() if name in wanted} | ({"office": office} if office else {})
