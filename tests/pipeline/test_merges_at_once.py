"""Merges at the same moment, and a merge while somebody moves a lead: one after the other, and nobody waits for ever."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from leads.db import lock, transaction
from leads.errors import Conflict
from leads.people import suggest
from leads.people.match import suggest_merge
from leads.people.models import Merge, MergeSuggestion
from leads.pipeline.find import locked
from leads.pipeline.models import Lead
from leads.pipeline.unite import hold, separate, unite
from tests.cast import ACTOR, make_confirmed_person, make_lead

pytestmark = pytest.mark.committed
NAMES = ("ana", "anna", "annie")


@pytest.fixture
def leads(database: None, tuesday: object) -> list[Lead]:
    """Three leads of three who may be one."""
    with transaction() as session:
        return [make_lead(session, make_confirmed_person(session, email=f"{name}@example.com")) for name in NAMES]


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do all at the same moment; returns what came of each, in no order."""
    ready = threading.Barrier(len(acts))

    def go(act: Callable[[], object]) -> str:
        ready.wait(5)
        try:
            act()
        except Conflict as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as hands:
        return sorted(each.result(20) for each in [hands.submit(go, act) for act in acts])


def merging(kept: Lead, other: Lead) -> Callable[[], None]:
    def act() -> None:
        with transaction() as session:
            unite(session, kept.person_id, other.person_id, actor=ACTOR)

    return act


def deciding(pair_id: uuid.UUID, *people: uuid.UUID) -> Callable[[], None]:
    """As the page does it: the two are held, then the pair, and the pair is merged."""

    def act() -> None:
        with transaction() as session:
            hold(session, *people)
            pair = suggest.waiting(session, pair_id)
            unite(session, pair.person_id, pair.other_id, actor=ACTOR)

    return act


def test_two_merges_crosswise_are_one_and_a_refusal(leads: list[Lead]) -> None:
    assert at_once(merging(leads[0], leads[1]), merging(leads[1], leads[0])) == ["done", "not_allowed_now"]
    with transaction() as session:
        assert len(session.scalars(select(Merge.id)).all()) == 1


def test_two_pairs_that_share_a_person_are_decided_one_after_the_other(leads: list[Lead]) -> None:
    with transaction() as session:
        for one, two in ((0, 1), (1, 2)):
            suggest_merge(session, leads[one].person_id, leads[two].person_id, why="phone")
        pairs = [(pair.id, pair.person_id, pair.other_id) for pair in session.scalars(select(MergeSuggestion))]
    answers = at_once(*(deciding(*pair) for pair in pairs))
    assert answers in (["done", "done"], ["done", "not_allowed_now"])


@pytest.mark.parametrize("apart", [False, True], ids=["merged", "taken-apart"])
def test_a_colleague_moves_the_lead_meanwhile(leads: list[Lead], apart: bool) -> None:
    made: list[Any] = []
    with transaction() as session:
        made += [unite(session, leads[0].person_id, leads[1].person_id, actor=ACTOR).id] if apart else []

    def colleague() -> None:
        with transaction() as session:
            # As every move does: the lead, and then its person.
            lead = locked(session, leads[1].id)
            threading.Event().wait(0.3)
            lock(session, "person", lead.person_id)

    def take_apart() -> None:
        with transaction() as session:
            separate(session, made[0], actor=ACTOR)

    assert at_once(colleague, take_apart if apart else merging(leads[0], leads[1])) == ["done", "done"]
