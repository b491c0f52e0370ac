"""Finding a phrase of self-harm in what somebody wrote; a negation never explains it away."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from leads.clinic.profile import clinic


def found(texts: Iterable[str | None]) -> bool:
    """True when any text holds any configured phrase, whatever its case, accents, apostrophes, spacing or language."""
    # "I would never kill myself" is found too, on purpose: a false alarm costs a call, a miss may cost a life.
    return any(_pattern().search(plain(text)) for text in texts if text)


def plain(text: str) -> str:
    """Return the text in lower-case letters and single spaces, accents and punctuation gone: `Don't` becomes `dont`."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    # Phones and copied text put soft hyphens and characters of no width between letters, where nobody sees them.
    kept = "".join(
        letter for letter in letters if not unicodedata.combining(letter) and letter not in "'’‘`´\u00ad\u200b\u200c\u200d\ufeff"
    )
    return " ".join(re.sub(r"[^\w]+|_", " ", kept).split())


@lru_cache
def _pattern() -> re.Pattern[str]:
    phrases = {plain(phrase) for group in clinic().safety_phrases.values() for phrase in group}
    return re.compile(r"\b(?:" + "|".join(re.escape(phrase) for phrase in sorted(phrases)) + r")\b")
