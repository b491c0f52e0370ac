"""How well a mail's words stand out from what lies behind them, in light and in dark, as its own styles say."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from html.parser import HTMLParser
from typing import Literal, NamedTuple

Look = Literal["light", "dark"]
# WCAG 2.2, 1.4.3, for text of any size: some read mail at half of ours.
LEAST = 4.5
BEHIND = ("background-color", "background")
VOID = frozenset({"br", "meta", "hr", "img", "input", "link", "wbr"})
HEX = re.compile(r"#(?:[0-9a-f]{6}|[0-9a-f]{3})\b", re.IGNORECASE)
NAMED = {"white": "#ffffff", "black": "#000000"}
MEDIA = re.compile(r"@media([^{]*)\{((?:[^{}]*\{[^{}]*\})*[^{}]*)\}")
RULE = re.compile(r"([^{}@]+)\{([^{}]*)\}")
STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)
PART = re.compile(r"(\.?)([\w-]+)")


class Words(NamedTuple):
    """Words that stand out too little: their colour, what lies behind them, and by how much."""

    text: str
    colour: str
    behind: str
    ratio: float


class Compound(NamedTuple):
    """A part of a selector: the tag and the classes an element must have."""

    tags: frozenset[str]
    classes: frozenset[str]


class Rule(NamedTuple):
    """One selector of a style sheet and what it sets; `important` goes before an element's own style."""

    selector: Sequence["Compound | None"]
    weight: tuple[int, int]
    sets: Mapping[str, str]
    important: frozenset[str]


@dataclass(frozen=True, eq=False)
class Node:
    """One element: its tag, classes and own style, and what it lies in."""

    tag: str
    classes: frozenset[str]
    style: Mapping[str, str]
    parent: "Node | None"

    def fits(self, compound: Compound | None) -> bool:
        """True where it has the tag and all classes of a part of a selector."""
        return compound is not None and compound.tags <= {self.tag} and compound.classes <= self.classes

    @cached_property
    def above(self) -> Sequence["Node"]:
        """What it lies in, the nearest first."""
        return (self.parent, *self.parent.above) if self.parent else ()


@dataclass(frozen=True)
class Sheet:
    """The rules in force in one look, by what they set; what was worked out of an element once is kept."""

    rules: Mapping[str, Sequence[Rule]]
    known: dict[tuple[Node, str], str] = field(default_factory=dict)

    def value(self, node: Node, name: str) -> str:
        """Return what an element has for a property, empty where nothing sets it."""
        if (node, name) not in self.known:
            self.known[node, name] = _value(node, [rule for rule in self.rules.get(name, ()) if _applies(rule, node)], name)
        return self.known[node, name]


def faint(html: str, look: Look) -> list[Words]:
    """Return the words of a mail that stand out by less than 4.5 to 1."""
    rules = list(_rules(html, look))
    sheet = Sheet({name: [rule for rule in rules if name in rule.sets] for name in ("color", *BEHIND)})
    found = [(text, _colour(node, sheet), _behind(node, sheet)) for node, text in _words(html)]
    weak = [Words(text, colour, behind, ratio(colour, behind)) for text, colour, behind in found]
    return [each for each in weak if each.ratio < LEAST]


def ratio(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _colour(node: Node, sheet: Sheet) -> str:
    chosen = (_hex(sheet.value(each, "color")) for each in (node, *node.above))
    return next((colour for colour in chosen if colour), "#000000")


def _behind(node: Node, sheet: Sheet) -> str:
    chosen = (_hex(sheet.value(each, name)) for each in (node, *node.above) for name in BEHIND)
    return next((colour for colour in chosen if colour), "#ffffff")


def _value(node: Node, fitting: Sequence[Rule], name: str) -> str:
    strong = [rule for rule in fitting if name in rule.important]
    if not strong and name in node.style:
        return node.style[name]
    # Of rules alike in weight the later one counts.
    ordered = sorted(strong or fitting, key=lambda rule: rule.weight)
    return ordered[-1].sets[name] if ordered else ""


def _applies(rule: Rule, node: Node) -> bool:
    *outer, last = rule.selector
    return node.fits(last) and _lies_in(outer, node)


def _lies_in(outer: Sequence[Compound | None], node: Node) -> bool:
    if not outer:
        return True
    *further, nearest = outer
    if nearest is None:
        return bool(node.parent and node.parent.fits(further[-1]) and _lies_in(further[:-1], node.parent))
    return any(each.fits(nearest) and _lies_in(further, each) for each in node.above)


def _rules(html: str, look: Look) -> Iterator[Rule]:
    sheet = "\n".join(STYLE.findall(html))
    chosen = [inner for condition, inner in MEDIA.findall(sheet) if look == "dark" and "prefers-color-scheme: dark" in condition]
    for part in (MEDIA.sub("", sheet), *chosen):
        yield from _read(part)


def _read(sheet: str) -> Iterator[Rule]:
    for selectors, body in RULE.findall(sheet):
        sets = _declared(body)
        important = frozenset(name for name, value in sets.items() if "!important" in value)
        for selector in selectors.split(","):
            parts = selector.replace(">", " > ").split()
            # A state or an attribute is nothing a resting mail has.
            if parts and not re.search(r"[:\[*]", selector):
                found = PART.findall(selector)
                yield Rule(
                    [_compound(part) for part in parts],
                    (sum(bool(dot) for dot, _ in found), sum(not dot for dot, _ in found)),
                    sets,
                    important,
                )


def _compound(part: str) -> Compound | None:
    """Return a part of a selector, None for the sign that says `directly in`."""
    found = PART.findall(part)
    tags, classes = (frozenset(name for dot, name in found if bool(dot) is has_dot) for has_dot in (False, True))
    return None if part == ">" else Compound(tags, classes)


def _declared(style: str) -> dict[str, str]:
    pairs = (each.partition(":") for each in style.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if value.strip()}


def _hex(value: str) -> str:
    first = value.replace("!important", "").strip().lower()
    found = HEX.search(NAMED.get(first, first))
    if not found:
        return ""
    return found[0] if len(found[0]) == 7 else "#" + "".join(2 * sign for sign in found[0][1:])


# Read once for both looks.
@lru_cache(maxsize=2)
def _words(html: str) -> Sequence[tuple[Node, str]]:
    return _Page(html).words


class _Page(HTMLParser):
    """The words of a mail, each with the element it stands in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[tuple[Node, str]] = []
        self._at: Node | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        given = {name: value or "" for name, value in attrs}
        old = {"background-color": given["bgcolor"]} if given.get("bgcolor") else {}
        self._at = Node(tag, frozenset(given.get("class", "").split()), old | _declared(given.get("style", "")), self._at)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and self._at:
            self._at = self._at.parent

    def handle_data(self, data: str) -> None:
        if data.strip() and self._at and not self._is_hidden(self._at):
            self.words.append((self._at, " ".join(data.split())))

    def _is_hidden(self, node: Node) -> bool:
        return any(each.tag in ("head", "style", "title") or each.style.get("display") == "none" for each in (node, *node.above))
