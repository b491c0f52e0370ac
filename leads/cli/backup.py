"""`handoff backup` and `handoff restore`: the database in one encrypted file, and back."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.filesize import decimal

from leads.backup.age import identities, recipients
from leads.backup.restore import Contents, Restored, holds_anything, inspect
from leads.backup.restore import restore as restore_from
from leads.backup.save import Saved, save
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.cli.sending import operator
from leads.errors import Conflict
from leads.local.alone import database_of

To = Annotated[
    list[str] | None,
    typer.Option("--to", metavar="RECIPIENT", help="Who may read it: an age recipient, age1…; several allowed. Else HANDOFF_BACKUP_TO."),
]
Identity = Annotated[Path, typer.Option("--identity", metavar="KEYFILE", help="The age identity it was encrypted to.")]
Over = Annotated[bool, typer.Option("--over", help="Replace what the database holds now, for good.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before replacing.")]
Check = Annotated[bool, typer.Option("--check", help="Only read the file to its last byte; no database is touched.")]


@app.command()
def backup(file: Path, to: To = None, data_dir: DataDir = VAR, as_json: AsJson = False) -> None:
    """Write the database to an encrypted file while everything goes on. The key ring is not in it: `handoff keyring export`."""
    with database_of(data_dir):
        saved = save(file, recipients(to or ()), actor=operator())
    if as_json:
        print_json({"file": saved.path, "made_at": saved.made_at, "bytes": saved.size, "rows": saved.rows})
    else:
        out.print(_of_backup(saved), markup=False)


@app.command()
def restore(
    file: Path,
    identity: Identity,
    over: Over = False,
    yes: Yes = False,
    check: Check = False,
    data_dir: DataDir = VAR,
    as_json: AsJson = False,
) -> None:
    """Bring a backup back, whole or not at all; nothing goes out before a person has looked and said so. Stop the system first."""
    held = identities(identity)
    if check:
        return _tell(_words_of(inspect(file, held)), f"{file} is whole.", as_json=as_json)
    with database_of(data_dir):
        if over and not yes and holds_anything():
            _confirm()
        done = restore_from(file, held, over=over, actor=operator())
    return _tell(_words_of(done.contents) | _words_of_restore(done), _of_restore(done), as_json=as_json)


def _confirm() -> None:
    if not typer.confirm("Everything the database holds now is replaced, for good. Go on?", err=True):
        raise Conflict("Nothing was changed.")


def _tell(words: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        return print_json(words)
    return out.print(f"{sentence} {sum(words['rows'].values()):,} rows, as of {_spoken(words['made_at'])}.", markup=False)


def _of_backup(saved: Saved) -> str:
    full = sorted(((count, name) for name, count in saved.rows.items() if count), reverse=True)
    most = ", ".join(f"{name} {count:,}" for count, name in full[:5])
    return (
        f"{saved.path}: {sum(saved.rows.values()):,} rows in {len(saved.rows)} tables ({most}), "
        f"{decimal(saved.size)}, as of {_spoken(saved.made_at)}.\n"
        f"Prove it now: handoff restore {saved.path} --identity KEYFILE --check\n"
        "The key ring is not in it, and without it nobody can read it: handoff keyring export FILE"
    )


def _of_restore(done: Restored) -> str:
    ring = "" if done.ring_fits else "The key ring here does not open it: handoff keyring import FILE --identity KEYFILE\n"
    waiting = f"{done.to_review} messages that were due wait under Sending in the console: none of them goes out by itself."
    lost = "What was written after the backup is not in it, opt-outs and bookings too. So sending is paused, whatever is due:"
    resume = "when somebody has looked, let mail go again under Sending in the console, or with `handoff resume-sending`."
    return f"{ring}{waiting}\n{lost}\n{resume}\nRestored:"


def _spoken(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _words_of(contents: Contents) -> dict[str, Any]:
    return {"made_at": contents.made_at, "revision": contents.revision, "rows": contents.rows}


def _words_of_restore(done: Restored) -> dict[str, Any]:
    return {"mark": done.mark, "to_review": done.to_review, "paused": True, "ring_fits": done.ring_fits}
