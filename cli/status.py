"""`beatporter status`: how things stand, from the ledger alone; asks Spotify nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table

from beatporter.clock import utc_now
from beatporter.errors import SettingsError
from beatporter.ledger.ledger import Ledger
from beatporter.settings import Settings, load_settings
from beatporter.spotify.sign_in import load_sign_in, sign_in_age, sign_in_warning
from beatporter.spotify.window import WINDOW, calls_left
from beatporter.sync.match import is_undecided
from tasks._workspace import open_storage


def status() -> None:
    """Show the sign-in's age, calls of the last 24 hours, what is left, and each genre's last chart and playlist."""
    settings = load_settings()
    ledger = open_storage(settings)
    console = Console()
    now = utc_now()
    console.print(_sign_in(settings, now), highlight=False)
    for line in _quota(settings, ledger, now):
        console.print(line, highlight=False)
    console.print(_genres(settings, ledger))


def _sign_in(settings: Settings, now: datetime) -> str:
    try:
        sign_in = load_sign_in(settings)
    except SettingsError as error:
        return f"Sign-in: none. {error}"
    age = sign_in_age(sign_in, now)
    if age is None:
        return "Sign-in: by a refresh token of unknown age; it ends six months after you signed in."
    return f"Sign-in: {age.days} days old. {sign_in_warning(sign_in, now) or ''}".rstrip()


def _quota(settings: Settings, ledger: Ledger, now: datetime) -> list[str]:
    kinds = ledger.calls.by_kind(now - WINDOW)
    detail = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    left = calls_left(ledger.calls, settings.spotify_daily_budget, now)
    used = sum(kinds.values())
    lines = [f"Spotify calls in 24 hours: {used}{f' ({detail})' if detail else ''}; {left} of {settings.spotify_daily_budget} left."]
    until = ledger.calls.quota_until()
    if until is not None and until > now:
        hours = (until - now) / timedelta(hours=1)
        lines.append(f"Spotify's quota is spent; it is back at {until:%Y-%m-%d %H:%M} UTC, in {hours:.1f} h. No run asks before.")
    return lines


def _genres(settings: Settings, ledger: Ledger) -> Table:
    table = Table("genre", "last chart", "undecided", "playlist", "tracks", "last backup")
    known = settings.all_genres()
    for slug in settings.enabled_genres():
        genre = known[slug]
        chart = ledger.charts.latest(genre.genre_id)
        playlist = ledger.playlists.latest(genre.genre_id)
        if chart is None and playlist is None:
            continue
        ids = [entry.beatport_id for entry in chart.entries] if chart else []
        decided = ledger.matches.latest(ids)
        undecided = sum(is_undecided(decided.get(beatport_id)) for beatport_id in ids)
        backup = ledger.backups.latest(playlist.playlist_id) if playlist else None
        table.add_row(
            slug,
            _moment(chart.scraped_at if chart else None),
            str(undecided) if chart else "",
            playlist.name if playlist else "",
            str(backup.rows) if backup else "",
            _moment(backup.taken_at if backup else None),
        )
    if not table.row_count:
        table.caption = "No genre has run yet: beatporter sync --all"
    return table


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else ""
