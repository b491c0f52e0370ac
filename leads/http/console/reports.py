"""Reports: how far leads come, how long people wait for us, what became of each referrer's patients, what came of the sequences."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from leads.audit.trail import record_about
from leads.errors import NotFound
from leads.http.console import words
from leads.http.console.draw import draw
from leads.http.console.studio import Viewer
from leads.http.console.waiting import waiting
from leads.http.transaction import Db
from leads.reports import sequences as of_sequences
from leads.reports.csv_file import Cell, as_csv
from leads.reports.funnel import UNVERIFIED, WAY, By, Funnel, funnel
from leads.reports.period import Period
from leads.reports.referrers import STEPS, Cards, scorecards
from leads.reports.response_times import ALL, Waits, response_times
from leads.reports.sequences import sequence_outcomes
from leads.reports.suppress import SMALLEST, falls

router = APIRouter(prefix="/reports")
Name = Literal["funnel", "response-times", "referrers", "sequences"]
REPORTS: dict[Name, str] = {
    "funnel": "How far leads come",
    "response-times": "How long people wait for us",
    "referrers": "Those who refer",
    "sequences": "What came of the sequences",
}
GROUPS = ("within 1 hour", "1 to 4 hours", "4 to 24 hours", "on the 2nd day", "on the 3rd day", "4th to 7th day", "later")
SOURCES = {
    "inquiry:page": "Our page",
    "inquiry:embed": "The form on the clinic's site",
    "inquiry:api": "A connected system",
    "referral:form": "Referral on our page",
    "referral:portal": "Referral from the portal",
    "referral:api": "Referral from a connected system",
    "referral:fhir": "Referral from an EHR (FHIR)",
    "import": "A spreadsheet that was brought in",
}
COLUMNS = ("Began", "Mailed", "Answered", "Booked after", "Bounced")


def chosen_period(since: Annotated[str, Query(alias="from")] = "", to: str = "") -> Period:
    """Return the months an address names; raises Invalid."""
    return Period.read(since, to)


Chosen = Annotated[Period, Depends(chosen_period)]


@router.get("")
def begin(_staff: Viewer) -> Response:
    """Go to the first report."""
    return RedirectResponse("/console/reports/funnel", status_code=303)


@router.get("/{name}.csv")
def download(session: Db, staff: Viewer, period: Chosen, name: Name, by: By = "source") -> Response:
    """Send a report as a file; small numbers are left out of it as they are on the page."""
    headings, rows = FILES[name](session, period, by)
    record_about(session, "report.downloaded", "reports", None, actor=staff.actor, report=name, period=period.query)
    disposition = f'attachment; filename="{name}.csv"'
    return Response(as_csv(headings, rows), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


@router.get("/{name}")
def show(request: Request, session: Db, staff: Viewer, period: Chosen, name: str, by: By = "source") -> Response:
    """Show one report for a period."""
    report = next((each for each in REPORTS if each == name), None)
    if report is None:
        raise NotFound(f"There is no report {name}. There are {', '.join(REPORTS)}.")
    return draw(
        request,
        f"report_{report.replace('-', '_')}.html",
        staff=staff,
        tab="reports",
        waiting=waiting(session),
        reports=REPORTS,
        name=report,
        period=period,
        by=by,
        smallest=SMALLEST,
        found=FOUND[report](session, period, by),
        stages=[words.in_words(words.STAGES, stage) for stage in WAY],
        group_name=group_name,
        office=words.office_name,
        groups=GROUPS,
        columns=COLUMNS,
        falls=falls,
    )


def group_name(by: By, group: str) -> str:
    """Return the words for a row of the funnel."""
    if by == "office":
        return words.office_name(group)
    if by == "referrer":
        return "Not verified" if group == UNVERIFIED else group
    return SOURCES.get(group) or words.in_words({}, group.replace(":", ", "))


FOUND: dict[Name, Callable[[Session, Period, By], Funnel | Waits | Cards | of_sequences.Outcomes]] = {
    "funnel": lambda session, period, by: funnel(session, by, period),
    "response-times": lambda session, period, _: response_times(session, period),
    "referrers": lambda session, period, _: scorecards(session, period),
    "sequences": lambda session, period, _: sequence_outcomes(session, period),
}
File = tuple[Sequence[str], list[list[Cell]]]


def _funnel_file(session: Session, period: Period, by: By) -> File:
    found = funnel(session, by, period)
    stages = [words.in_words(words.STAGES, stage) for stage in WAY]
    rows: list[list[Cell]] = [[group_name(by, group), *counts] for group, counts in found.rows.items()]
    return [by.capitalize(), *stages], [*rows, ["All", *found.totals]]


def _waits_file(session: Session, period: Period, _: Any) -> File:
    found = response_times(session, period)
    named = {office: "All" if office == ALL else words.office_name(office) for office in found.by_office}
    rows: list[list[Cell]] = [[named[office], *wait] for office, wait in found.by_office.items()]
    return ["Office", "Leads", "Median hours", "Nine in ten within hours", "Promises kept, %"], rows


def _cards_file(session: Session, period: Period, _: Any) -> File:
    found = scorecards(session, period)
    steps = [f"{step.capitalize()}" for step in STEPS]
    rows: list[list[Cell]] = [[card.name, card.practice, card.sent, *card.came, *card.days] for card in found.cards]
    rows.append(["Not verified", "", *found.unverified, *["" for _ in STEPS]])
    return ["Clinician", "Practice", "Sent", *steps, *(f"Days to {step}" for step in STEPS)], [*rows, ["All", "", *found.totals]]


def _sequences_file(session: Session, period: Period, _: Any) -> File:
    found = sequence_outcomes(session, period)
    return ["Sequence", *COLUMNS], [[found.titles[key], *counts] for key, counts in found.rows.items()]


FILES: dict[Name, Callable[[Session, Period, By], File]] = {
    "funnel": _funnel_file,
    "response-times": _waits_file,
    "referrers": _cards_file,
    "sequences": _sequences_file,
}
