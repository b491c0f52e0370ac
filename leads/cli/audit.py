"""`handoff audit`: whether the record of who did and saw what is as it was written."""

import typer

from leads import db
from leads.audit.seal import Verdict
from leads.audit.seal import verify as verify_chain
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json, refuse
from leads.local import attach

audit = typer.Typer(help="The audit trail.", no_args_is_help=True)
app.add_typer(audit, name="audit")


@audit.callback()
def _group() -> None:
    """The audit trail."""


@audit.command()
def verify(data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """Walk the chain of seals from its start; exit 1 names the first entry that was changed or removed."""
    attach(data_dir)
    with db.transaction() as session:
        found = verify_chain(session)
    if as_json:
        print_json({"holds": found.holds, "sealed": found.sealed, "unsealed": found.unsealed, "first_bad": found.first_bad})
    elif found.holds:
        out.print(f"The chain holds: {found.sealed} entries are as they were written. {_tail(found)}", markup=False)
    if not found.holds:
        words = f"The chain is broken at entry {found.first_bad}: it, or its seal, was changed or removed."
        refuse(f"{words} The {found.sealed} entries before it hold. {_tail(found)}")


def _tail(found: Verdict) -> str:
    return f"{found.unsealed} newer entries wait for their seal." if found.unsealed else "None waits for its seal."
