"""What somebody told us about our mails, said back to them in sentences."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

from leads.clinic.profile import clinic
from leads.consent.history import Act
from leads.http.wording import Words


class Told(NamedTuple):
    """One sentence, and by what means it came to us."""

    at: datetime
    sentence: str
    through: str


def told(acts: Iterable[Act], words: Words) -> Iterator[Told]:
    """Yield what a person chose, act by act; one we have no words for is left out rather than shown as a code."""
    for act in acts:
        sentence = words.find(f"chosen.{_key(act)}")
        if sentence is None:
            continue
        facts = {"day": words.date(_day(act.at)), "topic": words.find(f"topics.{act.what.partition(':')[2]}") or ""}
        until = words.date(_day(datetime.fromisoformat(act.value))) if act.act == "rest" and act.value else ""
        yield Told(act.at, sentence.format(**facts, until=until), words.find(f"chosen.through_{_means(act)}") or "")


def _key(act: Act) -> str:
    what = act.what.partition(":")[0]
    return f"{act.act}_{what}_{act.value}" if act.act == "set" else f"{act.act}_{what}"


def _means(act: Act) -> str:
    return act.method if act.source == "confirmation" else act.source


def _day(moment: datetime) -> date:
    return moment.astimezone(clinic().office(None).zone).date()
