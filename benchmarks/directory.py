"""The directory of providers: NPPES's file read in bounded memory, and a look-up while somebody types."""

import csv
import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from sqlalchemy import text

from benchmarks.measure import Row, at_least, at_most, seconds
from benchmarks.nppes import GIVEN, SYLLABLES, people, write
from benchmarks.stage import Stage
from config.settings import settings
from leads import db
from leads.providers.directory import choices

LOOK_UPS = 1_000


def rows(stage: Stage) -> Iterator[Row]:
    """Yield what an import of 500,000 lines costs (50,000 in the short form, 3,000,000 with LONG=1), and the look-ups on it."""
    count = 3_000_000 if stage.long else 50_000 if stage.quick else 500_000
    file = settings().handoff_data_dir / "npidata_pfile_bench.csv"
    write(file, count)
    took, peak = _import(file)
    bare = seconds(lambda: _copy_bare(file))
    file.unlink()
    rate, against = [(count / took, count / bare)], "csv.reader, and COPY into a bare table: nothing checked, merged or indexed"
    yield at_least(f"import of {count:,} NPPES lines", "lines/s", rate, against=against, must=0.1, aim=0.25)
    yield at_most(f"peak memory of that import ({took:.0f} s)", "MB", [peak], must=250, aim=150)
    rounds = 3 if stage.quick else 5
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE npi_registry"))
    yield at_most("look-up by NPI, p99", "ms", [_p99(_npis(count, seed)) for seed in range(rounds)], must=10, aim=2)
    yield at_most("look-up by name, p99", "ms", [_p99(_names(seed)) for seed in range(rounds)], must=10, aim=5)


def _import(file: Path) -> tuple[float, float]:
    """Return the seconds it took and the most memory it held, in MB."""
    command = [sys.executable, "-m", "leads.cli", "providers", "import", str(file), "--data-dir", str(settings().handoff_data_dir)]
    since = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the import failed"
    # Linux counts kilobytes here, macOS bytes.
    return time.perf_counter() - since, usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _copy_bare(file: Path) -> None:
    kept = itemgetter(0, 1, 4, 5, 6, 10, 28, 30, 31, 32, 34, 35, 37, 39, 40, 47)
    with db.transaction() as session, file.open(encoding="utf-8", newline="") as lines:
        session.execute(text(f"CREATE TEMP TABLE bare ({', '.join(f'c{number} text' for number in range(16))}) ON COMMIT DROP"))
        connection = session.connection().connection.driver_connection
        assert connection is not None
        with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
            for fields in csv.reader(lines):
                copy.write_row(kept(fields))


def _p99(typed: Iterator[str]) -> float:
    with db.transaction() as session:
        choices(session, "warm")
        took = sorted(seconds(lambda what=what: choices(session, what)) for what in itertools.islice(typed, LOOK_UPS))  # type: ignore[misc]
    return took[int(len(took) * 0.99)] * 1000


def _npis(count: int, seed: int) -> Iterator[str]:
    known = [row["NPI"] for row in itertools.islice(people(count), 0, 10_000, 7)]
    draw = random.Random(seed)
    return (draw.choice(known) for _ in itertools.count())


def _names(seed: int) -> Iterator[str]:
    """Yield what somebody types: a few letters, a family name, both names in either order, an organisation's, nobody's."""
    draw = random.Random(seed)
    for kind in itertools.cycle(range(6)):
        family, given = "".join(draw.choices(SYLLABLES, k=3)), draw.choice(GIVEN)
        typed = (family[:2], family, f"{family} {given[0]}", f"{given} {family[:3]}", f"{family} Medical", f"Zz{family}")
        yield typed[kind].title()
