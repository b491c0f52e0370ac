"""Workers die, freeze and race, and clocks go wrong, each in its bounded form: the mails received are the mails expected."""

import pytest

from tests.faults import deaths, times
from tests.faults.house import House
from tests.faults.table import Fault, Impossible, from_modules, inflict

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("fault", from_modules(deaths, times), ids=str)
def test_nothing_is_lost_doubled_late_or_leaked(house: House, fault: Fault) -> None:
    try:
        result = inflict(house, fault)
    except Impossible as why:
        pytest.skip(str(why))
    assert result.holds, result.complaint
