"""`beatporter doctor`: checks everything from Python to tomorrow's schedule, and says how to fix what is wrong."""

from __future__ import annotations

from typing import Annotated

import typer

from beatporter.settings import load_settings
from cli.doctor_checks import Finding, check_all
from cli.terminal import Terminal, print_document
from cli.up_sandbox import use_sandbox_of_up

MARKS = {"good": "[green]✓[/]", "note": "[yellow]![/]", "bad": "[red]✗[/]"}


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask neither Beatport nor Spotify.")] = False,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Check what `beatporter up --sandbox` started in this folder.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list and nothing else.")] = False,
) -> None:
    """Check the set-up end to end, and say what to do about what is wrong.

    Reads one chart and makes one call to Spotify. Exit code 1 when something is wrong.
    """
    if sandbox:
        use_sandbox_of_up()
    findings = check_all(load_settings, offline=offline)
    if as_json:
        print_document([{"check": one.check, "verdict": one.verdict, "found": one.found, "remedy": one.remedy} for one in findings])
    else:
        _show(findings)
    if any(one.verdict == "bad" for one in findings):
        raise typer.Exit(1)


def _show(findings: list[Finding]) -> None:
    console = Terminal()
    for one in findings:
        console.print(f"{MARKS[one.verdict]} [bold]{one.check}[/]", end=" ", highlight=False)
        console.print(one.found, markup=False, highlight=False, soft_wrap=True)
        if one.remedy:
            console.print(f"    {one.remedy}", markup=False, highlight=False, soft_wrap=True)
