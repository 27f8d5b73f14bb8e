"""What the steps of one run share: settings, the ledger, a clock, and the two services, opened when first used.

Their modules are imported then too: commands that only look into the ledger must not wait for an HTTP library and an HTML parser.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import copy_context
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from beatporter.beatport.sign_in import AccountStore
from beatporter.clock import Clock, utc_now
from beatporter.genres import Genre
from beatporter.ledger.ledger import Ledger
from beatporter.progress import Progress, report
from beatporter.quota.budget import CallBudget
from beatporter.settings import Settings
from beatporter.spotify.sign_in import SignInStore

if TYPE_CHECKING:
    from beatporter.beatport.sources import SourceChain
    from beatporter.spotify.client import SpotifyClient

logger = logging.getLogger(__name__)


class Workspace:
    """One run's settings, ledger, clock and services. A context manager: leaving it gives unused calls back and settles the ledger.

    Args:
        settings: read once by the caller.
        ledger: stores everything.
        run_key: identifies the run; shared by a run, its retries, and all genres of one parent.
        slug: the genre whose Spotify calls are counted; empty for the account's listing.
        max_searches: most searches that this run may make; None for whatever the day's budget has left.
        acquire: takes slots of a rate shared by several processes; None for this process's own.
        reserve: calls that no search may use, so that what was found can still be written.
        sign_in_store: where the sign-in is kept; None for the settings or the file.
        account_store: where the sign-in to Beatport is kept; None for the file.
    """

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        *,
        run_key: str,
        slug: str = "",
        max_searches: int | None = None,
        reserve: int = 0,
        acquire: Callable[[int], None] | None = None,
        sign_in_store: SignInStore | None = None,
        account_store: AccountStore | None = None,
        now: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self.run_key = run_key
        self.slug = slug
        self.max_searches = max_searches
        self.reserve = reserve
        self.acquire = acquire
        self.sign_in_store = sign_in_store
        self.account_store = account_store
        self.now = now
        self.sleep = sleep
        self._open = ExitStack()
        self._context = copy_context()

    def genre(self, slug: str) -> Genre:
        """Find a genre by its slug, or the chart or label that takes a genre's place.

        Raises:
            UnknownGenre, UnknownChart: naming the nearest.
        """
        return self.settings.find_list(slug)

    @cached_property
    def source(self) -> SourceChain:
        """The sources of charts, in the order that the settings name."""
        from beatporter.beatport.sources import open_source
        from beatporter.sync.inbox import Inbox

        inbox = Inbox(self.settings, self.ledger, now=self.now)
        return open_source(
            self.settings,
            sleep=self.sleep,
            now=self.now,
            rests=self.ledger.challenges,
            handed_over=inbox,
            account_store=self.account_store,
        )

    @cached_property
    def calls_key(self) -> str:
        """The key under which the ledger counts this run's calls."""
        return calls_key(self.run_key, self.slug)

    @cached_property
    def budget(self) -> CallBudget:
        """The run's access to the day's calls."""
        budget = CallBudget(
            self.ledger.calls,
            self.settings.spotify_daily_budget,
            self.calls_key,
            now=self.now,
            max_searches=self.max_searches,
            reserve=self.reserve,
            sleep=self.sleep,
            on_wait=self._tell_wait,
        )
        return self._open.enter_context(budget)

    @cached_property
    def spotify(self) -> SpotifyClient:
        """The client.

        Raises:
            SettingsError: naming the credentials that are missing.
        """
        from beatporter.spotify.client import open_client

        return open_client(
            self.settings,
            self.budget,
            now=self.now,
            sleep=self.sleep,
            on_wait=self._tell_wait,
            acquire=self.acquire,
            sign_in_store=self.sign_in_store,
        )

    @cached_property
    def account_id(self) -> str:
        """The signed-in account's id; costs one call, unless a listing of this run has it."""
        listing = self.ledger.listings.of_run(self.run_key)
        return listing[0].owner_id if listing else self.spotify.me().account_id

    def _tell_wait(self, seconds: float, why: str) -> None:
        """Tell listeners and the log, in the context of the thread that opened this: the search threads have neither."""
        note = f"waiting {_span(seconds)}: {why}"

        def tell() -> None:
            report(Progress(self.slug, "wait", note=note))
            logger.warning("%s: %s", self.slug or "Spotify", note)

        self._context.copy().run(tell)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._open.close()
        self.ledger.database.settle()


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def calls_key(run_key: str, slug: str = "") -> str:
    """The key under which the ledger counts a genre's calls of a run."""
    return f"{run_key}/{slug}" if slug else run_key
