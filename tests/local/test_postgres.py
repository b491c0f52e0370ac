"""Where the embedded PostgreSQL may live."""

import os
from pathlib import Path

import psycopg
import pytest

from leads.local import embedded, place, postgres
from leads.local.place import Refused

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to leave its own user behind")


def test_data_of_another_version_is_refused_in_one_sentence(folder: Path) -> None:
    here = place.make(folder / "var")
    data = here.root / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("15\n")
    (data / "global").mkdir()
    (data / "global" / "pg_control").touch()
    with pytest.raises(Refused, match=r"made by PostgreSQL 15, and this is 18"):
        postgres.find_home(here)


def test_a_database_that_was_never_finished_says_what_to_remove(folder: Path) -> None:
    here = place.make(folder / "var")
    (here.root / "postgres").mkdir()
    (here.root / "postgres" / "PG_VERSION").write_text("18\n")
    with pytest.raises(Refused, match=r"cut short and holds no data yet: remove it, then start again"):
        postgres.find_home(here)


def test_a_start_killed_while_the_database_was_made_is_made_up_for_by_the_next(folder: Path) -> None:
    here = place.make(folder / "var")
    (here.root / "postgres.half").mkdir()
    (here.root / "postgres.half" / "PG_VERSION").write_text("18\n")
    with embedded.postgres_server(here.root) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not (here.root / "postgres.half").exists()


def test_a_folder_that_holds_something_else_is_left_as_it_is(folder: Path) -> None:
    here = place.make(folder / "var")
    (here.root / "postgres").mkdir()
    (here.root / "postgres" / "letters.txt").write_text("keep me")
    with pytest.raises(Refused, match=r"not empty and holds no database of ours"):
        postgres.make_child(here, postgres.find_home(here))
    assert (here.root / "postgres" / "letters.txt").read_text() == "keep me"


@as_root
def test_a_folder_its_user_cannot_reach_falls_back_and_is_remembered(folder: Path) -> None:
    (folder / "private").mkdir(mode=0o700)
    here = place.make(folder / "private" / "var")
    home = postgres.find_home(here)
    try:
        assert home.data.parent != here.root
        assert postgres.find_home(here).data == home.data
        assert (folder / "private").stat().st_mode & 0o777 == 0o700
    finally:
        postgres.remove(home)


@as_root
def test_it_runs_from_a_private_folder_too(folder: Path) -> None:
    (folder / "private").mkdir(mode=0o700)
    with embedded.postgres_server(folder / "private" / "var") as url, psycopg.connect(url) as connection:
        assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_a_path_too_long_for_a_socket_gets_a_short_one(folder: Path) -> None:
    deep = folder / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    home = postgres.find_home(place.make(deep / "var"))
    assert len(str(home.sockets)) < postgres.LONGEST_SOCKET


def test_a_folder_that_cannot_be_written_is_refused_in_one_sentence(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(Refused, match="cannot be written"):
        place.make(folder / "file" / "var")
