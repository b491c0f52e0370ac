"""Drawing a page from templates/web, with the clinic's words and times in the office's zone."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from config.settings import settings
from leads.clinic.profile import Language, clinic
from leads.clock import now
from leads.http.wording import Words


@lru_cache
def environment() -> Environment:
    """Return the templates of all pages; a missing value is an error, not a blank."""
    made = Environment(
        loader=FileSystemLoader(settings().handoff_templates_dir / "web"),
        autoescape=select_autoescape(["html"]),
        # A blank where the crisis text or a consent should stand is worse than an error page.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"local": local, "utc": utc, "hover": hover, "dial": dial, "phone": phone_words}
    made.globals |= {"clinic": clinic, "is_local": settings().is_local, "now": now}
    return made


def page(request: Request, template: str, *, status: int = 200, lang: Language = "en", **context: Any) -> HTMLResponse:
    """Return a page of templates/web as a response; `t` in it gives the words of its language."""
    text = environment().get_template(template).render(request=request, lang=lang, t=Words(lang), **context)
    return HTMLResponse(text, status_code=status)


def local(moment: datetime, form: str = "%a %b %-d, %-I:%M %p", zone: str | ZoneInfo | None = None) -> str:
    """Return a moment as the wall clock of an office shows it (the default office's where none is named)."""
    there = ZoneInfo(zone) if isinstance(zone, str) else zone or clinic().office(None).zone
    return moment.astimezone(there).strftime(form)


def utc(moment: datetime) -> str:
    """Return a moment in UTC, for machines."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def hover(moment: datetime) -> str:
    """Return a moment in UTC, for whoever rests a pointer on it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def dial(phone: str) -> str:
    """Return a phone number as a `tel:` link takes it."""
    return "".join(letter for letter in phone if letter in "+0123456789")


def phone_words(number: str | None) -> str:
    """Return a North American number as people write it; others as they are, none as nothing."""
    digits = (number or "").removeprefix("+1")
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}" if number and number.startswith("+1") and len(digits) == 10 else number or ""
