"""`handoff users`: staff accounts are made, listed, given another password and disabled here."""

import secrets
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from leads.accounts.models import ROLES, Account
from leads.accounts.staff import all_accounts, change_password, create_account, disable_account, find_account
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.db import transaction
from leads.local import attach

users = typer.Typer(help="Staff accounts: who may sign in to the console.", no_args_is_help=True)
app.add_typer(users, name="users")

Email = Annotated[str, typer.Argument(help="The address they sign in with.")]
Ask = Annotated[bool, typer.Option("--ask-password", help="Type the password instead of having one made.")]


@users.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="The name colleagues see.")],
    role: Annotated[list[str], typer.Option(help=f"Several allowed: {', '.join(ROLES)}.")],
    ask_password: Ask = False,
    data_dir: DataDir = VAR,
) -> None:
    """Make an account; its password is printed once, last on its line."""
    attach(data_dir)
    password = _password(ask_password)
    with transaction() as session:
        create_account(session, email=email, name=name, password=password, roles=role)
    out.print(f"{email} may sign in at /console", markup=False)
    _show(password, ask_password)


@users.command(name="list")
def show(as_json: AsJson = False, data_dir: DataDir = VAR) -> None:
    """Show every account, the oldest first."""
    attach(data_dir)
    with transaction() as session:
        accounts = [_row(account) for account in all_accounts(session)]
    if as_json:
        return print_json(accounts)
    table = Table("e-mail", "name", "roles", "state", box=None)
    for each in accounts:
        state = "disabled" if each["disabled_at"] else "active"
        table.add_row(escape(str(each["email"])), escape(str(each["name"])), ", ".join(each["roles"]), state)
    return out.print(table)


@users.command()
def disable(email: Email, data_dir: DataDir = VAR) -> None:
    """Close an account and sign it out everywhere; what it did stays on record."""
    attach(data_dir)
    with transaction() as session:
        disable_account(session, find_account(session, email))
    out.print(f"{email} is disabled and signed out everywhere.", markup=False)


@users.command()
def password(email: Email, ask_password: Ask = False, data_dir: DataDir = VAR) -> None:
    """Give an account another password and sign it out everywhere."""
    attach(data_dir)
    new = _password(ask_password)
    with transaction() as session:
        change_password(session, find_account(session, email), new)
    out.print(f"{email} has another password and is signed out everywhere.", markup=False)
    _show(new, ask_password)


def _password(is_asked: bool) -> str:
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True)) if is_asked else secrets.token_urlsafe(15)


def _show(made: str, is_asked: bool) -> None:
    if not is_asked:
        out.print(f"password {made}", markup=False)


def _row(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "roles": account.roles,
        "created_at": account.created_at,
        "disabled_at": account.disabled_at,
    }
