"""Documents: told by their content, kept closed, read on record."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.errors import Invalid, NotFound
from leads.loop.models import Referral
from leads.referrals.attach import MOST_BYTES, MOST_FILES, attach, attachments_of, read
from tests.cast import ACTOR
from tests.referrals.cast import make_referral

PDF, PNG, JPEG = b"%PDF-1.7\n%%EOF", b"\x89PNG\r\n\x1a\n rest", b"\xff\xd8\xff\xe0 rest"


@pytest.fixture
def kept(session: Session) -> Referral:
    return make_referral(session)


@pytest.mark.parametrize(
    ("content", "media_type", "ending"), [(PDF, "application/pdf", ".pdf"), (PNG, "image/png", ".png"), (JPEG, "image/jpeg", ".jpg")]
)
def test_what_a_document_is_is_told_by_its_content(session: Session, kept: Referral, content: bytes, media_type: str, ending: str) -> None:
    attach(session, kept, "letter.exe", content, actor=ACTOR)
    (listed,) = attachments_of(session, kept.id)
    assert (listed.media_type, listed.name, listed.size) == (media_type, f"letter.exe{ending}", len(content))


@pytest.mark.parametrize("content", [b"", b"<html><script>alert(1)</script>", b" %PDF-1.7", b"GIF89a", b"PK\x03\x04"])
def test_anything_else_is_refused_with_a_way_out(session: Session, kept: Referral, content: bytes) -> None:
    with pytest.raises(Invalid, match=r"report.pdf is no PDF, PNG or JPEG") as refused:
        attach(session, kept, "report.pdf", content, actor=ACTOR)
    assert [error.field for error in refused.value.errors] == ["attachments"]


@pytest.mark.parametrize(
    ("name", "kept_as"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("a\r\nContent-Type: x.pdf", "a Content-Type x.pdf"),
        ("C:\\me\\x.PDF", "x.pdf"),
        ("", "document.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
    ],
)
def test_a_name_keeps_nothing_that_makes_it_another(session: Session, kept: Referral, name: str, kept_as: str) -> None:
    assert attach(session, kept, name, PDF, actor=ACTOR).name == kept_as


def test_twenty_megabytes_in_all(session: Session, kept: Referral) -> None:
    attach(session, kept, "a.pdf", PDF.ljust(MOST_BYTES - 100), actor=ACTOR)
    attach(session, kept, "b.pdf", PDF.ljust(100), actor=ACTOR)
    with pytest.raises(Invalid, match="20 MB in all"):
        attach(session, kept, "c.pdf", PDF, actor=ACTOR)


def test_not_more_files_than_somebody_would_read(session: Session, kept: Referral) -> None:
    for each in range(MOST_FILES):
        attach(session, kept, f"{each}.pdf", PDF, actor=ACTOR)
    with pytest.raises(Invalid, match="several into one PDF"):
        attach(session, kept, "more.pdf", PDF, actor=ACTOR)


def test_neither_name_nor_content_lies_open_in_the_database(session: Session, kept: Referral) -> None:
    attach(session, kept, "secret-letter.pdf", PDF + b"planted words", actor=ACTOR)
    row = session.execute(text("SELECT row_to_json(a)::text, name, content FROM referral_attachments a")).one()
    assert all(b"secret-letter" not in bytes(cell) and b"planted" not in bytes(cell) for cell in row[1:])


def test_each_reading_is_on_record(session: Session, kept: Referral) -> None:
    attachment = attach(session, kept, "a.pdf", PDF, actor=ACTOR)
    document = read(session, kept.id, attachment.id, actor=ACTOR, purpose="console")
    assert (document.content, document.name) == (PDF, "a.pdf")
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "attachment.read")).one()
    assert (entry.actor, entry.subject_id, entry.detail["purpose"]) == (ACTOR, attachment.id, "console")


def test_another_referrals_document_is_not_found(session: Session, kept: Referral) -> None:
    attachment = attach(session, kept, "a.pdf", PDF, actor=ACTOR)
    other = make_referral(session, practice="Harbor Family Medicine")
    with pytest.raises(NotFound):
        read(session, other.id, attachment.id, actor=ACTOR, purpose="portal")


def test_what_part_2_covers_is_left_out_where_asked(session: Session) -> None:
    kept = make_referral(session, part2=True)
    attach(session, kept, "a.pdf", PDF, actor=ACTOR)
    assert len(attachments_of(session, kept.id)) == 1
    assert attachments_of(session, kept.id, part2=False) == []
