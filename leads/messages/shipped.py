"""The versions we ship with, looked over by those who wrote them: enough for a trial on one machine, never for a clinic."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, RootModel

from config.settings import settings
from leads.clinic.read_yaml import read_yaml
from leads.messages.templates import Template, catalogue

HEAD = (
    "# The version of each e-mail as it ships, by name and language. `handoff wording ship` writes this file; it counts in a trial only.\n"
)
Version = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Shipped(RootModel[dict[str, Version]]):
    """templates/email/_shipped.yml."""


@lru_cache
def shipped() -> Mapping[str, str]:
    """Return the shipped versions by `name.language`; none where the file is not there, for a clinic may leave it out."""
    path = _path()
    return MappingProxyType(read_yaml(path, Shipped).root if path.exists() else {})


def as_shipped(templates: Mapping[str, Template]) -> str:
    """Return the file that makes these e-mails shipped."""
    lines = [f"{name}.{language}: {template.version(language)}" for name, template in templates.items() for language in template.editions]
    return HEAD + "".join(f"{line}\n" for line in sorted(lines))


def write_shipped() -> Path:
    """Write the file for the catalogue at hand and return where."""
    path = _path()
    path.write_text(as_shipped(catalogue()), encoding="utf-8")
    shipped.cache_clear()
    return path


def _path() -> Path:
    return settings().handoff_templates_dir / "email" / "_shipped.yml"
