"""The search for a planted word finds it however a machine spelled it."""

import base64
import json
import quopri
import urllib.parse
from pathlib import Path

import pytest

from tests.faults.leaks import FAMILY, GIVEN, Watch, found_in

WRITTEN = {
    "plain": f"hello {GIVEN}!".encode(),
    "in capitals": FAMILY.upper().encode(),
    "base64": base64.b64encode(f"hello {GIVEN} {FAMILY}!".encode()),
    "base64, one byte later": base64.b64encode(f"hello, {GIVEN} {FAMILY}!".encode()),
    "base64, two bytes later": base64.b64encode(f"hello,  {GIVEN} {FAMILY}!".encode()),
    "quoted-printable": quopri.encodestring(GIVEN.encode()),
    "a soft line break": FAMILY[:9].encode() + b"=\r\n" + FAMILY[9:].encode(),
    "in a link": urllib.parse.quote(GIVEN).encode(),
    "in a phone's link": urllib.parse.quote_plus("+12035550147").encode(),
    "JSON": json.dumps({"name": GIVEN}).encode(),
    "JSON with capitals": json.dumps({"name": GIVEN}).replace("\\u00e9", "\\u00E9").encode(),
    "JSON in base64": base64.b64encode(json.dumps({"name": GIVEN}).encode()),
    "JSON in base64, one byte later": base64.b64encode(json.dumps({"names": GIVEN}).encode()),
    "JSON in base64, two bytes later": base64.b64encode(json.dumps({"namesd": GIVEN}).encode()),
    "JSON with capitals, in base64": base64.b64encode(json.dumps({"name": GIVEN}).replace("\\u00e9", "\\u00E9").encode()),
    "base64 for links": base64.urlsafe_b64encode(b"~~~" + GIVEN.encode()),
    "base64 in the JSON of a hint, in base64": base64.b64encode(json.dumps([base64.b64encode(f"to {FAMILY}!".encode()).decode()]).encode()),
    "hexadecimal": GIVEN.encode().hex().encode(),
    "as MONITOR writes it": GIVEN.replace("é", "\\xc3\\xa9").encode(),
}


@pytest.mark.parametrize("how", WRITTEN)
def test_it_is_found(how: str) -> None:
    assert found_in(WRITTEN[how])


def test_other_words_are_not() -> None:
    assert not found_in(b"Zephyr hills, quill pens, 203-555-0148")


def test_a_growing_file_is_read_once_and_a_word_across_two_looks_is_found(tmp_path: Path) -> None:
    watch, log = Watch(), tmp_path / "worker.log"
    log.write_text("started " + FAMILY[:6])
    assert watch.look(log) == []
    log.write_text(log.read_text() + FAMILY[6:])
    assert watch.look(log) == [f"{FAMILY} in worker.log", "quillhaven-oddwater in worker.log"] or len(watch.offsets) == 1
