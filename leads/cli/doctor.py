"""`handoff doctor`: what others see of this clinic, and what to mend."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from leads.cli.root import VAR, AsJson, DataDir, app, out, print_json
from leads.local import attach
from leads.messages.doctor.examine import examine
from leads.messages.doctor.finding import Finding
from leads.messages.doctor.look_up import Dns
from leads.messages.doctor.rules import READ_ON, Kept, kept

SHOWN = {"ok": "[green]ok[/]", "advice": "[yellow]advice[/]", "unknown": "[red]unknown[/]", "wrong": "[bold red]wrong[/]"}
doctor = typer.Typer(help="Look at what others see of this clinic, and say what to mend.", no_args_is_help=True)
app.add_typer(doctor, name="doctor")


@doctor.callback()
def _group() -> None: ...


@doctor.command()
def mail(
    nameserver: Annotated[str | None, typer.Option(help="Ask this DNS server, HOST or HOST:PORT, and not the machine's own.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = VAR,
) -> None:
    """Look at SPF, DKIM, DMARC, names, TLS and the way out of our mail, and say what to publish. Exit 1 where something is wrong."""
    attach(data_dir)
    findings = examine(Dns(nameserver))
    rules, well = kept(findings), all(finding.is_well for finding in findings)
    if as_json:
        print_json({"ok": well, "findings": [_row(each) for each in findings], "rules": [_rule(each) for each in rules]})
    else:
        _print(findings, rules)
    raise typer.Exit(not well)


def _row(finding: Finding) -> dict[str, Any]:
    publish = finding.publish._asdict() if finding.publish else None
    return {"check": finding.check, "about": finding.about, "state": finding.state, "says": finding.says, "publish": publish}


def _rule(each: Kept) -> dict[str, Any]:
    return {"rule": each.rule.says, "state": each.state, "sources": each.rule.sources, "read_on": READ_ON, "checks": each.rule.decided_by}


def _print(findings: Sequence[Finding], rules: Sequence[Kept]) -> None:
    for finding in findings:
        out.print(f"{SHOWN[finding.state]} {escape(finding.check)} {escape(finding.about)}: {escape(finding.says)}")
        if finding.publish:
            # Not through the table: a record is copied, so nothing may break its line.
            typer.echo(f"    {finding.publish.in_zone}")
    table = Table(
        "Gmail and Yahoo ask for", "", title=f"\nRules for whoever sends much, as read on {READ_ON}", box=None, title_justify="left"
    )
    for each in rules:
        table.add_row(escape(each.rule.says), SHOWN[each.state])
    out.print(table)
