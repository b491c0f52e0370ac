"""A local, fsync'd note of each carrier's answer, so that '250 read, commit lost' is known at the next start."""

import fcntl
import json
import os
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from config.settings import settings
from leads.db import DATABASE_AWAY
from leads.messages.carriers.base import Receipt

ROOM = 16 * 1024
UNREAD = ".unread"
log = structlog.get_logger()


@dataclass(frozen=True)
class Entry:
    """What a carrier answered about one attempt at one message."""

    message_id: str
    fence: int
    code: int
    status: str | None

    @classmethod
    def of(cls, line: bytes) -> "Entry":
        """Return what a line says, leaving out what a newer version knew besides; raises ValueError, KeyError or TypeError."""
        told = json.loads(line)
        return cls(told["message_id"], told["fence"], told["code"], told.get("status"))

    @property
    def receipt(self) -> Receipt:
        """The answer as the carrier gave it."""
        return Receipt(self.code, self.status)


class Journal:
    """This process's file of answers not yet in the database; locked while the process lives.

    Its room is made beforehand and written over: what a file grows by must go into the file system's own journal as well, which makes
    each answer wait twice as long for the disk. The answers end at the first NUL.
    """

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or settings().handoff_data_dir / "journal"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unlocked = folder / f"{uuid.uuid4().hex}.new"
        self.path = unlocked.with_suffix(".log")
        self.file = os.open(unlocked, os.O_RDWR | os.O_CREAT, 0o600)
        self.end, self.room = 0, 0
        fcntl.flock(self.file, fcntl.LOCK_EX)
        # Named only once locked: a replay that came between the two would take it for a dead process's.
        unlocked.rename(self.path)

    def write(self, message_id: uuid.UUID, fence: int, receipt: Receipt) -> None:
        """Keep an answer; it is on disk when this returns."""
        line = json.dumps(vars(Entry(str(message_id), fence, receipt.code, receipt.status))).encode() + b"\n"
        while self.end + len(line) >= self.room:
            self._make_room()
        os.pwrite(self.file, line + b"\0", self.end)
        os.fdatasync(self.file)
        self.end += len(line)

    def forget(self) -> None:
        """Every answer is in the database: begin anew."""
        os.pwrite(self.file, bytes(self.end), 0)
        self.end = 0

    def close(self) -> None:
        """Leave the file to whoever replays it, or nothing where there is nothing to replay."""
        if self.end == 0:
            self.path.unlink(missing_ok=True)
        os.close(self.file)

    def _make_room(self) -> None:
        # Zeros, not a hole: blocks that were never written are given out at the first write, and that is what costs.
        os.pwrite(self.file, bytes(ROOM), self.room)
        os.fsync(self.file)
        self.room += ROOM


def replay(record: Callable[[Entry], None], folder: Path | None = None) -> int:
    """Hand each answer a dead process left behind to `record`, then remove its file; returns how many were told.

    A line that cannot be read or recorded is set aside and stops no other. Raises only where the database is away.
    """
    folder = folder or settings().handoff_data_dir / "journal"
    count = 0
    for path in sorted(folder.glob("*.log")) if folder.is_dir() else ():
        # Several processes may clear up at once: what another has told and removed meanwhile is nothing left to do.
        with suppress(FileNotFoundError):
            count += _replay_one(path, record)
    return count


def set_aside(folder: Path | None = None) -> int:
    """Return how many lines nobody could read wait for a person, in files beside the journals."""
    folder = folder or settings().handoff_data_dir / "journal"
    return sum(path.read_bytes().count(b"\n") for path in folder.glob(f"*{UNREAD}"))


def _replay_one(path: Path, record: Callable[[Entry], None]) -> int:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        # The last line may be half a line: its writer died before fsync returned, so nothing was promised.
        kept = file.read().partition(b"\0")[0]
        lines = [line for line in kept.splitlines(keepends=True) if line.endswith(b"\n")]
        unread = [line for number, line in enumerate(lines, 1) if not _is_told(line, record, path.stem, number)]
        if not unread or _keep(path.with_suffix(UNREAD), unread):
            path.unlink(missing_ok=True)
        return len(lines) - len(unread)


def _is_told(line: bytes, record: Callable[[Entry], None], journal: str, number: int) -> bool:
    entry = None
    try:
        entry = Entry.of(line)
        record(entry)
    except DATABASE_AWAY:
        raise
    except Exception as error:
        # One line that cannot be read must not keep the others' answers from being known.
        which = str(entry.message_id) if entry else None
        log.error("journal.unread", journal=journal, line=number, message_id=which, error=type(error).__name__)
        return False
    return True


def _keep(path: Path, lines: Sequence[bytes]) -> bool:
    """Put lines where no replay takes them up, for a person to read; False where the disk takes them no more."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        log.error("journal.not_kept", journal=path.stem, error=type(error).__name__)
        return False
    return True
