"""Sends Beatporter's events to Prefect, with ids and figures; automations.yaml reacts to them.

Prefect sends events in the background, so an event that the server rejects is lost but harms no run.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from prefect.events import emit_event
from prefect.events.clients import PrefectEventsClient
from prefect.events.worker import EventsWorker, emit_events_to_cloud, should_emit_events_to_running_server

from beatporter import names
from beatporter.memory.budget import OverBudget
from beatporter.memory.records import RunFacts
from beatporter.sync.outcome import Outcome
from beatporter.sync.streaks import Streak
from orchestration.links import absolute, artifact_path, run_path

ACCOUNT = "beatporter.account"
PLAYLIST_UPDATED = "beatporter.playlist.updated"
GENRE_FAILED = "beatporter.genre.failed"
QUOTA_DEFERRED = "beatporter.quota.deferred"
CHART_CHALLENGED = "beatporter.chart.challenged"
CHART_NOTED = "beatporter.chart.noted"
MEMORY_OVER_BUDGET = "beatporter.memory.over-budget"
SIGN_IN_OLD = "beatporter.sign-in.old"
CONFIRMED_AFTER = 20
"""Events, about as many as a genre's run makes."""


def confirm_events_often() -> None:
    """Have the server confirm events by the genre. Prefect's client asks after 700 or 30 seconds, and holds them all until then.

    Call it before the process's first run.
    """
    if should_emit_events_to_running_server() and not emit_events_to_cloud():  # for others Prefect chooses the client and its address
        EventsWorker.set_client_override(PrefectEventsClient, checkpoint_every=CONFIRMED_AFTER)


def playlist_updated(genre: str, playlist_id: str, outcome: Outcome, run_id: UUID | str) -> None:
    """Tracks came into a genre's playlist."""
    figures = {"added": outcome.added, "matched": outcome.matched, "chart": outcome.chart, "spotify_calls": outcome.spotify_calls}
    ids = {"genre": genre, "playlist": names.playlist_url(playlist_id), "run": absolute(run_path(run_id))}
    _emit(PLAYLIST_UPDATED, f"beatporter.playlist.{playlist_id}", genre, {**ids, **figures}, run_id)


def genre_failed(genre: str, error: str, kind: str, in_a_row: int, run_id: UUID | str) -> None:
    """A genre's run failed; `in_a_row` counts it and the failures directly before it."""
    payload = {"genre": genre, "error": error, "kind": kind, "failures_in_a_row": in_a_row, "run": absolute(run_path(run_id))}
    _emit(GENRE_FAILED, f"beatporter.genre.{genre}", genre, payload, run_id, {"beatporter.failures-in-a-row": str(in_a_row)})


def quota_deferred(deferred: int, spotify_calls: int, streak: Streak, run_id: UUID | str) -> None:
    """Entries of a parent run wait for another day's calls."""
    payload = {"deferred": deferred, "spotify_calls": spotify_calls, "days": streak.days}
    _emit(QUOTA_DEFERRED, ACCOUNT, "Spotify", payload, run_id, _running(streak))


def chart_challenged(genres: list[str], streak: Streak, run_id: UUID | str) -> None:
    """Beatport asked for proof of a human instead of showing these genres' charts."""
    _emit(CHART_CHALLENGED, ACCOUNT, "Beatport", {"genres": ", ".join(genres), "days": streak.days}, run_id, _running(streak))


def chart_noted(slug: str, note: str, run_id: UUID | str) -> None:
    """The chart of a genre or subscription was not read as usual: a source refused, its rows look unusual, or an older one is used."""
    _emit(CHART_NOTED, f"beatporter.chart.{slug}", slug, {"chart": slug, "note": note}, run_id)


def memory_over_budget(facts: RunFacts, over: OverBudget) -> None:
    """A run took more memory than its budget."""
    payload = asdict(over) | {"genre": facts.genre, "code_version": facts.code_version}
    _emit(MEMORY_OVER_BUDGET, f"beatporter.genre.{facts.genre}", facts.genre, payload, facts.run_id)


def sign_in_old(note: str, run_id: UUID | str) -> None:
    """The person must renew the sign-in."""
    _emit(SIGN_IN_OLD, ACCOUNT, "Spotify", {"note": note}, run_id)


def _running(streak: Streak) -> dict[str, str]:
    return {"beatporter.days-running": str(streak.days), "beatporter.three-days-running": "yes" if streak.days >= 3 else "no"}


def _emit(event: str, resource: str, name: str, payload: dict[str, Any], run_id: UUID | str, labels: dict[str, str] | None = None) -> None:
    emit_event(
        event,
        resource={"prefect.resource.id": resource, "prefect.resource.name": name, **(labels or {})},
        related=[
            {"prefect.resource.id": f"prefect.flow-run.{run_id}", "prefect.resource.role": "flow-run"},
            {"prefect.resource.id": "prefect.tag.beatporter", "prefect.resource.role": "tag"},
        ],
        payload={**payload, "briefing": absolute(artifact_path(names.BRIEFING))},
    )
