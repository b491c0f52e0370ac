"""Every fault there is."""

from tests.faults import answers, deaths, people, servers, times  # noqa: F401
from tests.faults.table import FAULTS

__all__ = ["FAULTS"]
