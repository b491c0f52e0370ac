"""A cell opens only where it was sealed."""

import pytest

from leads.db import new_id
from leads.security.fields import CellError, blind_index, seal, unseal


def test_a_cell_opens_where_it_was_sealed() -> None:
    row = new_id()
    cell = seal("Zoë", table="people", column="given_name", row_id=row)
    assert unseal(cell, table="people", column="given_name", row_id=row) == "Zoë"
    assert b"Zo" not in cell


@pytest.mark.parametrize("place", [{"table": "leads"}, {"column": "family_name"}, {"row_id": new_id()}])
def test_a_cell_moved_elsewhere_does_not_open(place: dict) -> None:
    home = {"table": "people", "column": "given_name", "row_id": new_id()}
    cell = seal("Zoë", **home)
    with pytest.raises(CellError):
        unseal(cell, **home | place)


def test_names_that_join_alike_are_bound_apart() -> None:
    row = new_id()
    cell = seal("x", table="a.b", column="c", row_id=row)
    with pytest.raises(CellError):
        unseal(cell, table="a", column="b.c", row_id=row)


def test_a_changed_cell_does_not_open() -> None:
    row = new_id()
    cell = bytearray(seal("Zoë", table="people", column="given_name", row_id=row))
    cell[-1] ^= 1
    with pytest.raises(CellError):
        unseal(bytes(cell), table="people", column="given_name", row_id=row)


def test_two_indexes_of_one_value_differ() -> None:
    assert blind_index("email", "a@example.com") == blind_index("email", "a@example.com")
    assert blind_index("email", "a@example.com") != blind_index("phone", "a@example.com")
