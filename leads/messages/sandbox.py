"""The little of Jinja that an e-mail needs: names, ifs, loops and a few filters; nothing that can compute, call or grow."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from leads.errors import ConfigError

__all__ = ["SecurityError", "Written", "names_in", "only_said", "read_safely", "run"]
MOST_OUTPUT = 256 * 1024
DEEPEST_LOOP = 2
FILTERS = frozenset({"join", "first", "last", "length", "upper", "lower", "trim", "e", "escape"})
TESTS = frozenset({"none", "defined", "eq", "equalto"})
# The sandbox stops reaches into Python, not `'x' * 10**9` or `'x'|center(10**9)`: what is not on this list does not load.
NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Const, nodes.If, nodes.For, nodes.CondExpr,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Test,
)  # fmt: skip


class Sandbox(ImmutableSandboxedEnvironment):
    """An environment without globals or arithmetic, in which a missing value stops the mail."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self, *, html: bool) -> None:
        super().__init__(autoescape=html, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=not html)
        self.globals.clear()

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse all arithmetic: one multiplication is enough to fill the memory."""
        raise SecurityError(f"{operator} is not for templates")


PLAIN, HTML = Sandbox(html=False), Sandbox(html=True)


class Written:
    """A template that was read and may be used; compiled when it is first run, for a process sends few of all the mails there are."""

    def __init__(self, source: str, sandbox: Sandbox) -> None:
        self.source, self.sandbox = source, sandbox

    @cached_property
    def compiled(self) -> Template:
        """What Jinja makes of it."""
        return self.sandbox.from_string(self.source)


def read_safely(source: str, *, html: bool, where: str) -> Written:
    """Return the template, ready to run; raises ConfigError naming `where` when it does not parse or uses more than is allowed."""
    sandbox = HTML if html else PLAIN
    try:
        _refuse(sandbox.parse(source), where)
    except TemplateError as error:
        raise ConfigError(f"{where}:{getattr(error, 'lineno', 1)}: {error}") from None
    return Written(source, sandbox)


def names_in(source: str) -> set[str]:
    """Return the names a template asks for."""
    return set(_asked(PLAIN.parse(source), frozenset()))


def _asked(node: nodes.Node, own: frozenset[str]) -> Iterator[str]:
    if isinstance(node, nodes.Name):
        yield from {node.name} - own
    elif isinstance(node, nodes.For):
        yield from _asked(node.iter, own)
        own |= {"loop", *(name.name for name in (node.target, *node.target.find_all(nodes.Name)) if isinstance(name, nodes.Name))}
        for child in (*node.body, *node.else_, *([node.test] if node.test else [])):
            yield from _asked(child, own)
    else:
        for child in node.iter_child_nodes():
            yield from _asked(child, own)


def only_said(*sources: str) -> frozenset[str]:
    """Return the names that are only ever printed as they are, or asked whether they are there: never compared, filtered or walked."""
    said, otherwise = set[str](), set[str]()
    for source in sources:
        _sort_names(PLAIN.parse(source), said, otherwise)
    return frozenset(said - otherwise)


def _sort_names(node: nodes.Node, said: set[str], otherwise: set[str], *, plainly: bool = False) -> None:
    for child in node.iter_child_nodes():
        is_asked = isinstance(node, nodes.If) and child is node.test
        is_plain = isinstance(node, nodes.Output) or is_asked or (plainly and isinstance(node, nodes.And | nodes.Or | nodes.Not))
        if isinstance(child, nodes.Name):
            (said if is_plain else otherwise).add(child.name)
        else:
            _sort_names(child, said, otherwise, plainly=is_plain)


def run(template: Written, values: Mapping[str, Any]) -> str:
    """Return the template's text; raises SecurityError past 256 KB, and Jinja's own errors."""
    pieces, size = [], 0
    for piece in template.compiled.generate(values):
        size += len(piece)
        if size > MOST_OUTPUT:
            raise SecurityError("more than 256 KB")
        pieces.append(piece)
    return "".join(pieces)


def _refuse(tree: nodes.Node, where: str, loops: int = 0) -> None:
    line = f"{where}:{tree.lineno or 1}"
    if not isinstance(tree, NODES):
        raise ConfigError(f"{line}: {type(tree).__name__} is not for templates; expected values, if, for and filters.")
    if isinstance(tree, nodes.Filter | nodes.Test) and tree.name not in FILTERS | TESTS:
        raise ConfigError(f"{line}: {tree.name}: expected one of {', '.join(sorted(FILTERS | TESTS))}.")
    if isinstance(tree, nodes.Name) and tree.ctx == "store" and tree.name == "loop":
        raise ConfigError(f"{line}: loop: expected another name for what a loop goes through.")
    loops += isinstance(tree, nodes.For)
    if loops > DEEPEST_LOOP:
        raise ConfigError(f"{line}: loops in loops in loops are not for templates.")
    for child in tree.iter_child_nodes():
        _refuse(child, where, loops)
