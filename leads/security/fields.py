"""Encrypted columns, bound to table, column and row, and the blind indexes that find them again."""

import json
import os
import struct
import uuid
from functools import lru_cache
from typing import Any, Generic, Self, TypeVar, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary
from sqlalchemy.orm import MappedColumn, mapped_column

from leads.errors import LeadsError
from leads.security.keys import ring, signed

FORMAT, ALGORITHM = 1, 1
HEADER = struct.Struct(">BBH12s")
OF_ROW = struct.Struct(">I16sIH")
# Made once: `json.dumps` would make one for each cell.
TO_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
T = TypeVar("T")


class CellError(LeadsError):
    """A cell cannot be opened: it was moved, changed, or its key is gone. The message names no content."""

    status = 500
    code = "unreadable_cell"


def seal(value: Any, *, table: str, column: str, row_id: uuid.UUID) -> bytes:
    """Return `value` (anything JSON holds) as an AES-256-GCM cell: format, algorithm, key version, nonce, ciphertext."""
    version = ring().current("cells")
    key = ring().derive("cells", version, f"{table}.{column}")
    # Random 96-bit nonces are safe for some 2^32 cells a key (NIST SP 800-38D); each column has a key of its own.
    nonce = os.urandom(12)
    plain = TO_JSON.encode(value).encode()
    return HEADER.pack(FORMAT, ALGORITHM, version, nonce) + _cipher(key).encrypt(nonce, plain, _bound_to(table, column, row_id, version))


def unseal(cell: bytes, *, table: str, column: str, row_id: uuid.UUID) -> Any:
    """Return what a cell holds; raises CellError when it does not belong to this table, column and row."""
    try:
        form, algorithm, version, nonce = HEADER.unpack_from(cell)
        if (form, algorithm) != (FORMAT, ALGORITHM):
            raise ValueError("unknown format")
        key = ring().derive("cells", version, f"{table}.{column}")
        plain = _cipher(key).decrypt(nonce, cell[HEADER.size :], _bound_to(table, column, row_id, version))
        # Decoded here: left to guess which Unicode it is, the parser takes longer for that than for all the rest.
        return json.loads(plain.decode())
    # Which of these it was helps only somebody who is forging cells.
    except (InvalidTag, ValueError, struct.error):
        raise CellError(f"{table}.{column} of row {row_id} cannot be read.") from None


# A key a column: to set one up takes as long as to use it.
@lru_cache(maxsize=256)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def _bound_to(table: str, column: str, row_id: uuid.UUID, version: int) -> bytes:
    # Length-prefixed: joined by dots, ("a.b", "c") and ("a", "b.c") would bind to the same bytes.
    return _in_column(table, column) + OF_ROW.pack(16, row_id.bytes, 2, version)


@lru_cache(maxsize=256)
def _in_column(table: str, column: str) -> bytes:
    return b"".join(struct.pack(">I", len(part)) + part for part in (table.encode(), column.encode()))


class Encrypted(Generic[T]):
    """A column kept as a cell: `name = Encrypted[str]()` reads and writes plain values and adds the mapped column `name_cell`."""

    name: str
    table: str

    def __set_name__(self, owner: type, name: str) -> None:
        self.name, self.cell, self.table = name, f"{name}_cell", owner.__tablename__  # type: ignore[attr-defined]
        column: MappedColumn[bytes | None] = mapped_column(name, LargeBinary, nullable=True)
        setattr(owner, self.cell, column)

    @overload
    def __get__(self, row: None, owner: type) -> Self: ...
    @overload
    def __get__(self, row: Any, owner: type) -> T | None: ...
    def __get__(self, row: Any, owner: type) -> Self | T | None:
        if row is None:
            return self
        return self.opened(getattr(row, self.cell), row.id)

    def __set__(self, row: Any, value: T | None) -> None:
        cell = None if value is None else seal(value, table=self.table, column=self.name, row_id=row.id)
        setattr(row, self.cell, cell)

    def opened(self, cell: bytes | None, row_id: uuid.UUID) -> T | None:
        """Return what a cell of this column holds, for who read the column alone; raises CellError."""
        return None if cell is None else unseal(cell, table=self.table, column=self.name, row_id=row_id)


def blind_index(name: str, normalised: str) -> bytes:
    """Return HMAC-SHA-256 of a normalised value under the key of the index `name`."""
    key = ring().derive("blind", ring().current("blind"), name)
    return signed(key, normalised.encode())
