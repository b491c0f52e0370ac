"""Files that only the holder of an age identity can read (age-encryption.org/v1), streamed in bounded memory."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import pyrage
from pyrage.x25519 import Identity, Recipient

from config.settings import settings
from leads.errors import Invalid, LeadsError, NotFound

Work = Callable[[IO[bytes]], None]
# What pyrage raises: its own errors for the header, a bare OSError for what lies behind it.
FAILURES = (OSError, pyrage.EncryptError, pyrage.DecryptError)


class Unreadable(LeadsError):
    """An encrypted file cannot be opened, or is not as it was written; nothing was changed."""

    code = "unreadable_file"


def recipients(named: Sequence[str] = ()) -> list[Recipient]:
    """Return whom a file is for, those of HANDOFF_BACKUP_TO where nobody is named; raises Invalid."""
    words = list(named) or settings().handoff_backup_to.replace(",", " ").split()
    if not words:
        raise Invalid("Say for whom: --to age1…, or HANDOFF_BACKUP_TO. `handoff keyring identity FILE` makes such a pair of keys.")
    return [_recipient(word) for word in words]


def identities(path: Path) -> list[Identity]:
    """Return the identities in a file as age-keygen writes it; raises NotFound or Invalid, and never repeats what the file holds."""
    try:
        lines = [line.strip() for line in path.read_text().splitlines()]
        return [Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except OSError as error:
        raise NotFound(f"The identity {path} cannot be read ({error.strerror}): it is the file with the line AGE-SECRET-KEY-1….") from None
    except (UnicodeDecodeError, pyrage.IdentityError):
        raise Invalid(f"{path} is no age identity: it has one line AGE-SECRET-KEY-1…, and comments that begin with #.") from None


def make_identity(path: Path) -> str:
    """Write a new identity, readable by its owner only, and return its recipient; an existing file is never overwritten."""
    made = Identity.generate()
    recipient = str(made.to_public())
    refuse_to_overwrite(path)
    try:
        with _new(path) as file:
            file.write(f"# public key: {recipient}\n{made}\n".encode())
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error.strerror}.") from None
    return recipient


@contextmanager
def encrypted(path: Path, to: Sequence[Recipient]) -> Iterator[IO[bytes]]:
    """Yield what to write into; `path` is there, whole and on disk, only when the block ended well. Raises Invalid where it exists."""
    refuse_to_overwrite(path)
    spare = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with _new(spare) as file, _pipe_into(lambda clear: pyrage.encrypt_io(clear, file, to)) as clear:
            yield clear
        refuse_to_overwrite(path)
        spare.rename(path)
        _sync_folder(path.parent)
    except FAILURES as error:
        raise Invalid(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}.") from None
    finally:
        spare.unlink(missing_ok=True)


@contextmanager
def decrypted(path: Path, held: Sequence[Identity]) -> Iterator[IO[bytes]]:
    """Yield what to read from; raises Unreadable, at the latest when the block ends, where a byte is missing or changed."""
    try:
        with path.open("rb") as file, _pipe_from(lambda clear: pyrage.decrypt_io(file, clear, held)) as clear:
            yield clear
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}.") from None
    except FAILURES as error:
        raise Unreadable(f"{path} cannot be read: {_said(error)}. Nothing was changed.") from None


def refuse_to_overwrite(path: Path) -> None:
    """Raise Invalid where there is a file already: a good copy must not be lost to a new one."""
    if path.exists():
        raise Invalid(f"{path} is there already, and is not overwritten: name another file.")


def _recipient(word: str) -> Recipient:
    try:
        return Recipient.from_str(word)
    except pyrage.RecipientError:
        raise Invalid(f"{word[:20]}… is no age recipient: it begins with age1 and has 62 letters and digits.") from None


@contextmanager
def _new(path: Path) -> Iterator[IO[bytes]]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _pipe_into(work: Work) -> Iterator[IO[bytes]]:
    source, sink = _pipe()
    thread, failed = _start(work, source)
    try:
        with sink:
            yield sink
    except BrokenPipeError:
        thread.join()
        if not failed:
            raise
    finally:
        thread.join()
    if failed:
        raise failed[0]


@contextmanager
def _pipe_from(work: Work) -> Iterator[IO[bytes]]:
    source, sink = _pipe()
    thread, failed = _start(work, sink)
    try:
        with source:
            try:
                yield source
                # What nobody asked for has to prove itself too: age knows only at its last byte that none is missing.
                while source.read(1 << 20):
                    pass
            finally:
                # Asked before the pipe is closed on the thread; and to a reader a broken file only looks short.
                if failed:
                    raise failed[0]
    finally:
        thread.join()


def _pipe() -> tuple[IO[bytes], IO[bytes]]:
    source, sink = os.pipe()
    return os.fdopen(source, "rb"), os.fdopen(sink, "wb")


def _start(work: Work, end: IO[bytes]) -> tuple[threading.Thread, list[Exception]]:
    failed: list[Exception] = []

    def run() -> None:
        # pyrage wants both ends at once and drives them itself; a thread lets the database drive instead.
        with suppress(BrokenPipeError), end:
            try:
                work(end)
            except Exception as error:
                failed.append(error)

    thread = threading.Thread(target=run, name="age", daemon=True)
    thread.start()
    return thread, failed


def _said(error: Exception) -> str:
    if "No matching keys" in str(error):
        return "it was not encrypted to this identity, or its first lines were changed"
    if "whole buffer" in str(error):
        return "it is no age file, or it was cut off at its beginning"
    return "it was cut off" if "truncated" in str(error) else f"it is not as it was written ({error})"


def _sync_folder(folder: Path) -> None:
    # A rename is on disk only when its folder is.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
