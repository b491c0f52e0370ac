"""A mail as it came, read without trust: whatever is in it, reading it ends soon and raises nothing."""

import email
import re
from collections.abc import Iterator
from email.header import decode_header
from email.message import Message as Mail
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import NamedTuple

from leads.security.identifiers import normal_email

# A mail of people or machines stays far below; what lies above is kept whole all the same, and read no further than this.
MOST_LINES, MOST_PARTS, MOST_HEADER = 200_000, 50, 256 * 1024
LONGEST_LINE_OF_HEADER = 4_000
LONGEST_TEXT = 50_000
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "blockquote", "table"})
UNSEEN = frozenset({"style", "script", "head", "title"})


class Attachment(NamedTuple):
    """A file that came along: its name, its kind as declared, and its size in octets; nobody opens it here."""

    name: str
    kind: str
    size: int


def parse(raw: bytes) -> Mail:
    """Return the mail; of one that was made to be read for ever, its header alone."""
    head, _, body = _split(raw)
    low = body.lower()
    nested = low.count(b"multipart/") + low.count(b"message/rfc822") + low.count(b"boundary=")
    try:
        if len(head) > MOST_HEADER or nested > MOST_PARTS:
            return email.message_from_bytes(head[:MOST_HEADER] + b"\r\n\r\n")
        return email.message_from_bytes(_bounded(raw))
    # What the library cannot read it mostly records; where it raises instead, its kinds of error are many.
    except Exception:
        return email.message_from_bytes(b"")


def header(mail: Mail, name: str) -> str:
    """Return the words of a header in one line, decoded as far as they can be; empty where there is none."""
    return next(iter(headers(mail, name)), "")


def headers(mail: Mail, name: str) -> list[str]:
    """Return every header of a name, decoded, in order."""
    try:
        found = mail.get_all(name) or []
    except Exception:
        return []
    return [_decoded(str(value)[:LONGEST_LINE_OF_HEADER]) for value in found]


def address_in(words: str) -> str | None:
    """Return the one mailbox that a header names, in its normal form; None where it names none or several, or hides something."""
    if CONTROL.search(words):
        return None
    try:
        found = [address for _, address in getaddresses([words]) if address]
    except Exception:
        return None
    # A library reads `a@example.com <b@example.com>` as either: whoever names two could be taken for somebody else.
    if len(found) != 1 or re.sub(r'"[^"]*"', "", words).count("@") != 1:
        return None
    return normal_email(found[0])


def sender(mail: Mail) -> str | None:
    """Return the mailbox of the author (From), None where there is not exactly one."""
    try:
        found = [str(value)[:LONGEST_LINE_OF_HEADER] for value in mail.get_all("From") or []]
    except Exception:
        return None
    # As it came: what an encoded word hides is a name, never an address (RFC 2047, 5).
    return address_in(" ".join(found[0].split())) if len(found) == 1 else None


def parts(mail: Mail) -> Iterator[Mail]:
    """Yield the parts that hold something, in order; not what lies inside a mail that was attached."""
    if mail.get_content_maintype() == "multipart" and isinstance(mail.get_payload(), list):
        for part in mail.get_payload():
            if isinstance(part, Mail):
                yield from parts(part)
    else:
        yield mail


def text_of(mail: Mail) -> str:
    """Return what the sender wrote, as plain text: the first text part, or the first HTML one without its tags."""
    texts = [part for part in parts(mail) if part.get_content_maintype() == "text" and not _is_attached(part)]
    plain = next((part for part in texts if part.get_content_subtype() == "plain"), None)
    if plain is not None and (words := decoded(plain)).strip():
        return words
    html = next((part for part in texts if part.get_content_subtype() == "html"), None)
    return without_tags(decoded(html)) if html is not None else ""


def attachments(mail: Mail) -> list[Attachment]:
    """Return what came along beside the text."""
    found = (part for part in parts(mail) if part.get_content_maintype() not in ("text", "multipart") or _is_attached(part))
    return [_attachment(part) for part in found][:MOST_PARTS]


def decoded(part: Mail) -> str:
    """Return the text of a part, in whatever character set it came or claims to be."""
    try:
        octets = part.get_payload(decode=True)
    except Exception:
        octets = None
    if not isinstance(octets, bytes):
        return ""
    charset = _charset(part)
    try:
        words = octets.decode(charset, "replace")
    except (LookupError, UnicodeError, ValueError):
        words = octets.decode("utf-8", "replace")
    return clean(words[:LONGEST_TEXT])


def field_groups(part: Mail) -> list[Mail]:
    """Return the groups of fields, parted by empty lines, that a machine wrote for machines (RFC 3464, 2.1; RFC 5965, 3)."""
    payload = part.get_payload()
    groups = [each for each in payload if isinstance(each, Mail)] if isinstance(payload, list) else []
    if any(each.keys() for each in groups):
        return groups
    # Encoded, which neither RFC wants, or under a type of its own: then the library has read nothing.
    words = "\n\n".join(str(each.get_payload()) for each in groups) if groups else str(payload)
    outer = Mail()
    outer["Content-Transfer-Encoding"] = header(part, "Content-Transfer-Encoding")
    outer.set_payload(words)
    return [email.message_from_string(group.lstrip("\n")) for group in re.split(r"\n[ \t]*\n", decoded(outer)) if group.strip()]


def clean(words: str) -> str:
    """Return words in lines that end alike, without characters nobody sees."""
    return CONTROL.sub("", words.replace("\r\n", "\n").replace("\r", "\n"))


def without_tags(html: str) -> str:
    """Return the words of an HTML text."""
    reader = _Words()
    try:
        reader.feed(html)
        reader.close()
    except Exception:
        return clean(re.sub(r"<[^>]*>", " ", html))
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.words)).strip()


class _Words(HTMLParser):
    """Collects what a reader would see, a line for each block; what quotes another mail begins with `>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.unseen = self.quoted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unseen += tag in UNSEEN
        self.quoted += tag == "blockquote"
        if tag in BREAKS:
            self.words.append("\n> " if self.quoted else "\n")

    def handle_endtag(self, tag: str) -> None:
        self.unseen = max(0, self.unseen - (tag in UNSEEN))
        self.quoted = max(0, self.quoted - (tag == "blockquote"))
        if tag in BREAKS:
            self.words.append("\n> " if self.quoted else "\n")

    def handle_data(self, data: str) -> None:
        if not self.unseen:
            self.words.append(re.sub(r"\s+", " ", data))


def _split(raw: bytes) -> tuple[bytes, bytes, bytes]:
    found = re.search(rb"\r?\n\r?\n", raw)
    return (raw[: found.start()], found[0], raw[found.end() :]) if found else (raw, b"", b"")


def _bounded(raw: bytes) -> bytes:
    if raw.count(b"\n") <= MOST_LINES:
        return raw
    place = -1
    for _ in range(MOST_LINES):
        place = raw.index(b"\n", place + 1)
    return raw[: place + 1]


def _decoded(value: str) -> str:
    try:
        pieces = decode_header(value)
        words = "".join(_piece(octets, charset) for octets, charset in pieces)
    except Exception:
        words = value
    return " ".join(CONTROL.sub(" ", words).split())


def _piece(octets: bytes | str, charset: str | None) -> str:
    if isinstance(octets, str):
        return octets
    try:
        return octets.decode(charset or "ascii", "replace")
    except (LookupError, ValueError):
        return octets.decode("utf-8", "replace")


def _charset(part: Mail) -> str:
    try:
        return part.get_content_charset("utf-8")
    except Exception:
        return "utf-8"


def _is_attached(part: Mail) -> bool:
    try:
        return part.get_content_disposition() == "attachment" or bool(part.get_filename())
    except Exception:
        return True


def _attachment(part: Mail) -> Attachment:
    try:
        name, payload = part.get_filename() or "", part.get_payload(decode=True)
    except Exception:
        name, payload = "", b""
    size = len(payload) if isinstance(payload, bytes) else len(str(part.get_payload()))
    return Attachment(_decoded(name)[:200] or "without a name", part.get_content_type()[:80], size)
