"""Reads the sequences from their YAML files: what is said, to whom, when, and what ends it."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, field_validator, model_validator

from config.settings import settings
from leads.clinic.read_yaml import Strict, line_of, read_yaml
from leads.clinic.windows import ANY_TIME, NAMED, Window
from leads.consent.models import GRANTS
from leads.errors import ConfigError
from leads.sequences import conditions

EVENTS = (
    "confirmation", "stage:contacted", "stage:screening", "stage:qualified", "stage:booked", "stage:in_care", "stage:closed",
    *(f"withdrawal:{grant}" for grant in GRANTS), "withdrawal:inquiry",
    "hold", "asked-to-stop", "bounce", "reply", "screening:submitted", "appointment:booked", "appointment:cancelled", "referral:received",
)  # fmt: skip
# To-dos that the system opens and closes for reasons of its own.
OTHERS_TODOS = ("safety", "review-screening", "settle-unknown", "phone-instead", "unheard", "unheard-referrer", "read-reply", "complained")
# Safety pages are for whoever is on call: no sequence writes them.
PatientsLane = Literal["transactional", "reminder", "education"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]


class Wait(NamedTuple):
    """A stretch of time: days go by the wall clock of the office, hours and minutes by the clock of the world."""

    amount: int
    unit: Literal["days", "hours", "minutes"]

    def __str__(self) -> str:
        return f"{self.amount} {self.unit[:-1] if self.amount == 1 else self.unit}"

    @property
    def length(self) -> timedelta:
        """How long it is, a day taken as 24 hours; good for putting waits in order."""
        return timedelta(**{self.unit: self.amount})


def _wait(text: Any) -> Wait:
    found = re.fullmatch(r"(\d{1,4}) (day|hour|minute)s?", str(text).strip())
    if not found:
        raise ValueError(f'expected a wait like "2 days", "3 hours" or "90 minutes", not "{text}"')
    return Wait(int(found[1]), f"{found[2]}s")  # type: ignore[arg-type]


def _event(pattern: str) -> str:
    if not any(fnmatchcase(event, pattern) for event in EVENTS):
        raise ValueError(f"{pattern} is no event; expected one of {', '.join(EVENTS)} (withdrawal:* means each)")
    return pattern


def _named(window: Any) -> Any:
    if isinstance(window, str) and window not in NAMED:
        raise ValueError(f"{window} is no window; expected {' or '.join(NAMED)}, or days, from, to, business_days")
    return NAMED[window] if isinstance(window, str) else window


WaitText = Annotated[Wait, PlainValidator(_wait), PlainSerializer(str)]
Events = tuple[Annotated[str, AfterValidator(_event)], ...]
AnyWindow = Annotated[Window, BeforeValidator(_named)]


class Variant(Strict):
    """One of several templates that a step tries, and how often in proportion to the others."""

    template: Name
    weight: Annotated[int, Field(ge=1, le=1000)] = 1


class Step(Strict):
    """One mail of a sequence, or a human's to-do, and when it is due.

    `wait` counts from the enrolment's anchor (the confirmation, the entry into the stage), never from the step before.
    A to-do holds back what follows it until it is done; then the rest is counted from that moment, with its spacing kept.
    Before an appointment it holds back nothing: the visit does not wait for our call.
    """

    key: Name
    template: Name | None = None
    variants: Annotated[tuple[Variant, ...], Field(min_length=2)] | None = None
    todo: Name | None = None
    words: Annotated[str, Field(max_length=200)] | None = None
    lane: PatientsLane | None = None
    wait: WaitText | None = None
    before_appointment: WaitText | None = None
    after_appointment: WaitText | None = None
    window: AnyWindow | None = None
    only_if: Annotated[str, AfterValidator(conditions.check)] | None = None
    useful_for: WaitText | None = None
    stops_on: Events = ()
    on_unknown: Literal["assume_sent", "resend_once", "ask_staff"] = "assume_sent"

    @model_validator(mode="after")
    def _one_time(self) -> "Step":
        if sum(wait is not None for wait in (self.wait, self.before_appointment, self.after_appointment)) != 1:
            raise ValueError("expected exactly one of wait, before_appointment, after_appointment")
        return self

    @model_validator(mode="after")
    def _one_thing(self) -> "Step":
        if sum(thing is not None for thing in (self.template, self.variants, self.todo)) != 1:
            raise ValueError("expected exactly one of template, variants, todo")
        if self.todo in OTHERS_TODOS:
            raise ValueError(f"{self.todo} is opened by the system itself; expected another name, like call")
        if self.todo is None and (self.lane is None or self.useful_for is None):
            raise ValueError('expected lane, and useful_for: how long the mail is of use, like "5 days"')
        if self.todo and (self.lane or self.useful_for):
            raise ValueError("expected no lane and no useful_for on a to-do: it waits for a person")
        if self.words and not self.todo:
            raise ValueError("expected words only on a to-do: a mail says what its template says")
        return self

    @field_validator("useful_for")
    @classmethod
    def _for_a_while(cls, useful_for: Wait | None) -> Wait | None:
        if useful_for and not useful_for.amount:
            raise ValueError('expected how long the mail is of use, like "5 days"')
        return useful_for

    @property
    def templates(self) -> tuple[str, ...]:
        """The templates this step may send; none for a to-do."""
        if self.variants:
            return tuple(variant.template for variant in self.variants)
        return (self.template,) if self.template else ()

    @property
    def holds_back(self) -> bool:
        """True when what follows waits until a person has done this step."""
        return self.todo is not None and self.before_appointment is None

    @property
    def offset(self) -> timedelta:
        """How far from its reference point the step lies; before an appointment it is negative."""
        if self.before_appointment:
            return -self.before_appointment.length
        return (self.wait or self.after_appointment or Wait(0, "days")).length


class Sequence(Strict):
    """One file of config/sequences."""

    key: Name
    title: str
    purpose: str
    audience: Literal["person", "provider"]
    starts_on: Events = ()
    stops_on: Events = ()
    window: AnyWindow
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @field_validator("steps")
    @classmethod
    def _in_order(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        keys = [step.key for step in steps]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"expected each step key once, but {', '.join(twice)} comes again")
        for chain in ([step for step in steps if step.wait], [step for step in steps if not step.wait]):
            for earlier, later in pairwise(chain):
                if later.offset < earlier.offset:
                    raise ValueError(f"expected the steps in the order they go out, but {later.key} is due before {earlier.key}")
        return steps

    def window_of(self, step: Step) -> Window:
        """Return the window a step obeys: its own, none for what answers somebody's act, else the sequence's."""
        return step.window or (ANY_TIME if step.lane == "transactional" else self.window)

    def stops(self, event: str) -> bool:
        """True when this event ends the sequence."""
        return any(fnmatchcase(event, pattern) for pattern in self.stops_on)

    def stopped_steps(self, event: str) -> list[str]:
        """Return the keys of the steps that this event makes pointless, while the sequence goes on."""
        return [step.key for step in self.steps if any(fnmatchcase(event, pattern) for pattern in step.stops_on)]

    def starts(self, event: str) -> bool:
        """True when this event begins the sequence."""
        return any(fnmatchcase(event, pattern) for pattern in self.starts_on)

    def as_json(self) -> dict[str, Any]:
        """Return the definition as it is frozen when published, and as it is read again."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)


@lru_cache
def sequences() -> Mapping[str, Sequence]:
    """Return this process's sequences by key; raises ConfigError with one `file:line: what was expected` a line."""
    return read_all(settings().handoff_sequences_dir)


def sequence_called(key: str) -> Sequence:
    """Return a sequence that must be there; raises ConfigError where its file is missing."""
    found = sequences().get(key)
    if found is None:
        raise ConfigError(f"{settings().handoff_sequences_dir / key}.yml: no such file, and nobody who refers would hear that it came.")
    return found


def read_all(folder: Path) -> Mapping[str, Sequence]:
    """Return the sequences of a folder by key; raises ConfigError naming every wrong file."""
    found, wrong = {}, []
    for path in sorted(folder.glob("*.yml")):
        try:
            found[path.stem] = _checked(path, read_yaml(path, Sequence))
        except ConfigError as error:
            wrong.append(error.message)
    if wrong:
        raise ConfigError("\n".join(wrong))
    return MappingProxyType(found)


def _checked(path: Path, sequence: Sequence) -> Sequence:
    tree = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    complaints = [f"{path}:{line_of(tree, where)}: {'.'.join(map(str, where))}: {words}" for where, words in _complaints(path, sequence)]
    if complaints:
        raise ConfigError("\n".join(complaints))
    return sequence


def _complaints(path: Path, sequence: Sequence) -> Iterable[tuple[tuple[str | int, ...], str]]:
    if sequence.key != path.stem:
        yield ("key",), f"expected {path.stem}, the name of the file, not {sequence.key}"
    known = _templates()
    for place, step in enumerate(sequence.steps):
        for template in step.templates:
            if template not in known:
                where = "template" if step.template else "variants"
                yield ("steps", place, where), f"there is no template {template}; expected one of {', '.join(sorted(known))}"


def _templates() -> set[str]:
    # By the names of their folders: the catalogue would compile every mail, and a fault in one would hide the fault in this file.
    folder = settings().handoff_templates_dir / "email"
    return {path.parent.name for path in folder.glob("*/meta.yml") if not path.parent.name.startswith("_")}
