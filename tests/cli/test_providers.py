"""`handoff providers`, as an operator types it."""

import json
import os
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmarks.nppes import PLACE, person
from leads.cli import app
from leads.db import transaction
from leads.errors import Conflict, Invalid, NotFound
from leads.providers.directory import listed, on_file
from leads.providers.nppes import NotNppes
from tests.providers.cast import ANA, BEN, CARLA, csv_of, tell

pytestmark = pytest.mark.usefixtures("database")
CALLED = ("--called", "203-555-0150", "--answered-by", "Front desk", "--listed-in", "State license register")


def handoff(*words: str) -> Result:
    return CliRunner().invoke(app, ["providers", *words, "--data-dir", os.environ["HANDOFF_DATA_DIR"]])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ana and Ben Rivera of Connecticut, Carla of New York, and between them a line that is spoilt."""
    spoilt = person(BEN) | {"Last Update Date": "yesterday"}
    ny = {f"{PLACE} State Name": "NY", "Provider First Name": "CARLA"}
    path = tmp_path / "npidata_pfile_20050523-20261108.csv"
    path.write_bytes(csv_of(person(ANA), spoilt, person(BEN, **{"Provider First Name": "BEN"}), person(CARLA, **ny)))
    return path


def test_a_file_is_imported_and_its_bad_lines_are_named(file: Path) -> None:
    done = handoff("import", str(file))
    assert (done.exit_code, "4 lines: 3 new" in done.output) == (0, True)
    beside = file.with_name(file.name + ".bad-lines.txt")
    assert beside.read_text() == "line 3: One of its dates is not written like 07/21/2026.\n"


def test_again_changes_nothing(file: Path) -> None:
    handoff("import", str(file))
    done = json.loads(handoff("import", str(file), "--json").stdout)
    assert [done[what] for what in ("lines", "added", "changed", "deactivated", "dropped", "bad")] == [4, 0, 0, 0, 0, 1]


def test_the_zip_is_taken_as_it_comes(file: Path) -> None:
    path = file.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(file, file.name)
    assert "3 new" in handoff("import", str(path)).output


def test_only_some_states_may_be_kept(file: Path) -> None:
    assert "2 new" in handoff("import", str(file), "--state", "ct").output


def test_an_import_goes_on_after_a_break(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.cli.import_providers.BATCH", 2)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) * 2 // 3])
    handoff("import", str(file))
    file.write_bytes(whole)
    handoff("import", str(file))
    with transaction() as session:
        assert listed(session) == 3


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "endpoint_pfile.csv"
    path.write_text("NPI,Endpoint Type\n1234567893,DIRECT\n")
    assert isinstance(handoff("import", str(path)).exception, NotNppes)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = handoff("import", str(tmp_path / "none.csv"))
    assert (done.exit_code, "none.csv cannot be used: No such file" in done.output) == (1, True)


def test_a_file_of_which_no_line_can_be_read_fails(tmp_path: Path) -> None:
    path = tmp_path / "npidata_pfile_bad.csv"
    path.write_bytes(csv_of(person("1234567890")))
    assert handoff("import", str(path)).exit_code == 1


def test_somebody_is_found_by_npi_and_by_name(file: Path) -> None:
    handoff("import", str(file))
    assert "Ana Rivera" in handoff("find", ANA).output
    assert [entry["npi"] for entry in json.loads(handoff("find", "rivera", "--json").output)] == [ANA, BEN, CARLA]


def test_a_mistyped_npi_says_so(file: Path) -> None:
    assert isinstance(handoff("find", "1234567890").exception, Invalid)
    assert isinstance(handoff("find", ANA).exception, NotFound)
    assert handoff("find", "nobody").exit_code == 1


def test_a_call_verifies_who_waits() -> None:
    with transaction() as session:
        tell(session)
    assert json.loads(handoff("list", "--waiting", "--json").output)[0]["typed_practice"] == "Elm Family Medicine"
    done = handoff("verify", ANA, *CALLED, "--email", "ana@elm.example.com")
    assert "Ana Rivera is verified, with an e-mail address on file" in done.output
    with transaction() as session:
        assert len(on_file(session, "ana@elm.example.com")) == 1
    assert json.loads(handoff("list", "--json").output)[0]["practice"] == "Elm Family Medicine"


def test_of_two_who_wait_under_one_npi_one_has_to_be_named() -> None:
    with transaction() as session:
        tell(session)
        claim_id = str(tell(session, email="eve@example.net").claim.id)
    assert isinstance(handoff("verify", ANA, *CALLED).exception, Conflict)
    assert handoff("verify", claim_id, *CALLED).exit_code == 0


def test_somebody_who_never_wrote_can_be_verified_from_the_registry(file: Path) -> None:
    handoff("import", str(file))
    assert handoff("verify", ANA, *CALLED, "--practice", "Elm Family Medicine", "--email", "ana@elm.example.com").exit_code == 0
    assert handoff("verify", ANA, *CALLED, "--email", "ana.rivera@elm.example.com").exit_code == 0
    with transaction() as session:
        assert len(on_file(session, "ana.rivera@elm.example.com")) == 1


def test_nobody_on_file_is_said() -> None:
    assert isinstance(handoff("verify", ANA, *CALLED).exception, NotFound)
    assert handoff("list", "--waiting").output == "Nobody waits for a call.\n"
