"""The registry follows the files: again is a noop, newer wins, and who was deactivated or moved away is so."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from benchmarks.nppes import PLACE
from leads.providers.directory import listed, look_up
from leads.providers.store import Stored, store
from tests.providers.cast import ANA, BEN, line

pytestmark = pytest.mark.usefixtures("database")


def test_a_new_line_is_added(session: Session) -> None:
    assert store(session, [line(ANA)]) == Stored(added=1)
    entry = look_up(session, ANA)
    assert entry is not None
    assert (entry.full_name, entry.state, entry.taxonomy, entry.changed_on) == ("Ana Rivera", "CT", "2084P0800X", date(2026, 7, 21))


def test_the_same_batch_again_changes_nothing(session: Session) -> None:
    store(session, [line(ANA), line(BEN)])
    assert store(session, [line(ANA), line(BEN)]) == Stored()


def test_a_later_line_changes_what_we_have(session: Session) -> None:
    store(session, [line(ANA)])
    later = line(ANA, {f"{PLACE} City Name": "HARTFORD", "Last Update Date": "08/01/2026"})
    assert store(session, [later]) == Stored(changed=1)


def test_an_older_file_undoes_nothing(session: Session) -> None:
    store(session, [line(ANA)])
    older = line(ANA, {f"{PLACE} City Name": "HARTFORD", "Last Update Date": "01/01/2020"})
    assert store(session, [older]) == Stored()


def test_of_two_lines_for_one_npi_the_later_counts(session: Session) -> None:
    early = line(ANA, {"Provider First Name": "ANNA", "Last Update Date": "01/01/2020"})
    assert store(session, [line(ANA), early]) == Stored(added=1)
    entry = look_up(session, ANA)
    assert entry is not None
    assert entry.given_name == "ANA"


def test_a_deactivated_clinician_keeps_the_name(session: Session) -> None:
    store(session, [line(ANA)])
    gone = line(ANA, {"NPI Deactivation Date": "08/01/2026"}, blank=True)
    assert [store(session, [gone]), store(session, [gone])] == [Stored(deactivated=1), Stored()]
    entry = look_up(session, ANA)
    assert entry is not None
    assert (entry.full_name, entry.deactivated_on) == ("Ana Rivera", date(2026, 8, 1))


def test_a_reactivated_clinician_is_active_again(session: Session) -> None:
    dates = {"NPI Deactivation Date": "08/01/2026", "NPI Reactivation Date": "09/01/2026"}
    store(session, [line(ANA, {"NPI Deactivation Date": "08/01/2026"}, blank=True)])
    assert store(session, [line(ANA, dates)]) == Stored(changed=1)


def test_who_is_outside_is_not_added_and_who_moved_away_is_dropped(session: Session) -> None:
    store(session, [line(ANA)])
    moved = line(ANA, {f"{PLACE} State Name": "NY", "Last Update Date": "08/01/2026"}, states=("CT",))
    elsewhere = line(BEN, {f"{PLACE} State Name": "NY"}, states=("CT",))
    assert store(session, [moved, elsewhere]) == Stored(dropped=1)
    assert listed(session) == 0
