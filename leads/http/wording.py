"""The words of our pages in the reader's language; kept in templates/web/public/words.yml, none missing."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any, get_args

from fastapi import Request
from pydantic import RootModel, model_validator

from config.settings import settings
from leads.clinic.profile import Language
from leads.clinic.read_yaml import read_yaml
from leads.errors import FieldError, LeadsError

LANGUAGES: tuple[Language, ...] = get_args(Language)


class Wordings(RootModel[dict[str, dict[str, dict[Language, str]]]]):
    """Every wording by section and key, in each language."""

    @model_validator(mode="after")
    def _complete(self) -> "Wordings":
        for section, keys in self.root.items():
            for key, words in keys.items():
                if set(words) != set(LANGUAGES):
                    raise ValueError(f"{section}.{key} must be there in {' and '.join(LANGUAGES)}")
        return self


@lru_cache
def wordings() -> Wordings:
    """Return this process's wordings; raises ConfigError naming file and line."""
    return read_yaml(settings().handoff_templates_dir / "web" / "public" / "words.yml", Wordings)


class Words:
    """The wordings of one language; calling it with `section.key` returns the words, facts filled in."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, name: str, **facts: Any) -> str:
        words = self.find(name)
        if words is None:
            raise KeyError(f"words.yml has no {name}")
        return words.format(**facts)

    def find(self, name: str) -> str | None:
        """Return the words kept under `section.key`, or None."""
        section, _, key = name.partition(".")
        words = wordings().root.get(section, {}).get(key)
        return words[self.language] if words else None

    def of_error(self, error: FieldError) -> str:
        """Return what to say about a field: ours for this field, ours for this kind of error, or the error's own words."""
        return self.find(f"errors.{error.field} {error.code}") or self.find(f"errors.{error.code}") or error.message

    def of_refusal(self, error: LeadsError) -> str:
        """Return what to say about a refusal as a whole."""
        return self.find(f"refused.{error.code}") or error.message

    def day(self, moment: datetime | date) -> str:
        """Return a day as people say it: `Tuesday, October 6`, `martes 6 de octubre`."""
        weekday = self("calendar.weekdays").split()[moment.weekday()]
        month = self("calendar.months").split()[moment.month - 1]
        return self("calendar.day", weekday=weekday, month=month, day=moment.day)

    def date(self, day: date) -> str:
        """Return a date with its year: `July 21, 1985`, `21 de julio de 1985`."""
        return self("calendar.date", month=self("calendar.months").split()[day.month - 1], day=day.day, year=day.year)

    def hour(self, moment: Any) -> str:
        """Return a time of day as people say it: `5 PM`, `17:00`."""
        return f"{moment:%H:%M}" if self.language == "es" else f"{moment:%-I:%M %p}".replace(":00", "")


def language_of(request: Request) -> Language:
    """Return the language to answer in: as chosen by `?language=`, else as the browser asks."""
    chosen = request.query_params.get("language")
    wanted = chosen or request.headers.get("accept-language", "")[:2].lower()
    return "es" if wanted == "es" else "en"
