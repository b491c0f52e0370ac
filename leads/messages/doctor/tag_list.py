"""The tag=value lists that DKIM keys and DMARC policies are written in (RFC 6376, 3.2)."""

import re


def tags(text: str) -> dict[str, str]:
    """Return the tags of a list by name, white space within values removed; of a name that is there twice the first counts."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip(), re.sub(r"\s+", "", value))
    return found
