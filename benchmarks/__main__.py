"""`make bench`: runs every benchmark on an embedded PostgreSQL, prints a table, writes results.json; QUICK=1 is short and only prints."""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DATA_DIR = Path(tempfile.mkdtemp(prefix="handoff-bench-"))
DATA_DIR.chmod(0o755)
os.environ |= {"HANDOFF_DATA_DIR": str(DATA_DIR), "HANDOFF_MODE": "local"}

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from benchmarks import claims, delivery, directory, intake, latency, leads, overhead, times  # noqa: E402
from benchmarks.measure import Row  # noqa: E402
from benchmarks.stage import Stage  # noqa: E402
from config.settings import settings  # noqa: E402
from leads import db, migrate  # noqa: E402
from leads.local import embedded  # noqa: E402
from leads.security import keys  # noqa: E402

PARTS: dict[str, Any] = {
    part.__name__.rpartition(".")[2]: part for part in (times, delivery, claims, latency, overhead, intake, directory, leads)
}
RESULTS = Path(__file__).parent / "results.json"
out = Console(width=140)


def main() -> int:
    """Run all, and return 1 when a figure misses what it must reach."""
    keys.make(settings().keyring_file)
    with embedded.postgres_server(DATA_DIR) as url, embedded.redis_server(DATA_DIR) as redis_url:
        os.environ |= {"DATABASE_URL": url, "REDIS_URL": redis_url}
        settings.cache_clear()
        migrate.upgrade(db.engine())
        stage = Stage(DATA_DIR, url, redis_url, quick=os.environ.get("QUICK") == "1", long=os.environ.get("LONG") == "1")
        since = time.monotonic()
        rows = [row for name in sys.argv[1:] or PARTS for row in _measure(name, stage)]
        db.engine().dispose()
    out.print(_table(rows))
    out.print(
        f"{len(rows)} figures, {sum(not row.ok for row in rows)} that miss what they must reach; {time.monotonic() - since:.0f} s in all"
    )
    return int(not all(row.ok for row in rows))


def _measure(name: str, stage: Stage) -> list[Row]:
    """Measure one part, say how long that took, and write down what was found: a run that is cut off keeps what it has."""
    since = time.monotonic()
    rows = list(PARTS[name].rows(stage))
    out.print(f"{name}: {time.monotonic() - since:.0f} s")
    # A short run would put one hasty round in the place of five.
    if not stage.quick:
        keep(name, rows, form="long" if stage.long else "full")
    return rows


def keep(part: str, rows: list[Row], *, form: str) -> None:
    """Write the rows of a part, each with when and at which commit; what another form measured stays until that runs again."""
    origin = {"part": part, "form": form, "date": datetime.now(UTC).date().isoformat(), "commit": _commit()}
    measured = {(row.name, row.against): row.as_json() | origin for row in rows}
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    # What this part measured before and does not measure any more would stand there for ever.
    kept = [row for row in known if (row["part"], row["form"]) != (part, form)]
    merged = {(row["name"], row["against"]): row for row in kept} | measured
    RESULTS.write_text(json.dumps(list(merged.values()), indent=1) + "\n")


def _commit() -> str:
    """Return the commit that was measured, with a plus where files were changed since; `unknown` outside a checkout."""
    asked = ["git", "-C", str(RESULTS.parent), "describe", "--always", "--dirty=+", "--exclude=*"]
    return subprocess.run(asked, capture_output=True, check=False, text=True).stdout.strip() or "unknown"


def _table(rows: list[Row]) -> Table:
    table = Table("what", "value", "against", "ratio", "must", "aim", "spread")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.3g} ×"
        style = "" if row.ok else "bold red"
        goals = ["" if goal is None else f"{goal:g}" for goal in (row.must, row.aim)]
        table.add_row(row.name, f"{row.value:.3g} {row.unit}", row.against, ratio, *goals, row.spread, style=style)
    return table


if __name__ == "__main__":
    sys.exit(main())
