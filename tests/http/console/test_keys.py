"""The sheet of keys names only where somebody may go."""

import re
from collections.abc import Callable

import pytest

from tests.http.console.conftest import Browser


def sheet_of(page: str) -> list[str]:
    """The keys that lead somewhere, as the sheet has them."""
    return re.findall(r"<dt><kbd>(g \w)</kbd></dt>", page)


@pytest.mark.parametrize(
    ("role", "page", "kept_from"), [("administrator", "/console/colleagues", "g l"), ("coordinator", "/console", "g r")]
)
def test_keys_lead_only_where_somebody_may_go(signed_in: Callable[..., Browser], role: str, page: str, kept_from: str) -> None:
    shown = signed_in(role).get(page).text
    led = re.findall(r'data-go="(\w)"', shown)
    assert [key for key in sheet_of(shown) if key != "g m"] == [f"g {key}" for key in led]
    assert kept_from not in sheet_of(shown)
    assert ("g m" in sheet_of(shown)) == (role == "coordinator")
