"""A signed mail is believed by whoever checks it by the book, and by nobody once a sign of it is changed."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import dkim
import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from config.settings import settings
from leads.errors import ConfigError, Conflict
from leads.messages import mail_keys, signature
from leads.messages.carriers.smtp import SmtpCarrier
from leads.messages.deliver import drain
from leads.messages.mail_keys import make_keys, record_of, signing_keys
from leads.messages.mime import build
from leads.messages.models import LANES, Message
from leads.messages.render import Rendered
from tests.messages.dkim_verifier import relaxed_body, signatures_in, verify
from tests.smtp_server import ScriptedServer

WAY_OUT = "https://care.elmharbor.test/u/token"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pair of keys."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(autouse=True)
def signing(made: Path, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """We sign, with keys of our own."""
    monkeypatch.setenv("HANDOFF_MAIL_KEYS_DIR", str(made))
    settings.cache_clear()
    configure(dkim={"sign": True})
    if not list(made.iterdir()):
        make_keys()
    yield
    monkeypatch.undo()
    settings.cache_clear()


def zone() -> dict[str, str]:
    """What we publish."""
    return {record.name: record.value for record in map(record_of, signing_keys())}


def signed(text: str = "Hello  there.\n\n", way_out: str | None = WAY_OUT) -> bytes:
    rendered = Rendered("Your office", text, f"<p>{text}</p>", "1", "")
    return build(Message(topic="inquiry", language="en"), "ana@example.com", rendered, way_out, discreet=False)


def test_both_signatures_hold_for_whoever_checks_by_the_book() -> None:
    mail = signed()
    assert [each["a"] for each in signatures_in(mail)] == ["rsa-sha256", "ed25519-sha256"]
    assert verify(mail, zone()) == [True, True]


def test_they_hold_for_another_library_too() -> None:
    def ask(name: bytes, timeout: float = 5) -> bytes:
        return zone()[name.decode().rstrip(".")].encode()

    assert [dkim.DKIM(signed()).verify(place, dnsfunc=ask) for place in (0, 1)] == [True, True]


@pytest.mark.parametrize(
    "name", ["List-Unsubscribe-Post", "List-Unsubscribe", "List-Id", "List-Help", "Feedback-ID", "Subject", "From", "To"]
)
def test_a_changed_header_is_seen(name: str) -> None:
    changed = re.sub(rf"\r\n{name}: ".encode(), f"\r\n{name}: x".encode(), signed())
    assert changed != signed()
    assert verify(changed, zone()) == [False, False]


@pytest.mark.parametrize("added", ["From: Mallory <m@example.com>", "List-Unsubscribe: <https://evil.test/>", "Cc: all@example.com"])
def test_an_added_header_is_seen_wherever_it_stands(added: str) -> None:
    mail = signed()
    assert verify(f"{added}\r\n".encode() + mail, zone()) == [False, False]
    assert verify(mail.replace(b"\r\n\r\n", f"\r\n{added}\r\n\r\n".encode(), 1), zone()) == [False, False]


def test_nobody_adds_a_way_out_to_a_mail_that_has_none() -> None:
    mail = signed(way_out=None)
    assert verify(mail, zone()) == [True, True]
    assert verify(b"List-Unsubscribe: <https://evil.test/>\r\n" + mail, zone()) == [False, False]


def test_a_changed_word_is_seen_and_a_refolded_header_is_not() -> None:
    mail = signed()
    assert verify(mail.replace(b"there", b"where"), zone()) == [False, False]
    assert verify(mail.replace(b"Subject: Your office", b"Subject:  Your\r\n\t office"), zone()) == [True, True]


def test_a_signature_says_since_when_and_until_when(tuesday: object) -> None:
    for said in signatures_in(signed()):
        assert int(said["x"]) - int(said["t"]) == 10 * 86400
        assert (said["d"], said["c"]) == ("mail.elmharbor.test", "relaxed/relaxed")


def test_the_same_mail_is_signed_the_same(tuesday: object) -> None:
    message, rendered = Message(topic="inquiry", language="en"), Rendered("Hello", "Hi", "<p>Hi</p>", "1", "")
    first, second = (build(message, "ana@example.com", rendered, WAY_OUT, discreet=False) for _ in range(2))
    assert first == second


@given(st.lists(st.sampled_from(["a", " ", "\t", "\r\n", "=20", "."])).map("".join))
def test_a_body_is_hashed_as_the_rule_has_it(text: str) -> None:
    body = f"{text}\r\n".encode()
    assert signature.relaxed(body) == relaxed_body(body) == Relaxed.canonicalize_body(body)


@given(st.text(max_size=300))
def test_whatever_a_mail_says_its_signatures_hold(text: str) -> None:
    assert verify(signed(text.encode("utf-8", "ignore").decode()), zone()) == [True, True]


def test_what_arrives_is_what_was_signed(due: Callable[..., Message], carrier: SmtpCarrier, server: ScriptedServer) -> None:
    due()
    drain(LANES, carrier=carrier)
    assert verify(server.raw[0], zone()) == [True, True]


def test_without_its_key_no_mail_is_sent_and_none_is_lost(
    session: Session, due: Callable[..., Message], carrier: SmtpCarrier, server: ScriptedServer, configure: Callable[..., None]
) -> None:
    message, other = due(), due()
    configure(dkim={"sign": True, "rsa": "gone"})
    assert drain(LANES, carrier=carrier) == 0
    session.expire_all()
    assert [(each.state, each.lost_leases) for each in (message, other)] == [("planned", 0)] * 2
    assert not server.mails


def test_a_page_about_danger_goes_even_without_the_key(configure: Callable[..., None]) -> None:
    configure(dkim={"sign": True, "rsa": "gone"})
    page = Message(topic="staff", template="safety-page", lane="safety", language="en")
    raw = build(page, "alba@example.com", Rendered("Please look now", "Hi", "<p>Hi</p>", "1", ""), None, discreet=False)
    assert raw.startswith(b"From: ")


def test_keys_are_for_their_owner_and_are_never_overwritten(made: Path) -> None:
    assert {oct(key.stat().st_mode & 0o777) for key in made.iterdir()} == {"0o600"}
    with pytest.raises(Conflict, match="already"):
        make_keys()


def test_a_key_everybody_can_read_signs_nothing(made: Path) -> None:
    mail_keys._read.cache_clear()
    (made / "hr1.pem").chmod(0o604)
    with pytest.raises(ConfigError, match="chmod 600"):
        signing_keys()
    (made / "hr1.pem").chmod(0o600)


def test_a_key_that_is_not_there_is_named_with_the_way_out(configure: Callable[..., None]) -> None:
    configure(dkim={"sign": True, "rsa": "other"})
    assert "other.pem: there is no such key" in "".join(mail_keys.key_faults())


def test_a_short_or_strange_key_signs_nothing(made: Path, configure: Callable[..., None]) -> None:
    (made / "odd.pem").write_text("no key")
    os.chmod(made / "odd.pem", 0o600)
    configure(dkim={"sign": True, "ed25519": "odd"})
    assert "no private key in PEM" in "".join(mail_keys.key_faults())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("HANDOFF_MAIL_KEYS_DIR", str(tmp_path / "file"))
    settings.cache_clear()
    with pytest.raises(ConfigError, match="cannot be written"):
        make_keys()


def test_a_long_record_is_cut_for_the_zone_file() -> None:
    line = record_of(signing_keys()[0]).in_zone
    assert line.startswith('hr1._domainkey.mail.elmharbor.test. IN TXT "v=DKIM1; k=rsa; p=')
    assert all(len(string) <= 255 for string in re.findall(r'"([^"]*)"', line))
