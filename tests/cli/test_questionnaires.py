"""`handoff questionnaires`: what is asked, and the same for another system."""

import json

import pytest
from typer.testing import CliRunner

from leads.cli import app
from leads.errors import NotFound

RUN = CliRunner()


def handoff(*words: str) -> str:
    return RUN.invoke(app, ["questionnaires", *words], catch_exceptions=False).output


def test_list_names_pages_and_instruments() -> None:
    (row,) = json.loads(handoff("list", "--json"))
    assert (row["key"], row["instruments"]) == ("screening", ["gad-7", "phq-9"])
    assert row["pages"][0] == "history"


def test_list_reads_as_a_table() -> None:
    assert "screening" in handoff("list")


def test_export_prints_a_questionnaire() -> None:
    assert json.loads(handoff("export", "screening", "--language", "es"))["language"] == "es"


def test_an_unknown_one_is_named_with_the_way_out() -> None:
    with pytest.raises(NotFound, match="it is one of screening"):
        handoff("export", "nonsense")
