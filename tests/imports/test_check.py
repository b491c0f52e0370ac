"""The dry run: it finds what is wrong and who it may be, and makes nobody."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from leads.errors import Invalid
from leads.imports.prepare import keep, rehearse
from leads.people.models import Person
from tests.cast import ACTOR, make_person
from tests.imports.cast import ANA, BEN, CLEO, MAPPING, NOBODY, lines_of, rehearse_again, rehearsed, sheet, states_of

pytestmark = pytest.mark.usefixtures("tuesday")


def test_a_dry_run_makes_nobody(session: Session) -> None:
    held = rehearsed(session, ANA, BEN, NOBODY)
    assert (held.state, states_of(session, held)) == ("checked", ["ready", "ready", "wrong"])
    assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_it_says_by_line_what_is_wrong(session: Session) -> None:
    (line,) = lines_of(session, rehearsed(session, NOBODY))
    assert [each["field"] for each in line.errors] == ["given_name", "email", "birth_date"]
    assert line.line == 2


def test_it_says_whose_consent_would_not_count(session: Session) -> None:
    lines = lines_of(session, rehearsed(session, ANA, BEN, CLEO))
    assert [[each["code"] for each in line.notices] for line in lines] == [[], ["no_mail"], ["no_grant"]]


def test_it_says_whom_we_may_know_and_which_lines_are_alike(session: Session) -> None:
    make_person(session)
    lines = lines_of(session, rehearsed(session, ANA, BEN, ANA, ("Luis", "Rivera", "", "203-555-0123", "", "", "", "", "")))
    assert [(line.state, line.suspects, line.twin, line.why) for line in lines] == [
        ("ready", 1, None, None),
        ("ready", 0, None, None),
        ("left-out", 1, 2, "same-line"),
        ("ready", 1, 2, None),
    ]


def test_another_mapping_begins_anew(session: Session) -> None:
    held = rehearsed(session, NOBODY, BEN)
    rehearse_again(session, held)
    assert states_of(session, held) == ["wrong", "ready"]


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"2": "email"}, "given_name"),
        ({"0": "given_name"}, "email"),
        (MAPPING | {"3": "email"}, "email"),
        ({"0": "given_name", "2": "email", "5": "contact"}, "consent_source"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_by_field(session: Session, mapping: dict[str, str], field: str) -> None:
    held = keep(session, "leads.csv", sheet(ANA), actor=ACTOR)
    with pytest.raises(Invalid) as refused:
        rehearse(session, held.id, mapping, office="woodbury", call_by="2026-10-20", leave_out_known=False, actor=ACTOR)
    assert refused.value.errors[0].field == field


@pytest.mark.parametrize("day", ["", "soon", "2026-10-05"])
def test_the_day_to_call_must_be_a_day_to_come(session: Session, day: str) -> None:
    held = keep(session, "leads.csv", sheet(ANA), actor=ACTOR)
    with pytest.raises(Invalid) as refused:
        rehearse(session, held.id, MAPPING, office="woodbury", call_by=day, leave_out_known=False, actor=ACTOR)
    assert refused.value.errors[0].field == "call_by"
