"""Reading a configuration file into a typed model, with errors that name file and line."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml.constructor import SafeConstructor

from leads.errors import ConfigError

# What pydantic finds by itself, in words for people who write YAML; a model's own findings have theirs.
FOUND = {
    "extra_forbidden": "there is no such key here; check how it is spelled",
    "missing": "is needed here, and missing",
    "string_type": "expected text; numbers, times and yes or no need quotes to be text",
    "list_type": "expected a list, one entry a line after a dash",
    "dict_type": "expected keys with values",
    "model_type": "expected keys with values",
    "bool_parsing": "expected true or false",
    "int_parsing": "expected a whole number",
    "int_type": "expected a whole number",
    "float_parsing": "expected a number",
    "float_type": "expected a number",
    "date_from_datetime_parsing": "expected a date like 2026-12-01",
    "date_type": "expected a date like 2026-12-01",
}
# libyaml's reads several times as fast; where PyYAML was built without it, its own does as well.
LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """The base of every configured thing: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def read_yaml(path: Path, model: type[Model]) -> Model:
    """Return the file as a `model`; raises ConfigError with one `file:line: key: what was expected` a line."""
    try:
        text = path.read_text(encoding="utf-8")
        # The tree still knows the lines; the content is made from it, for to read the file twice takes twice as long.
        tree = yaml.compose(text, Loader=LOADER)
        content = SafeConstructor().construct_document(tree) if tree else None
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: {error.problem}") from None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(_located(path, tree, error.errors()))) from None


def line_in(path: Path, *keys: str) -> int:
    """Return the line of a readable file on which a key stands, or the deepest of those it stands under that is there."""
    return line_of(yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader), keys)


def line_of(tree: yaml.Node | None, keys: Iterable[Any]) -> int:
    """Return the line of the deepest node that exists on the way of `keys`."""
    line = 1
    for key in keys:
        found = _step(tree, key)
        if found is None:
            break
        marker, tree = found
        line = marker.start_mark.line + 1
    return line


def _step(tree: yaml.Node | None, key: Any) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(tree, yaml.MappingNode):
        return next(((name, value) for name, value in tree.value if name.value == str(key)), None)
    if isinstance(tree, yaml.SequenceNode) and isinstance(key, int) and key < len(tree.value):
        return tree.value[key], tree.value[key]
    return None


def _located(path: Path, tree: yaml.Node | None, errors: Iterable[Any]) -> Iterable[str]:
    for error in errors:
        where = ".".join(str(part) for part in error["loc"])
        yield f"{path}:{line_of(tree, error['loc'])}: {where}: {FOUND.get(error['type'], error['msg'].removeprefix('Value error, '))}"
