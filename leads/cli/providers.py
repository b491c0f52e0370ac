"""`handoff providers`: who refers, looked up and listed, and verified by a call."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.orm import Session

from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json, refuse
from leads.cli.sending import operator
from leads.db import transaction
from leads.errors import Conflict, Invalid, NotFound
from leads.local import attach
from leads.providers.directory import all_providers, claim_of, listed, look_up, practice_called, provider_of, search, waiting
from leads.providers.know import Said, know
from leads.providers.models import Claim, Practice, Provider
from leads.providers.npi import wrong_npi
from leads.providers.practices import make_practice
from leads.providers.registry import RegistryEntry
from leads.providers.trust import Call, trust
from leads.providers.verify import accept

providers = typer.Typer(help="Referring clinicians: the public registry, and who is believed.", no_args_is_help=True)
app.add_typer(providers, name="providers")

OptionalName = Annotated[str | None, typer.Option("--practice", help="The practice you called, by name or id.")]
Read = Annotated[str | None, typer.Option("--email", help="The address they confirmed when you read it back: it goes on file.")]


@providers.command()
def find(
    who: Annotated[str, typer.Argument(metavar="NAME|NPI", help="Ten digits, or the beginning of a name.")],
    state: Annotated[str | None, typer.Option(help="Show those of this state first; the clinic's own by default.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=20)] = 10,
    data_dir: DataDir = VAR,
    as_json: AsJson = False,
) -> None:
    """Look somebody up in the public registry; exit 1 where nobody is found."""
    attach(data_dir)
    with transaction() as session:
        found = _find(session, who.strip(), state, limit)
    if as_json:
        print_json([_entry(entry) for entry in found])
    elif found:
        out.print(_found(found))
    else:
        refuse("Nobody in the registry has such a name. `handoff providers import` brings it up to date.")


@providers.command(name="list")
def show(
    only_waiting: Annotated[bool, typer.Option("--waiting", help="Only those somebody has to call.")] = False,
    data_dir: DataDir = VAR,
    as_json: AsJson = False,
) -> None:
    """List the clinicians on file; with --waiting, the submissions of those nobody has called yet."""
    attach(data_dir)
    with transaction() as session:
        rows = [_claim(session, claim) for claim in waiting(session)] if only_waiting else [_row(*each) for each in all_providers(session)]
    if as_json:
        print_json(rows)
    elif rows:
        out.print(_table(rows))
    else:
        out.print("Nobody waits for a call." if only_waiting else "Nobody is on file yet; --waiting shows who wrote and has to be called.")


@providers.command()
def verify(
    who: Annotated[str, typer.Argument(metavar="NPI|ID", help="An NPI, or an id that `handoff providers list` shows.")],
    called: Annotated[str, typer.Option(help="The number you called.")],
    answered_by: Annotated[str, typer.Option(help="Who answered.")],
    listed_in: Annotated[str, typer.Option(help="Where that number is listed, other than in what was sent in.")],
    practice: OptionalName = None,
    email: Read = None,
    data_dir: DataDir = VAR,
) -> None:
    """Record the call by which we came to believe a referrer."""
    attach(data_dir)
    call = Call(called, answered_by, listed_in)
    with transaction() as session:
        at = _practice(session, practice, called) if practice else None
        provider = _verified(session, who, call, at, email)
        name, on_file = provider.full_name, provider.email is not None
    words = "with an e-mail address on file" if on_file else "no e-mail address is on file: read one back and give it as --email"
    out.print(f"{name} is verified, {words}.", markup=False)


def _verified(session: Session, who: str, call: Call, practice: Practice | None, email: str | None) -> Provider:
    claims = [claim] if (claim := claim_of(session, who)) else waiting(session, npi=who)
    if len(claims) > 1:
        raise Conflict(
            f"{len(claims)} submissions wait under {who}: give the id of the one you called about (handoff providers list --waiting)."
        )
    if claims:
        return accept(session, claims[0], call, practice=practice, email=email, actor=operator())
    if practice is not None:
        return accept(session, _entered(session, who), call, practice=practice, email=email, actor=operator())
    provider = provider_of(session, who)
    if owner := session.get(Practice, provider.practice_id):
        trust(session, owner, method="call", call=call, actor=operator())
    trust(session, provider, method="call", call=call, email=email, actor=operator())
    return provider


def _entered(session: Session, npi: str) -> Claim:
    if wrong := wrong_npi(npi):
        raise Invalid(wrong.message, errors=(wrong,))
    entry = look_up(session, npi)
    if entry is None or entry.deactivated_on:
        raise NotFound(f"The registry has no active entry {npi}: take somebody who has referred (handoff providers list).")
    name = entry.family_name or entry.organization or npi
    return know(session, Said(family_name=name, npi=npi), channel="staff", actor=operator()).claim


def _practice(session: Session, which: str, number: str) -> Practice:
    return practice_called(session, which) or make_practice(session, which, phone=number, actor=operator())


def _find(session: Session, who: str, state: str | None, limit: int) -> Sequence[RegistryEntry]:
    if not who.isdigit():
        return search(session, who, state=state, limit=limit)
    if wrong := wrong_npi(who):
        raise Invalid(wrong.message, errors=(wrong,))
    entry = look_up(session, who)
    if entry is None:
        raise NotFound(f"The registry has no NPI {who}: {listed(session):,} are in it. `handoff providers import` brings it up to date.")
    return [entry]


def _found(entries: Sequence[RegistryEntry]) -> Table:
    table = Table("NPI", "Name", "Credential", "Place", "Phone", "", box=None)
    for entry in entries:
        place = " ".join(part for part in (entry.city, entry.state) if part)
        gone = f"deactivated {entry.deactivated_on}" if entry.deactivated_on else ""
        table.add_row(entry.npi, *(escape(text or "") for text in (entry.full_name, entry.credential, place, entry.phone)), gone)
    return table


def _entry(entry: RegistryEntry) -> dict[str, Any]:
    columns = [column.name for column in RegistryEntry.__table__.columns if not column.name.endswith("_first")]
    return {name: getattr(entry, name) for name in columns}


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(*(title.replace("_", " ") for title in rows[0]), box=None)
    for row in rows:
        table.add_row(*(escape("" if value is None else str(value)) for value in row.values()))
    return table


def _row(provider: Provider, practice: Practice) -> dict[str, Any]:
    return {
        "id": provider.id,
        "npi": provider.npi,
        "name": provider.full_name,
        "practice": practice.name,
        "practice_id": practice.id,
        "verified": provider.verified_at.date() if provider.verified_at else None,
        "email_on_file": provider.email is not None,
        "notify": provider.notify,
    }


def _claim(session: Session, claim: Claim) -> dict[str, Any]:
    said = claim.said or {}
    entry = look_up(session, said.get("npi", ""))
    return {
        "id": claim.id,
        "npi": said.get("npi"),
        "typed_name": " ".join(said[part] for part in ("given_name", "family_name") if part in said),
        "registry_name": entry.full_name if entry else None,
        "typed_practice": said.get("practice"),
        "registry_phone": entry.phone if entry else None,
        "since": claim.at.isoformat(timespec="minutes"),
    }
