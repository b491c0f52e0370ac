"""How a name is found though it is encrypted: by small hashes of its beginnings, and of each two of them, which many names share."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import combinations

from leads.security.fields import blind_index

# A word is found by its first three letters, and more narrowly by more of them.
LENGTHS = (3, 4, 5, 6, 8)
# So few buckets that each holds many beginnings: who reads the index alone learns no name from it.
BUCKETS = 2**17
# Stands among the buckets of a name that is hashed as it is now: without it, a name was hashed by an older edition, or never.
EDITION = -2
APART = str.maketrans(dict.fromkeys("-‐‑–.,/()", " ") | dict.fromkeys("'’`ʼ"))


def plain_words(name: str | None) -> list[str]:
    """Return the words of a name without case, accents and apostrophes: `Núñez-O’Brien` is `nunez` and `obrien`."""
    letters = unicodedata.normalize("NFKD", (name or "").translate(APART))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold().split()


def buckets_of(*names: str | None) -> list[int]:
    """Return the buckets that a person of these names lies in, after the edition by which they were found."""
    words = [word for name in names for word in plain_words(name)]
    return [EDITION, *sorted({bucket for word in words for bucket in _beginnings(word)} | {*_pairs(words)})]


def buckets_asked(words: Sequence[str]) -> list[int]:
    """Return the buckets in which all lie whose names have words that begin so; words of one or two letters alone are whole words.

    Of two beginnings that tens of thousands share, the bucket of the pair holds those who have both: the lists of either are not read.
    """
    pairs = {*_pairs(words)}
    return sorted(pairs | {_beginnings(word)[-1] for word in _telling(words) if len(word) > LENGTHS[0] or not pairs})


def beginnings_asked(words: Sequence[str]) -> list[int]:
    """Return the same for names that an older edition has hashed, which knew no pairs."""
    return sorted({_beginnings(word)[-1] for word in _telling(words)})


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


def _telling(words: Sequence[str]) -> Sequence[str]:
    return [word for word in words if len(word) >= LENGTHS[0]] or words


def _beginnings(word: str) -> list[int]:
    # A name of one or two letters, Li or Bo, is found by the whole of it.
    return [_bucket(word[:length]) for length in LENGTHS if len(word) >= length] or [_bucket(word)]


def _pairs(words: Sequence[str]) -> Iterator[int]:
    starts = sorted(word[: LENGTHS[0]] for word in words if len(word) >= LENGTHS[0])
    return (_bucket(" ".join(pair)) for pair in combinations(starts, 2))


def _bucket(letters: str) -> int:
    return int.from_bytes(blind_index("name", letters)[:4], "big") % BUCKETS
