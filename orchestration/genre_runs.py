"""A parent's runs of its genres' deployment: starts each once, finds it again after a retry, gives it up if nobody works on it.

The idempotency key `<run key>/<genre>` identifies a run, so a parent never has two runs of one genre. A run whose process died is
retried once. A genre's run that crashed with its worker stays Running for ever in Prefect; the parent gives it up some time after the
flow's own time-out.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast
from uuid import UUID

from httpx import HTTPStatusError, TransportError
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterIdempotencyKey
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import run_deployment
from prefect.states import AwaitingRetry, Crashed

from beatporter.clock import utc_now
from orchestration.parameters import ChosenKinds
from orchestration.run_names import tags_of
from orchestration.server import is_away, patiently

logger = logging.getLogger(__name__)

GENRE_TIMEOUT_S = 3600
"""A genre's run takes minutes; at worst Spotify asks it a hundred times to wait for a minute."""
START_WITHIN_S = 1800.0
END_WITHIN_S = GENRE_TIMEOUT_S + 600.0
REPORT_WITHIN_S = 30.0
"""Time after a failure in which the run's own hook may still report it: the hook of a dead process is a separate process."""
NOT_STARTED = (
    "No worker took the run up within {minutes:.0f} minutes. Start one, or raise the concurrency limit of the pool or of the worker."
)
NOT_ENDED = "The run did not end within {minutes:.0f} minutes; its worker is probably gone. Retry it when a worker is there."


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A genre's run that has ended, and how.

    Attributes:
        given_up: its parent ended it, because it was overdue.
    """

    slug: str
    run_id: UUID
    state: State[Any]
    given_up: bool = False

    @property
    def died(self) -> bool:
        """Whether its process ended without a result: a retry may well complete, and nobody has to correct anything before."""
        return self.state.is_crashed() and not self.given_up


@dataclass
class _AtWork:
    run_id: UUID
    since: float
    """Time of its start, and then of the moment when it was first seen running."""
    begun: bool = False
    retry_at: float | None = None
    """When to retry it; None once that is done."""


class GenreRuns:
    """The runs of one parent. Not thread-safe.

    Args:
        client: of the calling flow; the caller keeps it open.
        deployments: by slug, the deployment (flow and deployment) and the parameter that takes the slug.
        run_key: the parent's.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        client: SyncPrefectClient,
        deployments: Mapping[str, tuple[str, str]],
        run_key: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._deployments, self._run_key, self._clock = client, deployments, run_key, clock
        self._at_work: dict[str, _AtWork] = {}
        self._earlier = self._find([self._key(slug) for slug in deployments])

    @property
    def at_work(self) -> Sequence[str]:
        """Genres whose runs have started and not ended yet."""
        return list(self._at_work)

    def start(self, slug: str, *, kinds: ChosenKinds = None, max_searches: int, dry_run: bool) -> None:
        """Start the genre's run; a run of the parent's earlier attempt continues, or is retried if it failed."""
        run = self._earlier.get(self._key(slug))
        if run is None:
            deployment, parameter = self._deployments[slug]
            parameters = {parameter: slug, "kinds": kinds, "max_searches": max_searches, "dry_run": dry_run}
            key = self._key(slug)
            start = partial(
                run_deployment,
                deployment,
                parameters=parameters,
                timeout=0,
                idempotency_key=key,
                flow_run_name=slug,
                tags=tags_of(slug, f"{utc_now():%Y-%m-%d}"),
            )
            run = cast("FlowRun", patiently(start))
        elif run.state is not None and run.state.is_final() and not run.state.is_completed():
            self._retry(run.id, AwaitingRetry(message="Retried with its parent"))
        self._at_work[slug] = _AtWork(run.id, self._clock())

    def retry(self, run: EndedRun) -> None:
        """Retry a run that has ended, in half a minute.

        By then what made it end may have passed, its hook has reported, and its worker has reported a dead process for the second time:
        Prefect's does so twice, some seconds apart, and the second report would end the retry.
        """
        self._at_work[run.slug] = _AtWork(run.run_id, self._clock(), retry_at=self._clock() + REPORT_WITHIN_S)

    def _retry(self, run_id: UUID, state: State[Any]) -> None:
        patiently(lambda: self._client.set_flow_run_state(run_id, state))

    def ended(self) -> Iterator[EndedRun]:
        """The runs that have ended since the last call; overdue runs are set to Crashed."""
        for slug, at_work in list(self._at_work.items()):
            if at_work.retry_at is not None:
                if self._clock() >= at_work.retry_at:
                    self._retry(at_work.run_id, AwaitingRetry(message="Retried by its parent, because it crashed"))
                    self._at_work[slug] = _AtWork(at_work.run_id, self._clock())
                continue
            state = self._state_of(slug, at_work.run_id)
            ended = state is not None and state.is_final()
            if not ended:
                state = self._given_up(at_work, state)
            if state is not None:
                del self._at_work[slug]
                yield EndedRun(slug, at_work.run_id, state, given_up=not ended)

    def _state_of(self, slug: str, run_id: UUID) -> State[Any] | None:
        """None while the server is down; the run itself continues."""
        try:
            return self._client.read_flow_run(run_id).state
        except (TransportError, HTTPStatusError) as error:
            if not is_away(error):
                raise
            logger.warning("Prefect's server cannot be asked about %s: %s", slug, error)
            return None

    def _given_up(self, at_work: _AtWork, state: State[Any] | None) -> State[Any] | None:
        """The state to set for an overdue run; None if the run still has time."""
        if state is not None and not at_work.begun and not (state.is_scheduled() or state.is_pending()):
            at_work.begun, at_work.since = True, self._clock()
        limit_s, words = (END_WITHIN_S, NOT_ENDED) if at_work.begun else (START_WITHIN_S, NOT_STARTED)
        if self._clock() - at_work.since < limit_s:
            return None
        crashed: State[Any] = Crashed(message=words.format(minutes=limit_s / 60))
        try:
            self._client.set_flow_run_state(at_work.run_id, crashed, force=True)
        except (TransportError, HTTPStatusError) as error:
            logger.warning("Run %s is given up, but Prefect's server could not record that: %s", at_work.run_id, error)
        return crashed

    def _find(self, keys: list[str]) -> dict[str, FlowRun]:
        wanted = FlowRunFilter(idempotency_key=FlowRunFilterIdempotencyKey(any_=keys))
        found = patiently(lambda: self._client.read_flow_runs(flow_run_filter=wanted))
        return {run.idempotency_key: run for run in found if run.idempotency_key}

    def _key(self, slug: str) -> str:
        return f"{self._run_key}/{slug}"
