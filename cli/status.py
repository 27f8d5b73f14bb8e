"""`beatporter status`: shows the current state from settings and ledger alone, without calls to Spotify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from beatporter import names
from beatporter.beatport.sign_in import account_warning, open_account, uses_account
from beatporter.errors import SettingsError
from beatporter.quota.refusals import EVERY_KIND, Refusal, closed_until, learned_budget, refusals
from beatporter.quota.window import WINDOW, calls_left
from beatporter.records.ledger import RunRow
from beatporter.spotify.sign_in import SignIn, load_sign_in, sign_in_age, sign_in_warning, sign_in_words
from beatporter.sync.workspace import Workspace
from cli.context import command_workspace
from cli.terminal import Terminal, print_document

EVERY_KIND_IN_WORDS = "all"
STYLES = {"failed": "red", "deferred": "yellow", "challenged": "yellow", "waiting": "yellow"}


@dataclass(frozen=True, slots=True)
class Status:
    """The current state.

    Attributes:
        account: the account's id from the last run's listing; None before the first run.
        sign_in: None without one; `sign_in_problem` says why.
        calls: Spotify calls of the last 24 hours by kind.
        refused: the kinds of call that Spotify refuses now, each with its end; an empty kind means all kinds.
        refusals: Spotify's refusals in the last two weeks.
        runs: the last run of each enabled genre, chart and label; None before the first.
        changes: the last run of each that added tracks; None if there is none.
        sources: the chart sources and their states.
    """

    now: datetime
    account: str | None
    sign_in: SignIn | None
    sign_in_problem: str
    calls: Mapping[str, int]
    budget: int
    left: int
    refused: Mapping[str, datetime]
    refusals: Sequence[Refusal]
    runs: Mapping[str, RunRow | None]
    changes: Mapping[str, RunRow | None]
    sources: Mapping[str, SourceStatus]


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """The state of a chart source.

    Attributes:
        rests_until: end of its pause after a challenge.
        challenges: number of challenges in a row.
        said: about the API's sign-in; empty for other sources.
    """

    rests_until: datetime | None
    challenges: int
    said: str = ""


def status(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False) -> None:
    """Show the current state: account, sign-in, calls of the last 24 hours, each genre's last run."""
    with command_workspace("status") as workspace:
        standing = read_status(workspace)
    if as_json:
        print_document(_document(standing))
        return
    console = Terminal()
    for line in (_account_line(standing), _sign_in_line(standing), *_quota_lines(standing), *_source_lines(standing)):
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


def read_status(workspace: Workspace) -> Status:
    """Collect the state from settings and ledger."""
    settings, ledger, now = workspace.settings, workspace.ledger, workspace.now()
    try:
        sign_in, problem = load_sign_in(settings, workspace.sign_in_store), ""
    except SettingsError as error:
        sign_in, problem = None, str(error)
    return Status(
        now=now,
        account=ledger.listings.last_owner(),
        sign_in=sign_in,
        sign_in_problem=problem,
        calls=ledger.calls.by_kind(now - WINDOW),
        budget=settings.spotify_daily_budget,
        left=calls_left(ledger.calls, settings.spotify_daily_budget, now),
        refused=ledger.calls.refused(now),
        refusals=refusals(ledger.calls, now),
        runs={slug: ledger.runs.latest(settings.find_list(slug).genre_id) for slug in settings.enabled_lists()},
        changes={slug: ledger.runs.last_change(settings.find_list(slug).genre_id) for slug in settings.enabled_lists()},
        sources={name: _source(workspace, name, now) for name in settings.chart_source},
    )


def _source(workspace: Workspace, name: str, now: datetime) -> SourceStatus:
    latest = workspace.ledger.challenges.latest(name)
    until = workspace.ledger.challenges.rests_until(name, now)
    return SourceStatus(until, latest.in_a_row if latest else 0, _beatport_sign_in(workspace, now) if name == "api" else "")


def _beatport_sign_in(workspace: Workspace, now: datetime) -> str:
    settings = workspace.settings
    if not uses_account(settings):
        return "by BEATPORTER_BEATPORT_TOKEN; its end is unknown."
    try:
        sign_in = open_account(settings, workspace.account_store)
    except SettingsError as error:
        return str(error)
    if sign_in is None:
        return "nobody is signed in to Beatport (`beatporter login beatport`)."
    if warning := account_warning(sign_in, now):
        return warning
    renewed = f", renewed {_moment(sign_in.renewed_at)}" if sign_in.renewed_at else ""
    return f"signed in {sign_in.signed_in_at:%Y-%m-%d}{renewed}; runs renew it."


def _source_lines(standing: Status) -> list[str]:
    lines = []
    for name, source in standing.sources.items():
        said = [source.said] if source.said else []
        if source.rests_until is not None:
            times = "once" if source.challenges == 1 else f"{source.challenges} times in a row"
            said.append(f"left alone until {_moment(source.rests_until)}: Beatport asked for proof of a human {times}.")
        lines.append(f"Charts from {name}: {' '.join(said) or 'ready.'}")
    return lines


def _account_line(standing: Status) -> str:
    return f"Account: {standing.account or 'not known before the first run'}"


def _sign_in_line(standing: Status) -> str:
    if standing.sign_in is None:
        return f"Sign-in: none. {standing.sign_in_problem}"
    return f"Sign-in: {sign_in_words(standing.sign_in, standing.now)}"


def _quota_lines(standing: Status) -> list[str]:
    detail = ", ".join(f"{count} {kind}" for kind, count in standing.calls.items())
    used = f"{sum(standing.calls.values())} calls in 24 hours" + (f" ({detail})" if detail else "")
    lines = [f"Spotify: {used}; {standing.left} of {standing.budget} left."]
    if standing.refused:
        kinds = [kind or EVERY_KIND_IN_WORDS for kind in standing.refused]
        until = max(standing.refused.values())
        hours = (until - standing.now) / timedelta(hours=1)
        every = closed_until(standing.refused, EVERY_KIND) is not None
        what = "Its quota is spent" if every else f"It refuses calls of the kind {kinds[0]}"
        asked = "No run calls it before then." if every else "Other calls are still made."
        lines.append(f"{what}, and is back at {_moment(until)}, in {hours:.1f} h. {asked}")
    if standing.refusals:
        lines.append(_refusals_line(standing.refusals, standing.budget))
    return lines


def _refusals_line(spells: Sequence[Refusal], budget: int) -> str:
    last = spells[-1]
    kind = f" ({last.kind})" if last.kind else ""
    line = f"Spotify last refused on {_moment(last.at)}, after {last.made} of our calls in 24 hours{kind}; others may share this quota."
    planned = learned_budget(spells, budget)
    counts = ", ".join(str(spell.made) for spell in spells)
    return f"{line} It refused after {counts}: days are planned with {planned} calls." if planned < budget else line


def _table(standing: Status) -> Table:
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


def _document(standing: Status) -> dict[str, Any]:
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
        "quota_back_at": max(standing.refused.values()).isoformat() if standing.refused else None,
        "refused_kinds": sorted(kind or EVERY_KIND_IN_WORDS for kind in standing.refused),
        "refusals": [
            {"at": one.at.isoformat(), "kind": one.kind or None, "calls_before": one.made, "until": one.until.isoformat()}
            for one in standing.refusals
        ],
        "budget_planned": learned_budget(standing.refusals, standing.budget),
        "chart_sources": {
            name: {
                "rests_until": source.rests_until.isoformat() if source.rests_until else None,
                "challenges_in_a_row": source.challenges,
                "said": source.said or None,
            }
            for name, source in standing.sources.items()
        },
        "genres": {slug: _run_document(run, standing.changes[slug]) if run else None for slug, run in standing.runs.items()},
    }


def _run_document(run: RunRow, change: RunRow | None) -> dict[str, Any]:
    playlist_id = change.playlist_id if change else run.playlist_id
    return {
        "run": run.run_id,
        "playlist": names.playlist_url(playlist_id) if playlist_id else None,
        "changed_by": change.run_id if change else None,
        "changed_at": change.at.isoformat() if change else None,
        "at": run.at.isoformat(),
        "state": run.state,
        "added": run.added,
        "not_found": run.not_found,
        "deferred": run.deferred,
        "error": run.error,
    }
