"""No cell of any file of ours begins a formula."""

import pytest

from leads.spreadsheet import harmless


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1", "-1", "@x", "\tx", "\r=1", "\n=1", " =HYPERLINK(1)", "\u00a0=1", "＝1", "＋1", "－1", "＠x"]
)
def test_what_would_begin_one_is_shown(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Ana", "a=b", "(203) 555-0142", "'already"])
def test_all_else_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell
