"""Scans of the tests: a fax of which nobody can tell whose it is."""

import struct
import zlib

from sqlalchemy.orm import Session

from leads.scans.bring_in import Known, bring_in
from leads.scans.models import Scan
from tests.cast import ACTOR

FAX = b"%PDF-1.4 a page that was fed in upside down"


def make_scan(session: Session, *, name: str = "fax.pdf", content: bytes = FAX, actor: str = ACTOR, **known: object) -> Scan:
    """A fax from Harbor Psychiatry that waits."""
    usual: dict[str, object] = {"sender": "Harbor Psychiatry, 203-555-0144", "note": "A letter about ketamine; the name is cut off."}
    return bring_in(session, name, content, Known(**(usual | known)), actor=actor)  # type: ignore[arg-type]


def pdf(words: str) -> bytes:
    """A PDF of one page that says this, as a viewer can draw it."""
    drawn = f"BT /F1 24 Tf 40 700 Td ({words}) Tj ET".encode()
    font = b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources" + font + b">>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
    )
    return b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % each for each in enumerate(objects, 1)) + b"trailer<</Root 1 0 R>>\n%%EOF"


def png(width: int = 300, height: int = 400) -> bytes:
    """A grey page as a PNG."""
    rows = zlib.compress((b"\x00" + b"\xdd" * width) * height)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    chunks = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
