"""The little of Jinja that an e-mail needs: names, ifs, loops and a few filters; nothing that can compute, call or grow."""

from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from leads.errors import ConfigError

__all__ = ["SecurityError", "compile_safely", "names_in", "only_said", "run"]
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


def compile_safely(source: str, *, html: bool, where: str) -> Template:
    """Return the compiled template; raises ConfigError naming `where` when it does not parse or uses more than is allowed."""
    sandbox = HTML if html else PLAIN
    try:
        tree = sandbox.parse(source)
        _refuse(tree, where)
        return sandbox.from_string(tree)
    except TemplateError as error:
        raise ConfigError(f"{where}:{getattr(error, 'lineno', 1)}: {error}") from None


def names_in(source: str) -> set[str]:
    """Return the names a template asks for."""
    return meta.find_undeclared_variables(PLAIN.parse(source))


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


def run(template: Template, values: Mapping[str, Any]) -> str:
    """Return the template's text; raises SecurityError past 256 KB, and Jinja's own errors."""
    pieces, size = [], 0
    for piece in template.generate(values):
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
    loops += isinstance(tree, nodes.For)
    if loops > DEEPEST_LOOP:
        raise ConfigError(f"{line}: loops in loops in loops are not for templates.")
    for child in tree.iter_child_nodes():
        _refuse(child, where, loops)
