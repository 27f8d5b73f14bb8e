"""`beatporter status`: shows the current state from settings and ledger alone, without calls to Spotify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table

from beatporter import names
from beatporter.errors import SettingsError
from beatporter.playlist_kinds import PlaylistKind
from beatporter.quota.refusals import EVERY_KIND, Refusal, closed_until, learned_budget, refusals
from beatporter.quota.window import WINDOW, calls_left
from beatporter.records.ledger import RememberedPlaylist, RunRow
from beatporter.spotify.sign_in import SignIn, load_sign_in, sign_in_age, sign_in_warning, sign_in_words
from beatporter.sync.remembered_playlists import remembered_playlists
from beatporter.sync.workspace import Workspace
from cli.chart_sources import SourceStatus, read_source
from cli.context import command_workspace
from cli.prefect_server import running_server
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
        playlists: the playlists of each.
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
    playlists: Mapping[str, Mapping[PlaylistKind, RememberedPlaylist]]
    sources: Mapping[str, SourceStatus]


def status(
    lists: Annotated[list[str] | None, typer.Argument(help="Genres, charts or labels: adds playlist, and the run that changed it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Show how things stand: account, sign-in, calls of the last 24 hours, each genre's last run."""
    with command_workspace("status") as workspace:
        standing = read_status(workspace, lists or ())
        server = running_server(workspace.settings.home)
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
    if lists:
        for line in _playlist_lines(standing, server):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    elif any(standing.changes.values()):
        console.print("`beatporter status GENRE` shows its playlist, and the run that changed it last.", markup=False, highlight=False)
    never = [slug for slug, run in standing.runs.items() if run is None]
    if never:
        console.print(_never_ran(never, len(standing.runs)), markup=False, highlight=False)


def read_status(workspace: Workspace, lists: Sequence[str] = ()) -> Status:
    """What settings and ledger say.

    Args:
        lists: whose runs to show; empty: of all that are enabled.

    Raises:
        UnknownGenre, UnknownChart: there is no such list.
    """
    settings, ledger, now = workspace.settings, workspace.ledger, workspace.now()
    chosen = [settings.find_list(text) for text in lists or settings.enabled_lists()]
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
        runs={one.slug: ledger.runs.latest(one.genre_id) for one in chosen},
        changes={one.slug: ledger.runs.last_change(one.genre_id) for one in chosen},
        playlists={one.slug: remembered_playlists(workspace, one) for one in chosen},
        sources={name: read_source(workspace, name) for name in settings.chart_source},
    )


def _source_lines(standing: Status) -> list[str]:
    return [f"Charts from {name}: {source.words or 'ready.'}" for name, source in standing.sources.items()]


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


def _playlist_lines(standing: Status, server: str) -> list[str]:
    """For each list its playlist, and the run that changed it last.

    Args:
        server: the API of the Prefect server whose pages show the run; empty: none is known.
    """
    lines = []
    for slug, change in standing.changes.items():
        if change is None:
            lines.append(f"{slug}: no run has changed its playlist yet.")
            continue
        own = standing.playlists[slug]
        for kind, one in own.items():
            lines.append(f"{slug}{f' ({kind})' if len(own) > 1 else ''}: {names.playlist_url(one.playlist_id)}")
        if not own and change.playlist_id:
            lines.append(f"{slug}: {names.playlist_url(change.playlist_id)}")
        by = f" by the run {names.run_url(server, change.run_id)}" if change.run_id else ""
        lines.append(f"{slug}: {change.added} added on {_moment(change.at)}{by}")
    return lines


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
        "genres": {
            slug: _run_document(run, standing.changes[slug], standing.playlists[slug]) if run else None
            for slug, run in standing.runs.items()
        },
    }


def _run_document(run: RunRow, change: RunRow | None, playlists: Mapping[PlaylistKind, RememberedPlaylist]) -> dict[str, Any]:
    playlist_id = change.playlist_id if change else run.playlist_id
    return {
        "run": run.run_id,
        "playlist": names.playlist_url(playlist_id) if playlist_id else None,
        "playlists": {kind: names.playlist_url(one.playlist_id) for kind, one in playlists.items()},
        "changed_by": change.run_id if change else None,
        "changed_at": change.at.isoformat() if change else None,
        "at": run.at.isoformat(),
        "state": run.state,
        "added": run.added,
        "not_found": run.not_found,
        "deferred": run.deferred,
        "error": run.error,
    }
