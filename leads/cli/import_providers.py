"""`handoff providers import`: NPPES's monthly or weekly file into the local registry."""

import os
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from leads.audit.trail import record_about
from leads.cli.providers import providers
from leads.cli.root import VAR, AsJson, DataDir, err, out, print_json, refuse
from leads.cli.sending import operator
from leads.db import transaction
from leads.local import attach
from leads.providers.edit import refresh_from_registry
from leads.providers.nppes import Bad, Listed, opened, read
from leads.providers.store import Stored, store

BATCH = 10_000
SHOWN = 5


class BadLines:
    """The lines that could not be read: all in a file beside the one being read, the first few on the screen."""

    def __init__(self, source: Path, spare: Path) -> None:
        # The download may lie where nobody may write; then the data folder takes the report.
        folder = source.parent if os.access(source.parent, os.W_OK) else spare
        self.path = folder / f"{source.name}.bad-lines.txt"
        self.count = 0
        self._file: IO[str] | None = None

    def add(self, bad: Bad) -> None:
        """Write one down."""
        self.count += 1
        words = f"line {bad.line}: {bad.why}"
        if self.count <= SHOWN:
            err.print(words, markup=False)
        self._file = self._file or self.path.open("w", encoding="utf-8")
        self._file.write(words + "\n")

    def close(self) -> None:
        """Finish the file, if there is one."""
        if self._file:
            self._file.close()


@providers.command(name="import")
def import_registry(
    file: Annotated[Path, typer.Argument(help="npidata_pfile_….csv, or the zip it comes in (download.cms.gov/nppes/NPI_Files.html).")],
    state: Annotated[
        list[str] | None, typer.Option(help="Keep only practices in this state, such as CT; may be given several times.")
    ] = None,
    data_dir: DataDir = VAR,
    as_json: AsJson = False,
) -> None:
    """Bring the registry up to NPPES's monthly or weekly file. Again, or after a break, it only adds what is missing."""
    attach(data_dir)
    states = sorted({each.strip().upper() for each in state or ()})
    bad = BadLines(file, data_dir)
    try:
        lines, stored = _import(file, states, bad)
    except OSError as error:
        refuse(f"{error.filename or file} cannot be used: {error.strerror or error}.")
    finally:
        bad.close()
    with transaction() as session:
        refreshed = refresh_from_registry(session, actor=operator())
        record_about(session, "registry.imported", "npi_registry", None, actor=operator(), lines=lines, bad=bad.count, **asdict(stored))
    _report(lines, stored, bad, refreshed, as_json=as_json)


def _import(file: Path, states: list[str], bad: BadLines) -> tuple[int, Stored]:
    lines, stored = 0, Stored()
    with opened(file) as (stream, size), _progress() as progress:
        bar = progress.add_task("lines", total=size)
        found = read(stream, states=states)
        # A transaction a batch: memory stays flat, and a break loses at most the batch at hand.
        while batch := list(islice(found, BATCH)):
            lines += len(batch)
            stored += _keep(batch, bad)
            _advance(progress, bar, stream, lines)
    return lines, stored


def _keep(batch: list[Listed | Bad], bad: BadLines) -> Stored:
    for line in batch:
        if isinstance(line, Bad):
            bad.add(line)
    with transaction() as session:
        return store(session, [line for line in batch if isinstance(line, Listed)])


def _advance(progress: Progress, bar: TaskID, stream: IO[bytes], lines: int) -> None:
    progress.update(bar, completed=stream.tell(), description=f"{lines:,} lines")


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=err)


def _report(lines: int, stored: Stored, bad: BadLines, refreshed: int, *, as_json: bool) -> None:
    if lines and bad.count == lines:
        refuse(f"Not one of {lines:,} lines could be read; why stands in {bad.path}.")
    if as_json:
        print_json({"lines": lines, **asdict(stored), "bad": bad.count, "bad_lines_file": str(bad.path) if bad.count else None})
        return
    words = (
        f"{lines:,} lines: {stored.added:,} new, {stored.changed:,} changed, {stored.deactivated:,} deactivated, {stored.dropped:,} dropped"
    )
    out.print(f"{words}, {bad.count:,} could not be read" + (f" (see {bad.path})." if bad.count else "."), markup=False)
    if refreshed:
        out.print(f"{refreshed:,} clinicians who referred to us were brought up to it; what they said themselves stays.")
