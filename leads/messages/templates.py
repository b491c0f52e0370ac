"""What we say: each e-mail is a folder of templates/email, read, checked and compiled once, so that sending only renders."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple, get_args

from pydantic import Field, RootModel, model_validator

from config.settings import ROOT, settings
from leads.clinic.profile import Language
from leads.clinic.read_yaml import Strict, read_yaml
from leads.errors import ConfigError
from leads.messages.mjml import check_tags, compile_mjml, unix
from leads.messages.models import Lane
from leads.messages.once import once
from leads.messages.sandbox import Written, names_in, only_said, read_safely

UsefulFor = Annotated[str, Field(pattern=r"^[1-9]\d{0,2} (hour|day)s?$")]
Topic = Literal["inquiry", "education", "screening", "visits", "referral", "sign-in", "staff"]
# What render() adds by itself; everything else a template asks for must stand in its meta.yml.
OURS = frozenset({
    "language", "sender", "practice", "office", "offices", "crisis", "words", "why", "subject", "preheader", "postal_address",
    "crisis_shown", "is_unconfirmed",
})  # fmt: skip
PART = re.compile(r"\[\[ (?P<name>[a-z]+) \]\]")
IN_SUBJECTS = frozenset({"visit_day", "visit_time", "office"})
Fact = Literal[
    "given_name", "office", "expected_by", "confirm_url", "unsubscribe_url", "preferences_url",
    "visit_day", "visit_time", "visit_url", "phone", "number", "numbers", "status_url", "portal_url", "sign_in_url",
    "screening_url", "page_url", "lead_url", "raised", "step", "invitation_url", "paragraphs", "signed_by",
    "brief_url", "today", "new_count", "late_count", "todo_count", "visit_count", "unsent_count",
    "mails_url", "mail_count", "answer_minutes", "contact_count",
]  # fmt: skip


class Claim(Strict):
    """One fact our texts may rest on, where it comes from and when somebody last looked."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    text: str
    source: str
    checked: date | None


class Claims(RootModel[list[Claim]]):
    """config/facts.yml."""

    @model_validator(mode="after")
    def _differ(self) -> "Claims":
        if len({claim.key for claim in self.root}) != len(self.root):
            raise ValueError("every fact needs a key of its own")
        return self


class Meta(Strict):
    """meta.yml of one e-mail."""

    purpose: str
    audience: Literal["person", "provider", "staff"]
    lane: Lane
    topic: Topic
    level: Literal[0, 1, 2]
    kind: Literal["treatment", "administrative", "marketing"]
    useful_for: UsefulFor | None = Field(None, description="from its time on; afterwards it is not sent: where a step says no other")
    stays_useful: str | None = Field(None, description="why it goes however late, in place of useful_for")
    must_be_heard: bool = Field(False, description="somebody calls with what it says where it never went while it was of use")
    to_unconfirmed: bool = False
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    preheader: dict[Language, str]
    claims: tuple[str, ...] = ()
    calendar: Literal["request", "cancel"] | None = Field(None, description="the mail carries its visit as a calendar file")
    facts: tuple[Fact, ...] = Field((), description="must be given, or the mail is not sent")
    optional: tuple[Fact, ...] = Field((), description="none when not given")

    @model_validator(mode="after")
    def _hangs_together(self) -> "Meta":
        if set(self.preheader) != set(self.languages):
            raise ValueError("preheader: expected one for each of languages")
        if self.to_unconfirmed and (self.level or "given_name" in (*self.facts, *self.optional)):
            raise ValueError("to_unconfirmed: expected level 0 and no name, for the address may be a stranger's")
        if self.lane == "safety" and self.audience != "staff":
            raise ValueError("lane: safety is for pages to staff; nothing holds what goes there")
        if self.useful_for and self.stays_useful:
            raise ValueError("stays_useful: expected no useful_for beside it")
        if self.must_be_heard and self.audience == "staff":
            raise ValueError("must_be_heard: is for patients and for who refers; our own read the lists")
        return self

    def useful_until(self, due: datetime) -> datetime | None:
        """Return when a mail that is due then has outlived its use; None where it never does."""
        if self.useful_for is None:
            return None
        amount, unit = self.useful_for.split()
        return due + timedelta(**{f"{unit.rstrip('s')}s": int(amount)})


class Words(Strict):
    """The words of the frame around each e-mail, in one language."""

    crisis_title: str
    sent_by: str
    stop: str
    preferences: str
    unconfirmed: str
    discreet_subject: str
    why: dict[Topic, str]


class Frame(RootModel[dict[Language, Words]]):
    """_base/words.yml."""


class Sources(NamedTuple):
    """What one edition is made of, and all it takes to render it again: its own files, the frame's, and the HTML compiled from them."""

    subject: str
    text: str
    mjml: str
    meta: str
    words: str
    html: str

    @property
    def version(self) -> str:
        """The SHA-256 of what people wrote; the compiled HTML follows from it."""
        return sha256("\0".join(self[:-1]).encode()).hexdigest()


NONE = Sources("", "", "", "", "", "")


@dataclass(frozen=True, eq=False)
class Edition:
    """An e-mail in one language, ready to render."""

    subject: Written
    # For whoever asked for discreet mail: one that names day or place gives way to one that says nothing.
    discreet_subject: Written
    text: Written
    html: Written
    preheader: str
    words: Words
    version: str
    sources: Sources = NONE

    @once
    def gaps(self) -> frozenset[str]:
        """The facts that are only said, or asked whether they are there: the rest of the mail is the same whatever they are."""
        return only_said(self.sources.subject, self.sources.text, self.sources.html)


@dataclass(frozen=True, eq=False)
class Template:
    """One e-mail: what it is, and its editions by language."""

    name: str
    meta: Meta
    editions: Mapping[str, Edition]

    @once
    def required(self) -> frozenset[str]:
        """The facts without which it is not sent: a person must always find the way out."""
        by_footer = {"unsubscribe_url"} if self.meta.audience == "person" and not self.meta.to_unconfirmed else set()
        return frozenset(self.meta.facts) | by_footer

    @once
    def declared(self) -> frozenset[str]:
        """The facts it is given at all."""
        return self.required | set(self.meta.optional) | ({"preferences_url"} if "unsubscribe_url" in self.required else set())

    def version(self, language: str) -> str:
        """Return the SHA-256 of all sources of this language, the frame's included."""
        return self.editions[language].version


@lru_cache
def claims() -> Mapping[str, Claim]:
    """Return the facts of config/facts.yml by key; raises ConfigError."""
    return MappingProxyType({claim.key: claim for claim in read_yaml(ROOT / "config" / "facts.yml", Claims).root})


@lru_cache
def catalogue() -> Mapping[str, Template]:
    """Return every e-mail we can send, by name; raises ConfigError naming file and line."""
    return load(settings().handoff_templates_dir / "email")


def load(root: Path) -> Mapping[str, Template]:
    """Return the e-mails under `root`, which also holds the frame in `_base`."""
    frame = read_yaml(root / "_base" / "words.yml", Frame).root
    folders = sorted(folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith("_"))
    return MappingProxyType({folder.name: _template(folder, frame) for folder in folders})


def _template(folder: Path, frame: Mapping[Language, Words]) -> Template:
    meta = read_yaml(folder / "meta.yml", Meta)
    for key in meta.claims:
        if key not in claims():
            raise ConfigError(f"{folder / 'meta.yml'}: claims: {key} is no key of config/facts.yml.")
    editions: dict[str, Edition] = {language: _edition(folder, meta, language, frame[language]) for language in meta.languages}
    template = Template(folder.name, meta, MappingProxyType(editions))
    for language in meta.languages:
        _check_names(folder, language, template)
    return template


def rebuild(name: str, language: Language, sources: Sources) -> Template:
    """Return an e-mail as its kept sources made it, in one language; raises ConfigError or ValueError where they cannot be read."""
    meta, words = Meta.model_validate_json(sources.meta), Words.model_validate_json(sources.words)
    edition = _compiled(sources, meta, language, words, where=f"{name}, version {sources.version[:12]}")
    return Template(name, meta, MappingProxyType({language: edition}))


def _edition(folder: Path, meta: Meta, language: Language, words: Words) -> Edition:
    base, where = folder.parent / "_base", str(folder / _in(language))
    subject = _read(folder, language, "subject.txt").strip()
    text = _framed(base, folder, language, "txt")
    mjml = _framed(base, folder, language, "mjml")
    # Only what this edition says: another language's line, or a field that a later release adds, makes no other version of it.
    own = meta.model_copy(update={"languages": (language,), "preheader": {language: meta.preheader[language]}})
    said = words.model_copy(update={"why": {meta.topic: words.why[meta.topic]}})
    html = compile_mjml(mjml, where=f"{where}/body.mjml")
    # How long it may wait, and what then, is no word of it: nobody need approve that anew.
    kept = own.model_dump_json(exclude_defaults=True, exclude={"useful_for", "stays_useful", "must_be_heard"})
    sources = Sources(subject, text, mjml, kept, said.model_dump_json(), html)
    return _compiled(sources, meta, language, words, where=where)


def _compiled(sources: Sources, meta: Meta, language: Language, words: Words, *, where: str) -> Edition:
    return Edition(
        subject=read_safely(sources.subject, html=False, where=f"{where}/subject.txt"),
        discreet_subject=read_safely(
            words.discreet_subject if names_in(sources.subject) else sources.subject, html=False, where=f"{where}/subject.txt"
        ),
        text=read_safely(sources.text, html=False, where=f"{where}/body.txt"),
        html=read_safely(sources.html, html=True, where=f"{where}/body.mjml (compiled)"),
        preheader=meta.preheader[language],
        words=words,
        version=sources.version,
        sources=sources,
    )


def _framed(base: Path, folder: Path, language: Language, ending: str) -> str:
    return _read(base, "en", f"layout.{ending}").replace("[[ content ]]", _body(folder, language, ending))


def _body(folder: Path, language: Language, ending: str) -> str:
    # The risks stand in one place, so that no mail can play them down; so does what each mail to a referrer ends with.
    body = _read(folder, language, f"body.{ending}").strip()
    return PART.sub(lambda part: _read(folder.parent / "_base", language, f"{part['name']}.{ending}").strip(), body)


def _read(folder: Path, language: Language, name: str) -> str:
    path = folder / _in(language) / name
    try:
        source = unix(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.") from None
    if path.suffix == ".mjml":
        check_tags(source, where=str(path))
    return source


def _in(language: str) -> str:
    return "" if language == get_args(Language)[0] else language


def _check_names(folder: Path, language: Language, template: Template) -> None:
    allowed = {"subject.txt": IN_SUBJECTS & (OURS | template.declared if template.meta.level else set())}
    for name in ("subject.txt", "body.txt", "body.mjml"):
        path, ending = folder / _in(language) / name, name.rpartition(".")[2]
        source = _read(folder, language, name) if name in allowed else _body(folder, language, ending)
        extra = names_in(source) - allowed.get(name, OURS | template.declared)
        if extra:
            raise ConfigError(f"{path}: {', '.join(sorted(extra))}: not among the facts this file may use (see meta.yml).")
