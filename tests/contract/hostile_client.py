"""Sends one request to a service in a separate process, and prints the error's name, the peak memory above the start, and seconds."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from beatporter.beatport.sources import open_source
from beatporter.errors import BeatporterError, QuotaExceeded
from beatporter.genres import find_genre
from beatporter.memory.resident import peak_bytes, reset_peak, resident_bytes
from beatporter.settings import load_settings
from beatporter.spotify.client import open_client

SERVICES = ("spotify", "spotify write", "accounts", "website", "api")
PLAYLIST = "37i9dQZF1DX0BcQWzuB7ZO"


class Unlimited:
    """A budget without limit."""

    def take(self, kind: str) -> None:
        pass

    def refused(self, kind: str, until: datetime) -> QuotaExceeded:
        return QuotaExceeded("spent", until=until)


def ask(service: str, url: str, home: Path, *, timeout_s: float, sleep: Callable[[float], None] = lambda _: None) -> object:
    """Read (or write) one thing from a service whose addresses all begin with `url`.

    Args:
        service: one of `SERVICES`; "accounts" is called before the Web API.
        timeout_s: longest silence allowed.
        sleep: called for every pause.
    """
    settings = load_settings(
        home=home,
        http_timeout_s=timeout_s,
        beatport_url=url,
        beatport_api_url=url,
        beatport_interval_s=0,
        beatport_token="token",
        chart_source="api" if service == "api" else "website",
        spotify_api_url=f"{url}/v1",
        spotify_accounts_url=url,
        spotify_client_id="id",
        spotify_client_secret="secret",
        spotify_refresh_token="refresh",
        spotify_rate=1000,
        spotify_max_wait_s=60,
    )
    if service in ("website", "api"):
        return open_source(settings, sleep=sleep).read_chart(find_genre("house", settings.all_genres()))
    client = open_client(settings, Unlimited(), now=lambda: datetime.now(UTC), sleep=sleep)
    if service == "spotify write":
        return client.add_items(PLAYLIST, [PLAYLIST])
    return list(client.playlist_items(PLAYLIST))


def main() -> None:
    service, url, timeout_s = sys.argv[1:]
    start, began = resident_bytes() or 0, time.monotonic()
    reset_peak()
    with tempfile.TemporaryDirectory() as home:
        try:
            ask(service, url, Path(home), timeout_s=float(timeout_s))
            error = "none"
        except BeatporterError as caught:
            error = type(caught).__name__
    print(json.dumps({"error": error, "peak_mb": ((peak_bytes() or 0) - start) / 2**20, "seconds": time.monotonic() - began}))


if __name__ == "__main__":
    main()
