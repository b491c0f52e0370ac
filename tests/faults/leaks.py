"""A planted name, searched wherever nobody's name may stand, in every spelling a machine might give it."""

import base64
import json
import quopri
import re
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

GIVEN, FAMILY = "Zéphyrine", "Quillhaven-Oddwater"
MAILBOX, PHONE = "quillhaven-oddwater", "+12035550147"
PLANTED = (GIVEN, FAMILY, MAILBOX, PHONE, "203-555-0147", "1971-03-09")
UPPER = re.compile(r"(?<=\\u)[0-9a-f]{4}")
URL_SAFE = bytes.maketrans(b"+/", b"-_")
# What a needle may be cut by: a soft line break of quoted-printable (RFC 2045, 6.7).
SOFT_BREAK = re.compile(rb"=\r?\n")
OVERLAP = 400


def spellings(word: str) -> set[bytes]:
    """Return how a word may be written: plain, hexadecimal, quoted-printable, URL, JSON, as MONITOR does, and in base64, once or twice."""
    plain = word.encode()
    in_json = {json.dumps(word)[1:-1].encode(), UPPER.sub(lambda found: found[0].upper(), json.dumps(word)[1:-1]).encode()}
    escaped = "".join(chr(byte) if byte < 128 else f"\\x{byte:02x}" for byte in plain)
    others = (
        quopri.encodestring(plain),
        urllib.parse.quote(word, safe="").encode(),
        urllib.parse.quote_plus(word).encode(),
        *in_json,
        escaped.encode(),
        word.encode("utf-16-le"),
        plain.hex().encode(),
    )
    # A Celery body is base64 of JSON, and what stands in there may have been encoded before.
    once = {each for inner in (plain, *in_json) for each in _in_base64(inner)}
    return {plain, *others} | {each for each in once | {each for inner in once for each in _in_base64(inner)} if len(each) > 7}


def _in_base64(plain: bytes) -> set[bytes]:
    # Of each alignment only the middle is certain: its ends depend on the neighbours.
    aligned = {base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 : -4].rstrip(b"=") for shift in range(3)}
    return aligned | {each.translate(URL_SAFE) for each in aligned}


NEEDLES = {word: {each.lower() for each in spellings(word)} for word in PLANTED}


def found_in(content: bytes) -> set[str]:
    """Return the planted words that stand in there, however written; case does not matter."""
    low = SOFT_BREAK.sub(b"", content.lower())
    return {word for word, needles in NEEDLES.items() if any(needle in low for needle in needles)}


@dataclass
class Watch:
    """Files that grow, each read once from where the last look ended."""

    offsets: dict[Path, int] = field(default_factory=dict)

    def look(self, *paths: Path) -> list[str]:
        """Return `word in file` for each hit in what is new."""
        hits = []
        for path in paths:
            if not path.is_file():
                continue
            since = max(0, self.offsets.get(path, 0) - OVERLAP)
            with path.open("rb") as file:
                file.seek(since)
                fresh = file.read()
            self.offsets[path] = since + len(fresh)
            hits += [f"{word} in {path.name}" for word in found_in(fresh)]
        return hits
