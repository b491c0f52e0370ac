"""Words in quoted-printable (RFC 2045, 6.7), line by line."""

import binascii
from functools import lru_cache

CRLF = "\r\n"


def quoted(words: str) -> str:
    """Return words in quoted-printable, with CRLF line ends."""
    return CRLF.join([line_seen(line) for line in words.replace(CRLF, "\n").split("\n")])


def quoted_line(line: str) -> str:
    """Return one line in quoted-printable, its soft line breaks in CRLF."""
    return binascii.b2a_qp(line.encode(), istext=True).decode("ascii").replace("\n", CRLF)


# Nearly every line of a mail is the same for everybody. binascii's quoted-printable is written in C, the email package's own takes
# longer than all the rest of a mail; but a look at what a line became the last time takes a twentieth of either.
line_seen = lru_cache(maxsize=8192)(quoted_line)
