"""The facts an `only_if` may ask about: a small, documented set without health information, evaluated in a sandbox."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product
from types import MappingProxyType
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.environment import TemplateExpression
from jinja2.sandbox import ImmutableSandboxedEnvironment

# name: (what it means, the values it may have). `handoff simulate` takes the first where nothing else is said.
FACTS: Mapping[str, tuple[str, tuple[Any, ...]]] = MappingProxyType(
    {
        "language": ("the language the person reads", ("en", "es")),
        "office": ("the code of the office asked for, or `none`", ("none", "some-office")),
        "has_phone": ("there is a number to call", (True, False)),
        "grants.education": ("educational mails were agreed to", (True, False)),
        "grants.unencrypted_email": ("health topics may stand in an e-mail", (True, False)),
        "visit.missed": ("the visit passed without the person", (False, True)),
        "visit.attended": ("the person came to the visit", (False, True)),
    }
)
_sandbox = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def facts_from(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return every fact, nested as expressions read them; what is not known by its dotted name takes its first value.

    `grants` may also come as the list of what was granted.
    """
    if "grants" in known:
        known = {f"grants.{each}": each in known["grants"] for each in ("education", "unencrypted_email")} | dict(known)
    nested: dict[str, Any] = {}
    for name, (_, values) in FACTS.items():
        group, _, leaf = name.rpartition(".")
        (nested.setdefault(group, {}) if group else nested)[leaf] = known.get(name, values[0])
    return nested


def holds(expression: str, facts: Mapping[str, Any]) -> bool:
    """Return what an expression says of these facts."""
    return bool(_compiled(expression)(**facts))


def check(expression: str) -> str:
    """Return the expression; raises ValueError when it asks about anything but FACTS, or cannot be read."""
    try:
        asked = _asked(expression)
        if unknown := sorted(asked - set(FACTS)):
            raise ValueError(f"{', '.join(unknown)} is no fact; expected one of {', '.join(FACTS)}")
        # Every combination is tried now: an expression that fails for one person in ten would else fail in a worker, at night.
        for facts in _every_case(asked):
            holds(expression, facts)
    except (TemplateError, TypeError, ArithmeticError) as error:
        raise ValueError(f"expected an expression over {', '.join(FACTS)}: {error}") from None
    return expression


@lru_cache(maxsize=256)
def _compiled(expression: str) -> TemplateExpression:
    return _sandbox.compile_expression(expression, undefined_to_none=False)


def _asked(expression: str) -> set[str]:
    tree = _sandbox.parse(f"{{{{ ({expression}) }}}}")
    dotted = {f"{node.node.name}.{node.attr}": node.node.name for node in tree.find_all(nodes.Getattr) if isinstance(node.node, nodes.Name)}
    return {node.name for node in tree.find_all(nodes.Name)} - set(dotted.values()) | set(dotted)


def _every_case(asked: set[str]) -> Iterator[dict[str, Any]]:
    names = sorted(asked)
    return (facts_from(dict(zip(names, values, strict=True))) for values in product(*(FACTS[name][1] for name in names)))
