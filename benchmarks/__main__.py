"""`make bench`: runs every benchmark on an embedded PostgreSQL, prints a table, writes results.json; QUICK=1 is the short form."""

import json
import os
import sys
import tempfile
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


def main() -> int:
    """Run all, and return 1 when a figure misses what it must reach."""
    keys.make(settings().keyring_file)
    with embedded.postgres_server(DATA_DIR) as url, embedded.redis_server(DATA_DIR) as redis_url:
        os.environ |= {"DATABASE_URL": url, "REDIS_URL": redis_url}
        settings.cache_clear()
        migrate.upgrade(db.engine())
        stage = Stage(DATA_DIR, url, redis_url, quick=os.environ.get("QUICK") == "1", long=os.environ.get("LONG") == "1")
        rows = [row for part in wanted() for row in part.rows(stage)]
        db.engine().dispose()
    keep(rows)
    Console(width=140).print(_table(rows))
    return int(not all(row.ok for row in rows))


def wanted() -> list[Any]:
    """Return the parts that are named on the command line, or all."""
    return [PARTS[name] for name in sys.argv[1:] or PARTS]


def keep(rows: list[Row]) -> None:
    """Write the results; what was not measured this time (the long form's rows, most often) stays as it was."""
    measured = {(row.name, row.against): row.as_json() for row in rows}
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    merged = {(row["name"], row["against"]): row for row in kept} | measured
    RESULTS.write_text(json.dumps(list(merged.values()), indent=1) + "\n")


def _table(rows: list[Row]) -> Table:
    table = Table("what", "value", "against", "ratio", "must", "aim", "spread")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.3g} ×"
        style = "" if row.ok else "bold red"
        table.add_row(row.name, f"{row.value:.3g} {row.unit}", row.against, ratio, f"{row.must:g}", f"{row.aim:g}", row.spread, style=style)
    return table


if __name__ == "__main__":
    sys.exit(main())
