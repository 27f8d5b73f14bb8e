"""What runs on several workers share: the rate of calls to Spotify, and one writer a playlist.

A run of a deployment shares both through Prefect's server. A run without one has no other worker beside it and asks the server nothing; a
lock file keeps two of them on one machine apart. The budget of a day is not here: the ledger has it, see `beatporter.quota.budget`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path

from filelock import FileLock
from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency, rate_limit
from prefect.exceptions import ObjectAlreadyExists
from prefect.runtime import deployment, flow_run

from beatporter.errors import LedgerUnwritable
from beatporter.settings import Settings, load_settings

RATE_LIMIT = "beatporter-spotify"
SLOTS_A_REQUEST = 5
"""Slots of the rate taken together: one request to the server costs about 130 ms."""
LEASE_S = 120
"""After so long a killed run's place as a writer is free again."""
POLL_S = 0.2


def shared_rate(settings: Settings) -> Callable[[int], None] | None:
    """Takes slots of the rate that all workers share; None when this run has no deployment."""
    if not _is_deployed():
        return None
    _offer(RATE_LIMIT, max(SLOTS_A_REQUEST, math.ceil(settings.spotify_rate)), settings.spotify_rate)
    return _take_slots


@contextmanager
def only_writer(genre: str) -> Iterator[None]:
    """Wait until no other run writes this genre's playlist, and keep others waiting; a killed run's place is given up by itself.

    Raises:
        LedgerUnwritable: the home takes no lock file.
    """
    with only_writer_here(genre, load_settings().home / "locks"):
        if not _is_deployed():
            yield
            return
        name = f"beatporter-playlist-{genre}"
        _offer(name, 1)
        with concurrency(name, occupy=1, lease_duration=LEASE_S):
            yield


@contextmanager
def only_writer_here(genre: str, folder: Path) -> Iterator[None]:
    """The same among the processes of this machine; the system gives up a dead process's lock.

    Raises:
        LedgerUnwritable: the folder takes no lock file.
    """
    lock = FileLock(folder / f"{genre}.lock", poll_interval=POLL_S)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise LedgerUnwritable(
            f"Cannot write in {folder}: {error.strerror}.", "Make the folder writable, or set BEATPORTER_HOME."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def only_renewer(name: str, home: Path) -> Iterator[None]:
    """Wait until no other run renews the sign-in of that name, and keep others waiting.

    Raises:
        LedgerUnwritable: the home takes no lock file.
    """
    with only_writer_here(f"sign-in-{name}", home / "locks"):
        if not _is_deployed():
            yield
            return
        limit = f"beatporter-sign-in-{name}"
        _offer(limit, 1)
        with concurrency(limit, occupy=1, lease_duration=LEASE_S):
            yield


def _is_deployed() -> bool:
    return _has_deployment(flow_run.id)


@lru_cache(maxsize=8)
def _has_deployment(_flow_run_id: str | None) -> bool:
    """Of the present run; Prefect asks its server each time, and a genre's steps ask six times."""
    return bool(deployment.id)


def _take_slots(slots: int) -> None:
    rate_limit(RATE_LIMIT, occupy=slots)


@cache
def _offer(name: str, limit: int, slot_decay_per_second: float | None = None) -> None:
    """Make the limit on the server, or bring it in line with the settings; once a process."""
    with get_client(sync_client=True) as client, suppress(ObjectAlreadyExists):  # another worker was faster, with the same settings
        client.upsert_global_concurrency_limit_by_name(name, limit, slot_decay_per_second)
