"""Limits across workers: the rate of calls to Spotify, and one writer per playlist.

A deployment's runs share the rate through Prefect's server, see `shared_rate`; a run without a deployment has no other workers and
does not ask the server. The locks of `one_writer` ensure one writer per playlist. Prefect's concurrency limits would not: a restarted
server has forgotten who holds its slots, and they stay taken. The day's budget is not here but in the ledger, see
`beatporter.quota.budget`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from zlib import crc32

from prefect.runtime import deployment, flow_run

from beatporter.ledger.engine import is_postgres
from beatporter.settings import Settings, load_settings
from orchestration.one_writer import only_writer_here
from orchestration.run_key import run_key
from orchestration.server import patiently
from orchestration.shared_rate import SharedRate
from orchestration.workspace import address_of, open_ledger_of


def shared_rate(settings: Settings) -> Callable[[int], None] | None:
    """A function that takes slots of the rate that all workers share; None if this run has no deployment."""
    return _rate(settings.spotify_rate).used_here() if _has_deployment(run_key() if flow_run.id else None) else None


@contextmanager
def only_writer(genre: str) -> Iterator[None]:
    """Wait until no other run writes this genre's playlist, then make others wait; a killed run releases its lock.

    Raises:
        LedgerUnwritable: no lock file can be written in the home.
        LedgerUnavailable: the ledger's server does not answer for a long time.
    """
    settings = load_settings()
    with _only_one(genre, settings.find_list(genre).genre_id, settings):
        yield


@contextmanager
def only_renewer(name: str) -> Iterator[None]:
    """Wait until no other run renews the sign-in of that name, then make others wait.

    Raises:
        LedgerUnwritable, LedgerUnavailable: as `only_writer`.
    """
    with _only_one(f"sign-in-{name}", crc32(name.encode()) >> 1, load_settings()):
        yield


@contextmanager
def _only_one(name: str, number: int, settings: Settings) -> Iterator[None]:
    with only_writer_here(name, settings.home / "locks"):
        if not is_postgres(address_of(settings)):
            yield
            return
        with open_ledger_of(settings) as ledger, ledger.database.only_writer(number):
            yield


@lru_cache(maxsize=1)
def _rate(rate: float) -> SharedRate:
    """One per process, since each step opens its own workspace."""
    return SharedRate(rate)


@lru_cache(maxsize=8)
def _has_deployment(_run_key: str | None) -> bool:
    """Asked once for all the runs that this process works on under one key: without a deployment Prefect asks its server each time.

    The answer comes through Prefect's event loop, whose timers keep the asking run's whole context for another minute.
    """
    return bool(patiently(lambda: deployment.id))
