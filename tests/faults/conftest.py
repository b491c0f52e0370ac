"""A house for each file: servers and workers of its own, which its tests may break."""

from collections.abc import Iterator

import pytest

from tests.faults.house import House, open_house


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """A running system to be broken."""
    with open_house() as house:
        yield house
