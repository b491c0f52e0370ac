"""`python -m tests.faults`: break a system in every way, print the table, write benchmarks/faults.json."""

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from config.settings import ROOT
from tests.faults.every import FAULTS
from tests.faults.house import House, open_house
from tests.faults.table import Impossible, inflict

RESULTS = ROOT / "benchmarks" / "faults.json"
COLUMNS = ("fault", "messages", "lost", "doubled", "unknown", "stale", "outside_window", "strikes", "recovery_s")
out = Console(width=120, highlight=False)


def main() -> int:
    """Return 0 when every invariant held under every fault."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--quick", action="store_true", help="the bounded form, under three minutes")
    asked.add_argument("--only", default="", help="faults whose name has these words")
    asked.add_argument("--to", type=Path, default=RESULTS, help="where the results are written")
    wishes = asked.parse_args()
    # Asked to end, it ends its servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    since, rows = time.monotonic(), list[dict[str, Any]]()
    with open_house() as house:
        house.start_web()
        # The big ones last: every check of the trail walks all of it, from its start.
        for name in sorted((name for name in FAULTS if wishes.only in name), key=lambda name: FAULTS[name].long):
            rows.append({"form": "quick" if wishes.quick else "long", **_one(house, name, long=not wishes.quick)})
            _keep(rows, wishes.to)
    _print(rows)
    failed, skipped = (sum(row["verdict"] == verdict for row in rows) for verdict in ("FAILS", "skipped"))
    out.print(f"{len(rows)} faults, {failed} with an invariant that failed, {skipped} skipped; {time.monotonic() - since:.0f} s")
    return int(failed > 0)


def _one(house: House, name: str, *, long: bool) -> dict[str, Any]:
    """Inflict one fault, print a line for each invariant, and return its row; one that is impossible here has no figures."""
    try:
        since = time.monotonic()
        result = inflict(house, FAULTS[name], long=long)
    except Impossible as why:
        out.print(f"skipped  {name}: {why}")
        return {**dict.fromkeys(COLUMNS), "fault": name, "verdict": "skipped"}
    verdict = "holds" if result.holds else "FAILS"
    out.print(f"{verdict}  {name}  {time.monotonic() - since:.1f} s\n{result.lines}")
    return {**result.row, "verdict": verdict}


def _keep(rows: list[dict[str, Any]], place: Path) -> None:
    """Write the rows so far beside those of earlier runs: the long form takes an hour, and may be cut off.

    A bounded run takes no long one's place; one that is skipped does, for what is not tried any more holds no more.
    """
    before = json.loads(place.read_text()) if place.exists() else []
    known = {(row["fault"], row["form"]): row for row in [*before, *rows] if row["fault"] in FAULTS}
    place.write_text(json.dumps(sorted(known.values(), key=lambda row: (row["fault"], row["form"])), indent=1) + "\n")


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(*COLUMNS)
    for row in rows:
        figures = [row["verdict"] if row[name] is None else str(row[name]) for name in COLUMNS]
        table.add_row(*figures, style="bold red" if row["verdict"] == "FAILS" else "")
    out.print(table)


if __name__ == "__main__":
    sys.exit(main())
