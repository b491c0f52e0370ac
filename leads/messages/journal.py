"""A local, fsync'd note of each carrier's answer, so that '250 read, commit lost' is known at the next start."""

import fcntl
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config.settings import settings
from leads.messages.carriers.base import Receipt

ROOM = 16 * 1024


@dataclass(frozen=True)
class Entry:
    """What a carrier answered about one attempt at one message."""

    message_id: str
    fence: int
    code: int
    status: str | None

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
    """Hand each answer a dead process left behind to `record`, then remove its file; returns how many there were."""
    folder = folder or settings().handoff_data_dir / "journal"
    count = 0
    for path in sorted(folder.glob("*.log")) if folder.is_dir() else ():
        count += _replay_one(path, record)
    return count


def _replay_one(path: Path, record: Callable[[Entry], None]) -> int:
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        # The last line may be half a line: its writer died before fsync returned, so nothing was promised.
        kept = file.read().partition(b"\0")[0]
        lines = [line for line in kept.splitlines(keepends=True) if line.endswith(b"\n")]
        for line in lines:
            record(Entry(**json.loads(line)))
        path.unlink(missing_ok=True)
        return len(lines)
