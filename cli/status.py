"""`beatporter status`: how things stand, from settings and ledger alone; asks Spotify nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from beatporter.errors import SettingsError
from beatporter.quota.window import WINDOW, calls_left
from beatporter.records.ledger import RunRow
from beatporter.spotify.sign_in import SignIn, load_sign_in, sign_in_age, sign_in_warning, sign_in_words
from beatporter.sync.workspace import Workspace
from cli.desk import open_desk
from cli.terminal import Terminal, print_document

STYLES = {"failed": "red", "deferred": "yellow"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand at a moment.

    Attributes:
        account: the account's id as the last run's listing names it; None before the first run.
        sign_in: None when there is none, for the reason in `sign_in_problem`.
        calls: Spotify calls of the last 24 hours by kind.
        quota_until: when Spotify's quota is back, None while it is not spent.
        runs: each enabled genre's last run; None for a genre that never ran.
    """

    now: datetime
    account: str | None
    sign_in: SignIn | None
    sign_in_problem: str
    calls: Mapping[str, int]
    budget: int
    left: int
    quota_until: datetime | None
    runs: Mapping[str, RunRow | None]


def status(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False) -> None:
    """Show the account and its sign-in's age, calls of the last 24 hours, what is left, and each genre's last run."""
    with open_desk("status") as desk:
        standing = read_standing(desk)
    if as_json:
        print_document(_document(standing))
        return
    console = Terminal()
    for line in (_account_line(standing), _sign_in_line(standing), *_quota_lines(standing)):
        console.print(line, markup=False, highlight=False, soft_wrap=not console.is_terminal)
    if any(standing.runs.values()):
        console.print()
        console.print(_table(standing))
    for slug, run in standing.runs.items():
        if run is not None and run.error:
            console.print(f"{slug}: {run.error}", style="red", markup=False, highlight=False, soft_wrap=not console.is_terminal)
    never = [slug for slug, run in standing.runs.items() if run is None]
    if never:
        console.print(_never_ran(never, len(standing.runs)), markup=False, highlight=False)


def read_standing(desk: Workspace) -> Standing:
    """What settings and ledger say."""
    settings, ledger, now = desk.settings, desk.ledger, desk.now()
    try:
        sign_in, problem = load_sign_in(settings, desk.sign_in_store), ""
    except SettingsError as error:
        sign_in, problem = None, str(error)
    until = ledger.calls.quota_until()
    known = settings.all_genres()
    return Standing(
        now=now,
        account=ledger.listings.last_owner(),
        sign_in=sign_in,
        sign_in_problem=problem,
        calls=ledger.calls.by_kind(now - WINDOW),
        budget=settings.spotify_daily_budget,
        left=calls_left(ledger.calls, settings.spotify_daily_budget, now),
        quota_until=until if until is not None and until > now else None,
        runs={slug: ledger.runs.latest(known[slug].genre_id) for slug in settings.enabled_genres()},
    )


def _account_line(standing: Standing) -> str:
    return f"Account: {standing.account or 'not known before the first run'}"


def _sign_in_line(standing: Standing) -> str:
    if standing.sign_in is None:
        return f"Sign-in: none. {standing.sign_in_problem}"
    return f"Sign-in: {sign_in_words(standing.sign_in, standing.now)}"


def _quota_lines(standing: Standing) -> list[str]:
    detail = ", ".join(f"{count} {kind}" for kind, count in standing.calls.items())
    used = f"{sum(standing.calls.values())} calls in 24 hours" + (f" ({detail})" if detail else "")
    lines = [f"Spotify: {used}; {standing.left} of {standing.budget} left."]
    if standing.quota_until is not None:
        hours = (standing.quota_until - standing.now) / timedelta(hours=1)
        lines.append(f"Its quota is spent, and back at {_moment(standing.quota_until)}, in {hours:.1f} h. No run asks before.")
    return lines


def _table(standing: Standing) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("genre", overflow="fold")
    for heading in ("last run (UTC)", "state"):
        table.add_column(heading, no_wrap=True)
    for heading in ("added", "not\nfound", "deferred"):
        table.add_column(heading, justify="right", no_wrap=True)
    for slug, run in standing.runs.items():
        if run is not None:
            figures = ("", "", "") if run.state == "failed" else (str(run.added), str(run.not_found), str(run.deferred))
            table.add_row(slug, f"{run.at:%Y-%m-%d %H:%M}", run.state, *figures, style=STYLES.get(run.state))
    return table


def _never_ran(slugs: list[str], enabled: int) -> str:
    if len(slugs) == enabled:
        return "No genre has run yet: `beatporter sync --all`, or name some."
    return f"Never ran: {', '.join(slugs)}."


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _document(standing: Standing) -> dict[str, Any]:
    sign_in = standing.sign_in
    age = sign_in_age(sign_in, standing.now) if sign_in else None
    return {
        "account": standing.account,
        "sign_in": {
            "present": sign_in is not None,
            "signed_in_at": sign_in.signed_in_at.isoformat() if sign_in and sign_in.signed_in_at else None,
            "age_days": age.days if age else None,
            "warning": sign_in_warning(sign_in, standing.now) if sign_in else standing.sign_in_problem,
        },
        "spotify_calls": {"last_24_hours": sum(standing.calls.values()), "by_kind": dict(standing.calls)},
        "budget": standing.budget,
        "budget_left": standing.left,
        "quota_back_at": standing.quota_until.isoformat() if standing.quota_until else None,
        "genres": {slug: _run_document(run) if run else None for slug, run in standing.runs.items()},
    }


def _run_document(run: RunRow) -> dict[str, Any]:
    return {
        "at": run.at.isoformat(),
        "state": run.state,
        "added": run.added,
        "not_found": run.not_found,
        "deferred": run.deferred,
        "error": run.error,
    }
