"""What a new version of a mail says that the last approved one did not: line by line, in the words a reader gets."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from leads.messages.render import Rendered

Kind = Literal["same", "added", "removed", "left-out"]
AROUND = 2


class Line(NamedTuple):
    """One line of both versions or of one; for a run of many same ones, how many were left out."""

    kind: Kind
    text: str


def as_read(mail: Rendered) -> list[str]:
    """Return a mail as lines: its subject, what an inbox shows behind it, and its text."""
    return [f"Subject: {mail.subject}", f"Then: {mail.preheader}", *(line for line in mail.text.splitlines() if line.strip())]


def differences(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    """Return the lines that differ, with a few around them; empty where the two say the same."""
    steps = SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    if all(step == "equal" for step, *_ in steps):
        return []
    return [line for step, a, b, c, d in steps for line in _lines(step, old[a:b], new[c:d], first=a == 0, last=b == len(old))]


def _lines(step: str, old: Sequence[str], new: Sequence[str], *, first: bool, last: bool) -> Iterator[Line]:
    if step != "equal":
        yield from (Line("removed", text) for text in old)
        yield from (Line("added", text) for text in new)
        return
    before, behind = (0 if first else AROUND), (0 if last else AROUND)
    if len(old) <= before + behind + 1:
        yield from (Line("same", text) for text in old)
        return
    yield from (Line("same", text) for text in old[:before])
    yield Line("left-out", f"{len(old) - before - behind} lines are the same")
    yield from (Line("same", text) for text in old[len(old) - behind :])
