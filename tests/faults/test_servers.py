"""Servers stop, disks fill, mail is refused, people say stop, each in its bounded form: the mails received are the mails expected."""

import pytest

from tests.faults import answers, people, servers
from tests.faults.house import House
from tests.faults.table import Fault, Impossible, from_modules, inflict

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("fault", from_modules(answers, people, servers), ids=str)
def test_nothing_is_lost_doubled_late_or_leaked(house: House, fault: Fault) -> None:
    try:
        result = inflict(house, fault)
    except Impossible as why:
        pytest.skip(str(why))
    assert result.holds, result.complaint
