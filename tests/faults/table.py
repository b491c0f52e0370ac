"""The table of faults: each registers under its name, with how many messages it breaks in the bounded and in the long form."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from tests.faults.check import Finding, check, count
from tests.faults.house import House
from tests.faults.run import Run

Breaks = Callable[[Run, int], None]
FAULTS: dict[str, "Fault"] = {}


@dataclass(frozen=True)
class Fault:
    """What it does to a running system, and to how many messages."""

    name: str
    breaks: Breaks
    quick: int
    long: int
    # What another row covers as well is left out where every second counts.
    ci: bool = True

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Result:
    """A row of the table, and the line of each invariant."""

    row: dict[str, Any]
    findings: list[Finding]

    @property
    def holds(self) -> bool:
        """True when every invariant does."""
        return all(each.holds for each in self.findings)

    @property
    def lines(self) -> str:
        """A line for each invariant."""
        return "\n".join(map(str, self.findings))

    @property
    def complaint(self) -> str:
        """The lines of those that do not hold."""
        return "\n".join(str(each) for each in self.findings if not each.holds)


class Impossible(Exception):
    """This machine cannot be broken this way; the words say what is missing."""


def fault(name: str, *, quick: int, long: int, ci: bool = True) -> Callable[[Breaks], Breaks]:
    """Register a fault: a function that puts messages down (with `run.post`), breaks something, and returns when it is whole again."""

    def register(breaks: Breaks) -> Breaks:
        FAULTS[name] = Fault(name, breaks, quick, long, ci)
        return breaks

    return register


def from_modules(*modules: ModuleType) -> list[Fault]:
    """Return the faults of these modules that are tried where every second counts."""
    names = {module.__name__ for module in modules}
    return [each for each in FAULTS.values() if each.ci and each.breaks.__module__ in names]


def inflict(house: House, what: Fault, *, long: bool = False) -> Result:
    """Break a house in one way, wait until it has recovered, and judge; raises Impossible."""
    run = Run(house, long)
    what.breaks(run, what.long if long else what.quick)
    run.use_up_tokens()
    if house.wanted_workers() == {}:
        run.work()
    run.settle(within=600 if long else 60)
    time.sleep(0.1)
    house.scrape()
    evidence = run.evidence()
    measured = {"recovery_s": round(run.recovery(), 1), "strikes": len(run.struck_at())}
    return Result({"fault": what.name, **count(evidence), **measured}, check(evidence))
