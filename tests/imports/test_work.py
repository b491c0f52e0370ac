"""The clock's work on imports: what is at fault is given up alone, and what nobody goes on with is thrown away."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.imports.models import Import, ImportLine
from leads.imports.prepare import begin, forget_old, keep
from leads.imports.work import STUMBLES, step, stumbled, under_way
from leads.people.models import Person
from leads.pipeline.begin import begin_lead
from tests.cast import ACTOR
from tests.imports.cast import ANA, BEN, CLEO, NOBODY, brought_in, rehearsed, sheet, states_of

pytestmark = pytest.mark.usefixtures("tuesday")
Advance = Callable[[timedelta], None]


def test_the_clock_brings_a_list_in_to_its_end(session: Session, redis_url: str) -> None:
    from tasks.imports import work_on_imports

    held = rehearsed(session, ANA, BEN)
    begin(session, held.id, actor=ACTOR)
    session.commit()
    work_on_imports()
    session.expire_all()
    assert (held.state, states_of(session, held)) == ("done", ["made", "made"])
    assert under_way(session) == []


def test_a_line_at_which_every_step_fails_is_given_up_alone(session: Session, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.imports import work_on_imports

    held = rehearsed(session, ANA, BEN, CLEO)
    begin(session, held.id, actor=ACTOR)
    session.commit()
    monkeypatch.setattr("leads.imports.bring_in.begin_lead", begin_or_fail)
    for _ in range(4 * STUMBLES):
        work_on_imports()
    session.expire_all()
    assert states_of(session, held) == ["made", "wrong", "made"]
    assert session.scalar(select(func.count()).select_from(Person)) == 2


def begin_or_fail(session: Session, person: Person, **more: str) -> object:
    """Begin a lead, but for Ben."""
    if person.given_name == "Ben":
        raise ZeroDivisionError
    return begin_lead(session, person, **more)


def test_a_stumble_makes_the_next_step_a_single_line(session: Session) -> None:
    held = rehearsed(session, ANA, BEN)
    begin(session, held.id, actor=ACTOR)
    stumbled(session, held.id)
    step(session, held.id)
    assert states_of(session, held) == ["made", "ready"]


def test_an_upload_nobody_goes_on_with_is_thrown_away_after_two_weeks(session: Session, tuesday: Advance) -> None:
    held = keep(session, "leads.csv", sheet(ANA), actor=ACTOR)
    tuesday(timedelta(days=13))
    assert forget_old(session) == 0
    tuesday(timedelta(days=2))
    assert forget_old(session) == 1
    assert (held.state, held.headings, session.scalar(select(func.count()).select_from(ImportLine))) == ("discarded", None, 0)


def test_what_the_lines_to_mend_say_is_forgotten_after_two_weeks(session: Session, tuesday: Advance) -> None:
    held = brought_in(session, ANA, NOBODY)
    tuesday(timedelta(days=15))
    assert (forget_old(session), forget_old(session)) == (1, 0)
    assert session.scalar(select(func.count()).where(ImportLine.cells_cell.is_not(None))) == 0
    assert session.get_one(Import, held.id).forgotten_at is not None
