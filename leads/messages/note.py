"""A one-off note from a colleague: plain words of level 1, read before they go; not for clinical content."""

import re
from collections.abc import Iterator, Sequence

from leads.errors import FieldError, Invalid
from leads.messages import forbidden
from leads.messages.render import MOST_ITEMS

TEMPLATE = "personal-note"
LONGEST = 2000
LINK = re.compile(r"https?://\S+|\bwww\.\S+", re.IGNORECASE)


def paragraphs_of(text: str) -> list[str]:
    """Return the words of a note line by line; raises Invalid naming each word that a mail of level 1 may not say, and the way out."""
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if not lines or len(text) > LONGEST or len(lines) > MOST_ITEMS:
        raise _refused("length", f"A note needs words, at most {LONGEST} characters in {MOST_ITEMS} lines.")
    faults = list(dict.fromkeys(_faults(" ".join(lines))))
    if faults:
        raise _refused("not_plain", f"{' '.join(faults)} Say it by phone, or leave it out: e-mail is read by others too.")
    return lines


def _faults(text: str) -> Iterator[str]:
    # Either language may be written, whatever the person's own is.
    for language, health in forbidden.HEALTH.items():
        yield from (f"“{word}” speaks of health." for word in _words(health, text))
        for why, pattern in forbidden.CLAIMS[language].items():
            yield from (f"“{word}”: {why}." for word in _words(pattern, text))
    if LINK.search(text):
        yield "A link looks like one of a stranger's."


def _words(pattern: re.Pattern[str], text: str) -> Sequence[str]:
    return sorted({found[0] for found in pattern.finditer(text)})


def _refused(code: str, words: str) -> Invalid:
    return Invalid(words, errors=(FieldError("note_text", code, words),))
