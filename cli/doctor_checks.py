"""The checks of `beatporter doctor`, one function each. A finding says what was found and how to fix a problem."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from beatporter.errors import BeatporterError
from beatporter.ledger.startup_check import check_before_run
from beatporter.quota.window import calls_left
from beatporter.settings import Settings
from beatporter.spotify.cover import draw_cover
from beatporter.spotify.sign_in import SignIn, allows_covers, load_sign_in, sign_in_warning, sign_in_words
from beatporter.sync.workspace import Workspace
from cli.chart_sources import SIGN_IN, read_source
from cli.context import command_workspace
from cli.prefect_server import use_running_server

Verdict = Literal["good", "note", "bad"]
PYTHONS = ((3, 11), (3, 15))
"""The first that works, and the first that does not."""
REST_ENDS = "Nothing: it is asked again then. Until then the other sources count."


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    check: str
    verdict: Verdict
    found: str
    remedy: str = ""


def check_all(load: Callable[[], Settings], *, offline: bool) -> list[Finding]:
    """Run every check in order; a failed check skips only those that depend on it.

    Args:
        load: a function that reads the settings.
        offline: ask neither Beatport nor Spotify.
    """
    findings = [_python(), _prefect_version()]
    try:
        settings = load()
    except BeatporterError as error:
        return [*findings, _bad("Settings", error)]
    findings += [
        Finding("Settings", "good", f"{len(settings.enabled_genres())} genres, charts from {', '.join(settings.chart_source)}"),
        _home(settings),
    ]
    findings += _with_ledger(offline=offline)
    return [*findings, *_server(settings)]


def _python() -> Finding:
    found = platform.python_version()
    if PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        return Finding("Python", "good", found)
    return Finding("Python", "bad", found, "Use Python 3.11 to 3.14: make PYTHON=python3.13 setup")


def _prefect_version() -> Finding:
    return Finding("Prefect", "good", f"{version('prefect')} with SQLAlchemy {version('sqlalchemy')}")


def _home(settings: Settings) -> Finding:
    place = settings.home.resolve()
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        return Finding("Home", "bad", f"{place} cannot be written: {error.strerror}.", "Make it writable, or set BEATPORTER_HOME.")
    return Finding("Home", "good", str(place))


def _with_ledger(*, offline: bool) -> list[Finding]:
    """The checks that need the ledger."""
    try:
        workspace = command_workspace("doctor")
    except BeatporterError as error:
        return [_bad("Ledger", error)]
    with workspace:
        known = [_ledger(workspace), _quota(workspace), *_sign_in(workspace, offline=offline), *_sources(workspace)]
        return known if offline else [*known, _chart(workspace)]


def _ledger(workspace: Workspace) -> Finding:
    try:
        check_before_run(workspace.ledger.database)
    except BeatporterError as error:
        return _bad("Ledger", error)
    archive = workspace.settings.archive or "no archive is set"
    return Finding("Ledger", "good", f"{workspace.ledger.database.name}; {archive}")


def _quota(workspace: Workspace) -> Finding:
    budget, now = workspace.settings.spotify_daily_budget, workspace.now()
    left, until = calls_left(workspace.ledger.calls, budget, now), workspace.ledger.calls.quota_until()
    if until is not None and until > now:
        return Finding("Quota", "note", f"Spotify's is spent until {until:%Y-%m-%d %H:%M} UTC.", "Nothing: runs defer the rest until then.")
    return Finding("Quota", "good" if left else "note", f"{left} of {budget} calls left today")


def _sign_in(workspace: Workspace, *, offline: bool) -> Iterator[Finding]:
    try:
        sign_in = load_sign_in(workspace.settings, workspace.sign_in_store)
    except BeatporterError as error:
        yield _bad("Spotify sign-in", error)
        return
    words = sign_in_words(sign_in, workspace.now())
    old = sign_in_warning(sign_in, workspace.now()) is not None
    yield Finding("Spotify sign-in", "note" if old else "good", words, "Run `beatporter login`." if old else "")
    yield from _covers(workspace.settings, sign_in)
    if offline:
        return
    try:
        yield Finding("Spotify", "good", f"answers; the account is {workspace.spotify.me().account_id}")
    except BeatporterError as error:
        yield _bad("Spotify", error)


def _covers(settings: Settings, sign_in: SignIn) -> Iterator[Finding]:
    """Whether the cover images that the person wants can be drawn and sent."""
    if not settings.draws_covers:
        return
    if not allows_covers(sign_in):
        yield Finding("Covers", "bad", "The sign-in to Spotify does not allow cover images.", "Run `beatporter login` once more.")
        return
    try:
        draw_cover("House", "collect", "2026-11-27")
    except BeatporterError as error:
        yield _bad("Covers", error)
    else:
        yield Finding("Covers", "good", "can be drawn and sent")


def _sources(workspace: Workspace) -> Iterator[Finding]:
    """Each source of charts, as ledger and sign-in know it."""
    for name in workspace.settings.chart_source:
        source = read_source(workspace, name)
        remedy = "" if source.is_ready else REST_ENDS if source.signed_in else SIGN_IN
        yield Finding(f"Charts from {name}", "good" if source.is_ready else "note", source.words or "ready.", remedy)


def _chart(workspace: Workspace) -> Finding:
    """One chart through the chain of sources, as a run reads it; nothing of it is kept but a challenge."""
    slug = workspace.settings.enabled_genres()[0]
    try:
        found = workspace.source.read_chart(workspace.genre(slug))
    except BeatporterError as error:
        return _bad("Charts", error)
    refused = " ".join(found.notes)
    return Finding("Charts", "good", f"{len(found.entries)} entries of {slug} from {found.source}. {refused}".strip())


def _server(settings: Settings) -> list[Finding]:
    """Check Prefect's server, if one is known."""
    try:
        api = use_running_server(settings.home)
    except BeatporterError as error:
        return [Finding("Prefect's server", "note", error.what, error.remedy)]
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    from orchestration.server_check import check_server  # imports Prefect, which then reads its environment

    return [Finding(*found) for found in check_server(api)]


def _bad(check: str, error: BeatporterError) -> Finding:
    return Finding(check, "bad", error.what, error.remedy)
