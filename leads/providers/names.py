"""Names as the directory compares them: without case, accents, marks and titles."""

import re
import unicodedata

# Not `do`: more people are called so than have it as their only title.
TITLES = frozenset(("dr", "md", "phd", "aprn", "lcsw"))
APOSTROPHES = re.compile("['’`]")
NO_LETTER = re.compile(r"[^\w]+|_")


def plain(name: str | None) -> str:
    """Return a name in small letters without accents, its words apart by one space: `O’Brien-Núñez` is `obrien nunez`."""
    if not name or (name.isascii() and name.isalpha()):
        return (name or "").lower()
    text = APOSTROPHES.sub("", name)
    if not text.isascii():
        text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return NO_LETTER.sub(" ", text.casefold()).strip()


def asked_for(words: str) -> str:
    """Return what somebody typed to find a clinician, as `plain`, without titles and without a lone initial in the middle."""
    parts = [part for part in plain(words).split() if part not in TITLES] or plain(words).split()
    return " ".join(part for place, part in enumerate(parts) if len(part) > 1 or place in (0, len(parts) - 1))


def in_words(name: str | None) -> str:
    """Return a name as people write it: the registry keeps capitals only. `Mcdonald` is the price."""
    return name.title() if name and name.isupper() else name or ""
