"""`handoff users`: staff accounts are made, invited, listed, given other roles or another password, reset and disabled here."""

import secrets
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from leads.access.invite import invite as invite_by_mail
from leads.access.invite import invite_again
from leads.accounts.models import ROLES, Account
from leads.accounts.staff import (
    all_accounts,
    change_password,
    change_roles,
    create_account,
    disable_account,
    enable_account,
    find_account,
    reset_second_factor,
)
from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.db import transaction
from leads.local import attach

users = typer.Typer(help="Staff accounts: who may sign in to the console.", no_args_is_help=True)
app.add_typer(users, name="users")

Email = Annotated[str, typer.Argument(help="The address they sign in with.")]
Roles = Annotated[list[str], typer.Option("--role", help=f"Several allowed: {', '.join(ROLES)}.")]
Ask = Annotated[bool, typer.Option("--ask-password", help="Type the password instead of having one made.")]


@users.command()
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="The name colleagues see.")],
    role: Roles,
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


@users.command()
def invite(
    email: Email,
    name: Annotated[str, typer.Option(help="The name colleagues see; left out, an open invitation is mailed again.")] = "",
    role: Roles = [],  # noqa: B006
    data_dir: DataDir = VAR,
) -> None:
    """Invite somebody by e-mail: a link that works once, for three days."""
    attach(data_dir)
    with transaction() as session:
        if name or role:
            invite_by_mail(session, email=email, name=name, roles=role)
        else:
            invite_again(session, find_account(session, email))
    out.print(f"{email} is invited; the mail is on its way.", markup=False)


@users.command()
def roles(email: Email, role: Roles, data_dir: DataDir = VAR) -> None:
    """Give an account other roles in place of those it has; they count at once."""
    attach(data_dir)
    with transaction() as session:
        account = find_account(session, email)
        change_roles(session, account, role)
        held = ", ".join(account.roles)
    out.print(f"{email} is now: {held}", markup=False)


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
        state = "disabled" if each["disabled_at"] else "invited" if each["is_invited"] else "active"
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
def enable(email: Email, data_dir: DataDir = VAR) -> None:
    """Open a disabled account again, with the password and second factor it had."""
    attach(data_dir)
    with transaction() as session:
        enable_account(session, find_account(session, email))
    out.print(f"{email} may sign in again.", markup=False)


@users.command()
def reset_factor(email: Email, data_dir: DataDir = VAR) -> None:
    """Forget an account's authenticator app, recovery codes and passkeys: it sets up new ones at its next sign-in."""
    attach(data_dir)
    with transaction() as session:
        reset_second_factor(session, find_account(session, email))
    out.print(f"{email} has no second factor now and is signed out everywhere.", markup=False)


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
        "is_invited": account.password_hash is None and account.oidc_subject is None,
        "has_app": account.totp_confirmed_at is not None,
    }
