"""What a simulation says beforehand is what is sent, step by step, to the minute and to the word; and planning again changes nothing."""

from collections.abc import Sequence as Several

from hypothesis import given
from sqlalchemy.orm import Session

from leads.clock import now
from leads.sequences.definitions import Sequence
from leads.sequences.plan import PlannedStep
from leads.sequences.read_ahead import read_for_lead
from leads.sequences.replan import Diff, replan
from leads.sequences.simulate import simulate_lead
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


@some
@given(definitions(), lives())
def test_planning_again_at_any_moment_changes_nothing(session: Session, sequence: Sequence, life: Life) -> None:
    with begun(session, sequence, life) as lived:
        for _ in lived.live():
            replan(session, lived.enrolment, actor="system")
            again = replan(session, lived.enrolment, actor="system")
            assert again == Diff(unchanged=again.unchanged), now()
