"""How a name is found though it is encrypted: by small hashes of its beginnings, which many names share."""

import unicodedata
from collections.abc import Sequence

from leads.security.fields import blind_index

# A word is found by its first three letters, and more narrowly by more of them.
LENGTHS = (3, 4, 5, 6, 8)
# So few buckets that each holds many beginnings: who reads the index alone learns no name from it.
BUCKETS = 2**17
APART = str.maketrans(dict.fromkeys("-‐‑–.,/()", " ") | dict.fromkeys("'’`ʼ"))


def plain_words(name: str | None) -> list[str]:
    """Return the words of a name without case, accents and apostrophes: `Núñez-O’Brien` is `nunez` and `obrien`."""
    letters = unicodedata.normalize("NFKD", (name or "").translate(APART))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold().split()


def buckets_of(*names: str | None) -> list[int]:
    """Return the buckets that a person of these names lies in."""
    found = {bucket for name in names for word in plain_words(name) for bucket in _beginnings(word)}
    return sorted(found)


def buckets_asked(words: Sequence[str]) -> list[int]:
    """Return the buckets in which all lie whose names have words that begin so; words of one or two letters alone are whole words."""
    telling = [word for word in words if len(word) >= LENGTHS[0]] or words
    return sorted({_beginnings(word)[-1] for word in telling})


def answers(words: Sequence[str], *names: str | None) -> bool:
    """True when each word begins a word of its own among the names, in whatever order."""
    if not words or _are_plainly_others(max(words, key=len), names):
        return not words
    there = [word for name in names for word in plain_words(name)]
    # The longest first: `ana an` must not give `ana` away to `an`.
    for asked in sorted(words, key=len, reverse=True):
        fitting = min((word for word in there if word.startswith(asked)), key=len, default=None)
        if fitting is None:
            return False
        there.remove(fitting)
    return True


def _are_plainly_others(word: str, names: Sequence[str | None]) -> bool:
    # Of a thousand names nearly all are without accents and apostrophes, and not the one that was asked for: that is seen at once.
    read = " ".join(name for name in names if name).lower()
    return word not in read and read.isascii() and "'" not in read and "`" not in read


def _beginnings(word: str) -> list[int]:
    # A name of one or two letters, Li or Bo, is found by the whole of it.
    beginnings = [word[:length] for length in LENGTHS if len(word) >= length] or [word]
    return [int.from_bytes(blind_index("name", beginning)[:4], "big") % BUCKETS for beginning in beginnings]
