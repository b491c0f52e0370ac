"""Reads the questionnaires from config/questionnaires: which pages, which questions, and which answers a clinician must look at."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import Field, model_validator

from config.settings import settings
from leads.clinic.profile import Words
from leads.clinic.read_yaml import Strict, line_of, read_yaml
from leads.errors import ConfigError

MAIN = "screening"
Kind = Literal["choice", "choices", "yes_no", "yes_no_unsure", "text", "lines", "trials"]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
YES_NO: tuple[tuple[str, Words], ...] = (("yes", {"en": "Yes", "es": "Sí"}), ("no", {"en": "No", "es": "No"}))
UNSURE: tuple[str, Words] = ("unsure", {"en": "Not sure", "es": "No estoy seguro(a)"})


class Option(Strict):
    """One answer to choose; in an instrument its value is its score."""

    value: int | str
    words: Words


class Question(Strict):
    """One question of ours; `look_if` are the answers a clinician must look at, `needed` what we cannot do without."""

    key: Key
    type: Kind
    words: Words
    help: Words | None = None
    options: tuple[Option, ...] = ()
    needed: bool = False
    look_if: tuple[str, ...] = ()
    is_safety: bool = False

    @model_validator(mode="after")
    def _hangs_together(self) -> "Question":
        if (self.type in ("choice", "choices", "trials")) != bool(self.options):
            raise ValueError("options: expected for choice, choices and trials, and for nothing else")
        unknown = set(self.look_if) - {str(option.value) for option in self.choices}
        if unknown:
            raise ValueError(f"look_if: {', '.join(sorted(unknown))} is none of the answers")
        return self

    @cached_property
    def choices(self) -> tuple[Option, ...]:
        """What may be answered where something is to be chosen."""
        if self.type in ("yes_no", "yes_no_unsure"):
            pairs = YES_NO if self.type == "yes_no" else (*YES_NO, UNSURE)
            return tuple(Option(value=value, words=words) for value, words in pairs)
        return self.options


class InstrumentItem(Strict):
    """One question of a published instrument, in its fixed wording."""

    key: Key
    loinc: str
    words: Words
    is_safety: bool = False


class Band(Strict):
    """From which total on a score bears a name."""

    start: Annotated[int, Field(ge=0, alias="from")]
    code: Key


class Instrument(Strict):
    """A published instrument: fixed wording, fixed scoring, and the line that names where it comes from."""

    key: Key
    title: Words
    loinc: str
    total_loinc: str
    intro: Words
    scale: Annotated[tuple[Option, ...], Field(min_length=2)]
    items: Annotated[tuple[InstrumentItem, ...], Field(min_length=1)]
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]
    attribution: Words

    @model_validator(mode="after")
    def _hangs_together(self) -> "Instrument":
        starts = [band.start for band in self.bands]
        if starts[0] != 0 or starts != sorted(set(starts)):
            raise ValueError("bands: expected from 0 on, each higher than the one before")
        if [option.value for option in self.scale] != list(range(len(self.scale))):
            raise ValueError("scale: expected the values 0, 1, 2 and so on, for they are the scores")
        return self

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Its items as questions."""
        options = tuple(Option(value=str(option.value), words=option.words) for option in self.scale)
        # Not validated again: their keys carry the instrument's with a dot, which no question of ours may.
        return tuple(
            Question.model_construct(
                key=f"{self.key}.{item.key}", type="choice", words=item.words, help=None, options=options,
                needed=True, look_if=(), is_safety=item.is_safety,
            )
            for item in self.items
        )  # fmt: skip


class AdequateTrials(Strict):
    """What the clinic takes for an adequate trial of a medicine, and how many it looks for."""

    needed: Annotated[int, Field(ge=1)]
    weeks: Annotated[int, Field(ge=1)]
    outcomes: tuple[str, ...]


class Page(Strict):
    """What is asked together: questions of ours, or an instrument."""

    key: Key
    title: Words
    intro: Words | None = None
    items: tuple[Question, ...] = ()
    instrument: Key | None = None

    @model_validator(mode="after")
    def _one_or_the_other(self) -> "Page":
        if bool(self.items) == (self.instrument is not None):
            raise ValueError("expected either items or an instrument")
        return self


class Questionnaire(Strict):
    """One file of ours: its pages in order."""

    key: Key
    title: Words
    adequate_trials: AdequateTrials
    pages: Annotated[tuple[Page, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _differ(self) -> "Questionnaire":
        pages, items = [page.key for page in self.pages], [item.key for page in self.pages for item in page.items]
        for what, keys in (("pages", pages), ("items", items)):
            if twice := sorted({key for key in keys if keys.count(key) > 1}):
                raise ValueError(f"{what}: {', '.join(twice)} stands there twice")
        return self


Found = TypeVar("Found", Instrument, Questionnaire)


@dataclass(frozen=True)
class Definition:
    """A questionnaire with the instruments it uses; `version` is the hash of every word of it."""

    asked: Questionnaire
    instruments: Mapping[str, Instrument]
    version: str

    def page(self, key: str) -> Page | None:
        """Return a page by its key."""
        return next((page for page in self.asked.pages if page.key == key), None)

    def questions(self, page: Page) -> tuple[Question, ...]:
        """Return what a page asks; an instrument's items are questions whose keys begin with its own: `phq-9.sleep`."""
        return page.items if page.instrument is None else self.instruments[page.instrument].questions

    def all_questions(self) -> Iterator[Question]:
        """Yield every question in order."""
        for page in self.asked.pages:
            yield from self.questions(page)


@lru_cache
def definition(key: str = MAIN) -> Definition:
    """Return this process's questionnaire of that key; raises ConfigError naming file and line."""
    return read_folder(settings().handoff_questionnaires_dir)[key]


def read_folder(folder: Path) -> Mapping[str, Definition]:
    """Return the questionnaires of a folder by key: what has pages is one, everything else an instrument."""
    paths = sorted(folder.glob("*.yml"))
    # By a key at the edge of a line, not by reading the YAML: what is wrong with it is said, with its line, where it is read in earnest.
    ours = [path for path in paths if re.search(r"^pages:", path.read_text(encoding="utf-8"), re.MULTILINE)]
    if MAIN not in [path.stem for path in ours]:
        raise ConfigError(f"{folder / MAIN}.yml: no such questionnaire, and nobody could be screened.")
    instruments = {path.stem: _named(path, read_yaml(path, Instrument)) for path in paths if path not in ours}
    return MappingProxyType({path.stem: _definition(path, _named(path, read_yaml(path, Questionnaire)), instruments) for path in ours})


def _definition(path: Path, asked: Questionnaire, instruments: Mapping[str, Instrument]) -> Definition:
    tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    wrong = [f"{path}:{line_of(tree, where)}: {words}" for where, words in _complaints(asked, instruments)]
    if wrong:
        raise ConfigError("\n".join(wrong))
    used = {page.instrument: instruments[page.instrument] for page in asked.pages if page.instrument}
    # The wording is part of the answer: what somebody said yes to must be found again years later.
    words = "\0".join([asked.model_dump_json(), *(used[key].model_dump_json() for key in sorted(used))])
    return Definition(asked, MappingProxyType(used), sha256(words.encode()).hexdigest())


def _complaints(asked: Questionnaire, instruments: Mapping[str, Instrument]) -> Iterable[tuple[tuple[str | int, ...], str]]:
    outcomes = {str(option.value) for page in asked.pages for item in page.items if item.type == "trials" for option in item.options}
    for outcome in asked.adequate_trials.outcomes:
        if outcome not in outcomes:
            yield ("adequate_trials", "outcomes"), f"{outcome} is no outcome of a trial; expected one of {', '.join(sorted(outcomes))}"
    for place, page in enumerate(asked.pages):
        if page.instrument and page.instrument not in instruments:
            yield (
                ("pages", place, "instrument"),
                f"there is no instrument {page.instrument}; expected one of {', '.join(sorted(instruments))}",
            )


def _named(path: Path, found: Found) -> Found:
    if found.key != path.stem:
        raise ConfigError(f"{path}:1: key: expected {path.stem}, the name of the file, not {found.key}.")
    return found
