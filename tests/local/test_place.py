"""The data folder: who may write there, and how other commands find what runs."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import settings
from leads.local import place
from leads.local.place import Refused


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("HANDOFF_DATA_DIR", "DATABASE_URL", "REDIS_URL", "SMTP_URL", "HANDOFF_PUBLIC_URL"):
        monkeypatch.setenv(name, "")
    yield
    monkeypatch.undo()
    place.forget()


def test_a_file_in_its_place_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    with pytest.raises(Refused, match=r"cannot be written .* pass another with --data-dir"):
        place.make(tmp_path / "var")


def test_what_lies_in_it_is_closed_to_others(tmp_path: Path) -> None:
    here = place.make(tmp_path / "var")
    place.announce(here, {"redis_url": "redis://:secret@127.0.0.1:1/0"})
    assert [path.stat().st_mode & 0o077 for path in (here.logs, here.run, here.services)] == [0, 0, 0]


def test_only_one_start_holds_a_folder_and_the_second_is_told_who(tmp_path: Path) -> None:
    here = place.make(tmp_path / "var")
    with place.hold(here), pytest.raises(Refused, match=rf"process {os.getpid()}\) already runs on"):
        place.hold(here)


def test_a_folder_is_free_again_when_its_holder_is_gone(tmp_path: Path) -> None:
    here = place.make(tmp_path / "var")
    place.hold(here).close()
    place.hold(here).close()


def test_a_command_beside_a_running_system_finds_its_servers(tmp_path: Path) -> None:
    place.announce(place.make(tmp_path), {"redis_url": "redis://127.0.0.1:7/0", "port": "8001"})
    place.attach(tmp_path)
    redis_url = settings().redis_url
    assert redis_url and redis_url.get_secret_value() == "redis://127.0.0.1:7/0"  # noqa: PT018


def test_servers_named_by_the_environment_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://mine:6379/0")
    place.announce(place.make(tmp_path), {"redis_url": "redis://127.0.0.1:7/0"})
    place.attach(tmp_path)
    assert os.environ["REDIS_URL"] == "redis://mine:6379/0"


def test_a_note_of_services_that_cannot_be_read_says_which_file_to_remove(tmp_path: Path) -> None:
    (tmp_path / "services.json").write_text(json.dumps({"redis_url": "x"})[:-3])
    with pytest.raises(Refused, match=r"services\.json cannot be read: remove it"):
        place.attach(tmp_path)
