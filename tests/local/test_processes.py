"""Children are started again when they die, and ended when they don't."""

import json
import sys
import time
from pathlib import Path

import psutil

from leads.local.processes import Child, Household, end_leftovers

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def test_one_that_dies_waits_before_it_starts_again(tmp_path: Path) -> None:
    household, said = Household(tmp_path / "children.json"), []
    child = Child("short", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log")
    household.start(child)
    while child.is_running:
        time.sleep(0.01)
    household.mind(said.append)
    household.mind(said.append)
    assert len(said) == 1
    assert "exit 3" in said[0]
    assert child.wait == 2


def test_one_that_will_not_end_is_killed(tmp_path: Path) -> None:
    household = Household(tmp_path / "children.json")
    child = Child("stubborn", STUBBORN, tmp_path / "log")
    household.start(child)
    while "up" not in child.last_words():
        time.sleep(0.01)
    household.stop(within=0.3)
    assert not child.is_running


def test_leftovers_are_ended_only_when_they_are_the_same_process(tmp_path: Path) -> None:
    household = Household(tmp_path / "children.json")
    child = Child("sleeper", SLEEPER, tmp_path / "log")
    household.start(child)
    assert child.process
    record = json.loads(household.record.read_text())
    household.record.write_text(json.dumps([each | {"born": each["born"] - 100} for each in record]))
    assert end_leftovers(household.record) == 0
    assert child.is_running
    household.record.write_text(json.dumps(record))
    assert end_leftovers(household.record) == 1
    assert not psutil.pid_exists(child.process.pid) or not child.is_running
