"""Nothing anybody wrote can be read in the logs, whoever logs it and however it goes wrong."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from config import logging as ours
from config.settings import settings

PLANTED = "Winterbourne"


@pytest.fixture(autouse=True)
def logs() -> Iterator[None]:
    """What logging was before comes back after each test."""
    root, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    logging.getLogger().handlers, logging.getLogger().level = root, level
    structlog.reset_defaults()


def read(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_listed_keys_are_kept_and_others_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    ours.configure("test")
    structlog.get_logger("leads.people").warning("person.found", person_id="0192", count=2, given_name=PLANTED)
    [line] = read(capsys)
    assert (line["event"], line["person_id"], line["count"]) == ("person.found", "0192", 2)
    assert "given_name" not in line


def test_a_listed_key_with_unlisted_content_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    ours.configure("test")
    structlog.get_logger("leads.people").warning("person.found", reason="she said: «help»\n")
    assert "reason" not in read(capsys)[0]


def test_an_exception_leaves_type_and_places_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    ours.configure("test")
    try:
        raise ValueError(PLANTED)
    except ValueError as error:
        structlog.get_logger("leads.x").error("it.broke", exc_info=error)
    [line] = read(capsys)
    assert line["exception"] == "builtins.ValueError"
    assert "test_logging.py" in str(line["frames"])
    assert PLANTED not in json.dumps(line)


@pytest.mark.parametrize("name", ["celery.app.trace", "uvicorn.error", "sqlalchemy.engine", "somebody.else", "leads.old"])
def test_a_librarys_values_stay_out(capsys: pytest.CaptureFixture[str], name: str) -> None:
    ours.configure("test")
    try:
        raise ValueError(PLANTED)
    except ValueError:
        logging.getLogger(name).error("Task %(name)s failed: %(exc)s", {"name": "tasks.x", "exc": PLANTED}, exc_info=True)
    assert PLANTED not in capsys.readouterr().out


def test_a_sentence_a_stranger_put_together_stays_out(capsys: pytest.CaptureFixture[str]) -> None:
    ours.configure("test")
    logging.getLogger("some.library").error(f"could not parse {PLANTED}")
    assert PLANTED not in capsys.readouterr().out


def test_an_access_log_would_not_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    ours.configure("test")
    logging.getLogger("uvicorn.access").error('"GET /u/secret-token HTTP/1.1" 200')
    assert capsys.readouterr().out == ""


def test_the_level_is_the_settings(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(settings(), "handoff_log_level", "error")
    ours.configure("test")
    structlog.get_logger("leads.x").warning("not.so.bad")
    assert capsys.readouterr().out == ""
