"""`handoff check`: is all that may be turned turned to something that works, and `handoff env`: what may be turned."""

import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings, SettingsError, settings
from leads import db
from leads.cli.root import VAR, AsJson, DataDir, app, err, out, print_json
from leads.clinic.profile import clinic
from leads.clinic.read_yaml import line_in
from leads.clinic.sender import found_in
from leads.errors import LeadsError
from leads.local import attach
from leads.loop.tell_referrer import RECEIVED
from leads.messages.approvals import unapproved
from leads.messages.carriers import known
from leads.messages.lint import lint_all
from leads.messages.mail_keys import key_faults
from leads.messages.templates import catalogue, claims
from leads.safety.oncall import good_for, roster
from leads.screening.questionnaire import definition
from leads.security.keys import ring
from leads.sequences.definitions import sequence_called, sequences

RATES = "rates: {per_second: 20, per_domain_per_second: 5}"
PLACEHOLDER = re.compile(r"\.test\b|\b555-01\d\d\b|\bexample\.(com|org|net)\b")


@app.command()
def check(
    data_dir: DataDir = VAR,
    production: Annotated[bool, typer.Option("--production", help="Also refuse what only a trial may have.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check settings, clinic, sequences and templates; needs no database. Exit 1 names every fault, with file and line."""
    attach(data_dir)
    faults = [*complaints(), *(production_faults() if production else ())]
    warned = [] if faults else list(warnings())
    if as_json:
        print_json({"ok": not faults, "faults": faults, "warnings": warned})
        raise typer.Exit(bool(faults))
    if faults:
        raise LeadsError("\n".join(faults))
    for warning in warned:
        err.print(warning, style="bold red", markup=False)
    out.print(f"settings, clinic, {len(sequences())} sequences and {len(catalogue())} templates: as they should be")


@app.command()
def env() -> None:
    """Print every setting with what it is for: the text of .env.example."""
    typer.echo(env_example(), nl=False)


def complaints() -> list[str]:
    """Return every fault of the configuration, one a line."""
    loads: tuple[Callable[[], Any], ...] = (
        settings,
        _pager,
        clinic,
        sequences,
        lambda: sequence_called(RECEIVED),
        catalogue,
        definition,
        known.carriers_in_use,
    )
    wrong = [fault for load in loads for fault in _fault_of(load)]
    return wrong or [*_sender_faults(), *lint_all()]


def _sender_faults() -> Iterator[str]:
    """Yield what an inbox would see of us that it must not, and what keeps us from signing."""
    here = settings()
    if told := found_in(urlsplit(here.public_url).hostname or ""):
        yield f"HANDOFF_PUBLIC_URL: “{told}” tells whoever sees a link what the mail is about; use a host that says nothing."
    if clinic().mail.discreet_url == here.public_url:
        at = f"{here.handoff_clinic_file}:{line_in(here.handoff_clinic_file, 'mail', 'discreet_url')}"
        yield f"{at}: mail.discreet_url: is HANDOFF_PUBLIC_URL again; name another host of this site, or leave it out."
    yield from key_faults()


def warnings() -> Iterator[str]:
    """Yield what works and is dangerous: said loudly, and refused in production."""
    here, ours = settings(), clinic().on_call
    if not ours.shifts:
        at = f"{here.handoff_clinic_file}:{line_in(here.handoff_clinic_file, 'on_call', 'shifts')}"
        yield f"{at}: on_call.shifts: NOBODY IS ON CALL. A disclosure of self-harm reaches only the console and the office's address."
    elif not ours.staffed:
        at = f"{here.handoff_clinic_file}:{line_in(here.handoff_clinic_file, 'on_call', 'staffed')}"
        yield f"{at}: on_call.staffed: is false; the forms do not ask about self-harm, but say whom to call."


def production_faults() -> Iterator[str]:
    """Yield what a real clinic must have changed first."""
    here = settings()
    if here.is_local:
        yield "HANDOFF_MODE: is local; set it to production."
    if not here.has_oidc and any((here.handoff_oidc_issuer, here.handoff_oidc_client_id, here.handoff_oidc_client_secret)):
        yield "HANDOFF_OIDC_ISSUER, HANDOFF_OIDC_CLIENT_ID, HANDOFF_OIDC_CLIENT_SECRET: set all three, or none."
    if here.has_oidc and not here.handoff_oidc_issuer.startswith("https://"):
        yield f"HANDOFF_OIDC_ISSUER: {here.handoff_oidc_issuer} is not https; whoever stands between could let themselves in."
    if not here.public_url.startswith("https://"):
        yield f"HANDOFF_PUBLIC_URL: {here.public_url} is not https; links in mails carry rights."
    for name in ("database_url", "redis_url"):
        if getattr(here, name) is None:
            yield f"{name.upper()}: is not set; the embedded servers are for trying."
    for number, line in enumerate(here.handoff_clinic_file.read_text().splitlines(), start=1):
        if not line.lstrip().startswith("#") and (found := PLACEHOLDER.search(line)):
            yield f"{here.handoff_clinic_file}:{number}: {found.group()} is a placeholder; put the clinic's own there."
    if not _fault_of(clinic) and clinic().mail.rates is None:
        at = f"{here.handoff_clinic_file}:{line_in(here.handoff_clinic_file, 'mail', 'rates')}"
        # A backlog sent as fast as the line takes it is what mail services suspend a sender for.
        yield f"{at}: mail.rates: is missing; ask your mail service how fast you may send, and write it as {RATES}."
    if not _fault_of(clinic) and (clinic().mail.discreet_url or "https:").startswith("http:"):
        at = f"{here.handoff_clinic_file}:{line_in(here.handoff_clinic_file, 'mail', 'discreet_url')}"
        yield f"{at}: mail.discreet_url: is not https; links in mails carry rights."
    if not _fault_of(clinic) and not clinic().on_call.shifts:
        at = f"{here.handoff_clinic_file}:{line_in(here.handoff_clinic_file, 'on_call', 'shifts')}"
        yield f"{at}: on_call.shifts: nobody is on call; say who is paged when somebody discloses self-harm, and in which order."
    if not _fault_of(known.carriers_in_use):
        yield from known.production_faults()
    for key, claim in claims().items():
        if claim.checked is None:
            yield f"config/facts.yml: {key} was never held against its source ({claim.source}); write the day under `checked`."
    yield from _fault_of(ring)
    yield from _unapproved()
    if not _fault_of(clinic) and clinic().on_call.shifts and here.database_url is not None:
        yield from _unreached()


def env_example() -> str:
    """Return every setting, commented out at its default, under its description."""
    lines = [
        "# Every setting, at its default. Copy to .env and uncomment what you change; the environment goes before this file,",
        "# and this file before one file a setting in HANDOFF_SECRETS_DIR (/run/secrets), named like it in small letters.",
        "",
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else str(field.default).removeprefix(f"{settings_root()}/")
        lines += [f"# {field.description}", f"#{name.upper()}={default}", ""]
    return "\n".join(lines[:-1]) + "\n"


def settings_root() -> str:
    """Return the folder the default paths begin with."""
    return str(Settings.model_fields["handoff_templates_dir"].default.parent)


def _pager() -> None:
    # Unsigned calls could be anybody's; a secret for nobody is a setting somebody forgot.
    if (settings().handoff_pager_url is None) != (settings().handoff_pager_secret is None):
        raise SettingsError("HANDOFF_PAGER_URL and HANDOFF_PAGER_SECRET: set both, or neither.")


def _unapproved() -> Iterator[str]:
    # What we ship with was approved by nobody of the clinic, so it counts in a trial only; what was is in the clinic's database.
    if settings().database_url is None:
        yield "approvals: they are in the database, and DATABASE_URL is not set; those we ship with serve a trial only."
        return
    try:
        with db.transaction() as session:
            yield from list(unapproved(session))
    except SQLAlchemyError as error:
        yield f"approvals: the database cannot be asked ({type(error).__name__}); those we ship with serve a trial only."


def _unreached() -> Iterator[str]:
    at = f"{settings().handoff_clinic_file}:{line_in(settings().handoff_clinic_file, 'on_call', 'shifts')}: on_call.shifts"
    try:
        with db.transaction() as session:
            people = roster(session).everybody
    except SQLAlchemyError:
        # The approvals have said already that the database cannot be asked.
        return
    for each in people:
        if each.account_id is None:
            yield f"{at}: {each.email} has no open account, so no page can go there; `handoff users create`."
        elif each.is_silent:
            yield f"{at}: {each.email} did not answer the test of {each.asked_at:%Y-%m-%d %H:%M} UTC; call, then `handoff oncall test`."
        elif not each.counts:
            yield f"{at}: {each.email} has answered no test in {good_for().days} days; `handoff oncall test`, and have it answered."


def _fault_of(load: Callable[[], Any]) -> list[str]:
    try:
        load()
    except (LeadsError, SettingsError) as error:
        return str(error).splitlines()
    return []
