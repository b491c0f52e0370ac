"""How a backup is laid out: a line that says what is in it, the tables one after another, a line that says what was in it."""

import hashlib
import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import IO, Any

from leads.backup.age import Unreadable

FORMAT = "warm-handoff backup 1"
LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Header:
    """When it was made (ISO 8601), of which schema, and which tables follow with which columns, each after those it points to."""

    made_at: str
    revision: str
    tables: dict[str, list[str]]
    counters: dict[str, tuple[int, bool]]
    format: str = FORMAT


@dataclass
class Tally:
    """What went through: the rows of each table, and a hash over every byte of them."""

    rows: dict[str, int] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)

    def add(self, table: str, block: bytes) -> None:
        """Count one block; in COPY's text form a row is a line, and a line feed inside a value is written as two characters."""
        self.rows[table] = self.rows.get(table, 0) + block.count(b"\n")
        self.digest.update(block)

    def as_line(self) -> bytes:
        """Return the last line of a file."""
        return _line({"rows": self.rows, "sha256": self.digest.hexdigest()})


def write(file: IO[bytes], header: Header, tables: Iterable[tuple[str, Iterable[bytes]]]) -> Tally:
    """Write a whole backup; returns what was in it."""
    tally = Tally()
    file.write(_line(asdict(header)))
    for name, blocks in tables:
        tally.rows[name] = 0
        for block in blocks:
            tally.add(name, block)
            file.write(LENGTH.pack(len(block)) + block)
        file.write(LENGTH.pack(0))
    file.write(tally.as_line())
    return tally


def read_header(file: IO[bytes]) -> Header:
    """Return what is in a backup; raises Unreadable for anything else."""
    try:
        words = json.loads(file.readline())
        header = Header(**words)
    except (ValueError, TypeError):
        raise Unreadable("This file is encrypted to you, but it is no backup of ours.") from None
    if header.format != FORMAT:
        raise Unreadable(f"This backup is of the form {header.format}; this version reads {FORMAT}: use the version that wrote it.")
    return header


def read_tables(file: IO[bytes], names: Sequence[str], tally: Tally) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield each table with its blocks, counting them; raises Unreadable at the end where something is missing or changed."""
    for name in names:
        tally.rows[name] = 0
        yield name, _blocks(file, name, tally)
    if file.readline() != tally.as_line():
        raise Unreadable("The backup does not hold what its last line says: rows are missing or were changed.")


def _blocks(file: IO[bytes], name: str, tally: Tally) -> Iterator[bytes]:
    while length := LENGTH.unpack(_exactly(file, LENGTH.size))[0]:
        block = _exactly(file, length)
        tally.add(name, block)
        yield block


def _exactly(file: IO[bytes], length: int) -> bytes:
    read = file.read(length)
    if len(read) < length:
        raise Unreadable("The backup ends in the middle of a table.")
    return read


def _line(words: Any) -> bytes:
    return json.dumps(words).encode() + b"\n"
