"""The rate of calls to Spotify that all workers share, as a global concurrency limit of Prefect's server.

While the server is down, each run has its own rate: the shared one divided by the number of runs when the server was last
asked. No other run can start in the meantime, so together they stay within the shared rate.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context

from httpx import HTTPError, HTTPStatusError, codes
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectAlreadyExists

from beatporter.http.pacing import Pacer
from orchestration.lists import LIST_FLOWS, PARENT_FLOW
from orchestration.server import Answer, client_that_does_not_wait, is_away, send_what_was_not_sent

logger = logging.getLogger(__name__)

RATE_LIMIT = "beatporter-spotify"
SLOTS_A_REQUEST = 5
"""Slots taken at once: one request to the server costs about 130 ms."""
ASSUMED_RUNS = 10
"""How many runs share the rate if the server was never reached."""
ASK_AGAIN_S = 15.0
BUSY_PAUSES_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses before a busy server is asked again; after the last it counts as away."""


class SharedRate:
    """Takes slots of that rate; one thread at a time calls it, as `Pacer` does.

    Args:
        rate: calls per second of all runs together.
        sleep: called with seconds.
        clock: monotonic seconds.
    """

    def __init__(self, rate: float, *, sleep: Callable[[float], None] = time.sleep, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._sleep, self._clock = rate, sleep, clock
        self._offered = False
        self._sharing = ASSUMED_RUNS
        self._own: Pacer | None = None
        self._ask_at = self._away_since = clock()
        self._context = copy_context()

    def used_here(self) -> SharedRate:
        """The same, with warnings in the log of the calling run: the search threads belong to no run."""
        self._context = copy_context()
        return self

    def __call__(self, slots: int) -> None:
        """Wait until this many calls may be made."""
        if self._clock() >= self._ask_at and self._asked(slots):
            return
        if self._own is None:
            self._own = Pacer(1 / self._share, sleep=self._sleep, clock=self._clock)
        for _ in range(slots):
            self._own.wait_turn()

    def _asked(self, slots: int) -> bool:
        """Take slots from the server; False if it is down."""
        try:
            with client_that_does_not_wait() as client:
                if not self._offered:
                    self._when_free(lambda: self._offer(client))
                    self._offered = True
                sharing = max(1, self._when_free(lambda: _runs_at_work(client)))
                self._when_free(lambda: self._take(client, slots))
        except HTTPError as error:
            if not is_away(error):
                raise
            self._ask_at = self._clock() + ASK_AGAIN_S
            if self._own is None:
                self._away_since = self._clock()
                self._warn(
                    f"Prefect's server does not answer; until it does, this run makes at most {self._share:.1f} Spotify calls per second."
                )
            return False
        if self._own is not None:  # repeated, because what was logged in the meantime is lost
            away_s = self._clock() - self._away_since
            self._warn(
                f"Prefect's server gave no answer for {away_s:.0f} s; this run made at most {self._share:.1f} Spotify calls per second."
            )
            self._own = None
            send_what_was_not_sent()
        self._sharing = sharing
        return True

    def _when_free(self, ask: Callable[[], Answer]) -> Answer:
        """Ask again shortly while the server answers 503: then another run is writing to its SQLite."""
        for pause_s in BUSY_PAUSES_S:
            try:
                return ask()
            except HTTPStatusError as error:
                if error.response.status_code != codes.SERVICE_UNAVAILABLE:
                    raise
            self._sleep(pause_s)
        return ask()

    @property
    def _share(self) -> float:
        return self._rate / self._sharing

    def _warn(self, message: str) -> None:
        self._context.copy().run(logger.warning, message)

    def _offer(self, client: SyncPrefectClient) -> None:
        with suppress(ObjectAlreadyExists):  # another run made it between the client's look and its request
            client.upsert_global_concurrency_limit_by_name(RATE_LIMIT, max(SLOTS_A_REQUEST, math.ceil(self._rate)), self._rate)

    def _take(self, client: SyncPrefectClient, slots: int) -> None:
        while True:
            try:
                client.increment_concurrency_slots([RATE_LIMIT], slots, "rate_limit")
            except HTTPStatusError as error:
                if error.response.status_code != codes.LOCKED:
                    raise
                self._sleep(float(error.response.headers["Retry-After"]))
            else:
                return


def _runs_at_work(client: SyncPrefectClient) -> int:
    """The number of runs that may call Spotify now or are about to start."""
    at_work = FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING])
    return client.count_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[*LIST_FLOWS, PARENT_FLOW])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=at_work)),
    )
