"""What a simulation says beforehand is what is sent, step by step, to the minute and to the word; and planning again changes nothing."""

from collections.abc import Sequence as Several
from datetime import UTC, datetime

import pytest
from hypothesis import given
from sqlalchemy.orm import Session

from leads.clock import now
from leads.sequences.definitions import Sequence
from leads.sequences.plan import PlannedStep
from leads.sequences.read_ahead import read_for_lead
from leads.sequences.replan import Diff, replan
from leads.sequences.simulate import simulate_lead
from tests.sequences.conftest import make_sequence
from tests.sequences.lived import Lived, begun
from tests.sequences.worlds import Life, definitions, lives, some


def foretold(lived: Lived, steps: Several[PlannedStep]) -> list[tuple[str, int, object, str]]:
    going = [step for step in steps if step.template and not step.skip]
    read = read_for_lead(lived.session, lived.lead.id, "story", going)
    return sorted((step.step, step.occurrence, step.due_at, mail.subject) for step, mail in zip(going, read, strict=True) if mail)


@some
@given(definitions(), lives())
def test_what_was_simulated_is_sent(session: Session, sequence: Sequence, life: Life) -> None:
    with begun(session, sequence, life) as lived:
        expected = foretold(lived, simulate_lead(session, lived.lead.id, "story", stage=lived.lead.stage, assume=life.events))
        for _ in lived.live():
            pass
        assert lived.sent() == expected


MAIL = {"template": "how-ketamine-works", "lane": "reminder", "useful_for": "20 days"}


@pytest.mark.parametrize(
    ("steps", "caps", "events"),
    [
        # A reply lets the call go that somebody was to make, and what waited for it goes on from there.
        ([{"todo": "call", "wait": "0 days", "stops_on": ["reply"]}, {**MAIL, "wait": "0 days"}], (2, 5), ("replies on day 1",)),
        # What a cap put off to an earlier day than the rest ends goes when the rest does.
        ([{**MAIL, "wait": "0 days"}, {**MAIL, "wait": "26 hours"}], (1, 1), ("replies on day 3",)),
        # Whoever is at another stage was spoken with: the call is done, and what waited for it is counted from there.
        ([{"todo": "call", "wait": "0 days"}, {**MAIL, "wait": "0 days"}], (2, 5), ("moves to screening on day 1",)),
        ([{"todo": "call", "wait": "0 days"}, {**MAIL, "wait": "0 days"}], (2, 5), ("books on day 1 for day 9",)),
        ([{"todo": "call", "wait": "0 days"}, {**MAIL, "wait": "0 days"}], (2, 5), ("books on day 1",)),
        # Whose booked visit is called off is among the qualified again, and so is done what waits for just that.
        (
            [{"todo": "look", "wait": "0 days", "stops_on": ["stage:qualified"]}, {**MAIL, "wait": "0 days"}],
            (2, 5),
            ("books on day 1 for day 9", "cancels the visit on day 2"),
        ),
    ],
)
def test_a_life_that_was_foretold_wrong_once(
    session: Session, steps: list[dict[str, object]], caps: tuple[int, int], events: tuple[str, ...]
) -> None:
    sequence = make_sequence(*({"key": f"step-{place}", **step} for place, step in enumerate(steps)))
    life = Life(datetime(2026, 12, 20, 15, 7, tzinfo=UTC), "woodbury", None, True, caps, events)
    with begun(session, sequence, life) as lived:
        expected = foretold(lived, simulate_lead(session, lived.lead.id, "story", stage="new", assume=life.events))
        for _ in lived.live():
            pass
        assert len(expected) == sum("template" in step for step in steps)
        assert lived.sent() == expected


@some
@given(definitions(), lives())
def test_planning_again_at_any_moment_changes_nothing(session: Session, sequence: Sequence, life: Life) -> None:
    with begun(session, sequence, life) as lived:
        for _ in lived.live():
            replan(session, lived.enrolment, actor="system")
            again = replan(session, lived.enrolment, actor="system")
            assert again == Diff(unchanged=again.unchanged), now()
