"""The sources of charts, tried in the person's order: the first that returns a complete chart wins.

After a challenge a source is left alone for a growing time, which the ledger records; nothing works around a challenge. This module
neither stores charts nor falls back to older ones.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from beatporter.beatport.found import FoundChart, GenreNames, LabelPage
from beatporter.beatport.sign_in import BLOCK_TYPE, AccountStore, account_block, uses_account
from beatporter.clock import Clock, utc_now
from beatporter.errors import (
    BeatporterError,
    ChallengeShown,
    ChartNotYet,
    ChartUnavailable,
    PageShapeChanged,
    SettingsError,
    SignInExpired,
    TransientError,
    UpstreamDown,
)
from beatporter.genres import Genre, retired_words
from beatporter.records.chart import Chart
from beatporter.settings import Settings
from beatporter.subscriptions import Subscription

if TYPE_CHECKING:
    from beatporter.beatport.api import AccessTokens, Api
    from beatporter.beatport.client import BeatportClient

logger = logging.getLogger(__name__)
T = TypeVar("T")

FOLDER = "beatport"
BAD_COPIES = "bad-charts"
_WAYS = (
    "Save the page from your browser (`beatporter inbox`), or sign in with `beatporter login beatport`; "
    "with BEATPORTER_STALE_CHART_DAYS the last good chart is used meanwhile."
)


class ChartSource(Protocol):
    """A source of charts."""

    def read_chart(self, chart: Genre) -> FoundChart:
        """The current chart in its order; without entries if it has no rows.

        Raises:
            BeatporterError: why it cannot be had.
        """


class LabelSource(ChartSource, Protocol):
    """A source of charts and labels."""

    def read_label(self, label: Subscription, page: int) -> LabelPage:
        """One page of the label's tracks, newest first; pages count from 1.

        Raises:
            BeatporterError: why it cannot be had.
        """


class Rests(Protocol):
    """Remembers challenges; the ledger's table does this."""

    def rests_until(self, source: str, now: datetime) -> datetime | None:
        """Until when the source is left alone; None if it may be asked."""

    def note_challenge(self, source: str, now: datetime) -> datetime:
        """Record a challenge; returns until when the source is left alone."""

    def note_answer(self, source: str, now: datetime) -> None:
        """Record that the source answers again."""


class HandedOver(Protocol):
    """Charts that the person handed over; the ledger stores them."""

    def latest(self, chart: Genre, now: datetime) -> Chart | None:
        """Today's chart, if any."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A source without a chart, and the reason."""

    source: str
    error: BeatporterError

    def __str__(self) -> str:
        return f"{self.source}: {self.error.what}"

    @property
    def note(self) -> str:
        """The note about it if another source had the chart."""
        return f"The source {self.source} gave no chart: {self.error.what}"


class SourceChain:
    """Sources in their order.

    Args:
        sources: each is opened when it is first asked.
        rests: remembers which are left alone after a challenge; None remembers nothing.
    """

    def __init__(self, sources: Mapping[str, Callable[[], ChartSource]], *, rests: Rests | None, now: Clock) -> None:
        self._openers, self._rests, self._now = dict(sources), rests, now
        self._open: dict[str, ChartSource] = {}

    def read_chart(self, chart: Genre) -> FoundChart:
        """The chart from the first source that has it complete, with a note for each source that refused before.

        Raises:
            BeatporterError: no source has it: the source's own error if there is only one, otherwise a summary of all.
        """

        def read(source: ChartSource) -> FoundChart:
            found = source.read_chart(chart)
            if not found.entries:
                raise ChartUnavailable(
                    f"Beatport's chart of {chart.name} is empty.", "Look at it on the website; the next run tries again."
                )
            return found

        name, found, refusals = self._first(chart, read)
        cut = found.entries[: chart.top] if isinstance(chart, Subscription) else found.entries
        said = tuple(f"{refusal.note} It came from {name}." for refusal in refusals if _is_news(refusal))
        return replace(found, entries=cut, notes=(*said, *found.notes), source=name)

    def read_label(self, label: Subscription, page: int) -> tuple[str, LabelPage]:
        """One page of the label, and the source that it comes from.

        Raises:
            BeatporterError: as `read_chart`.
        """

        def read(source: ChartSource) -> LabelPage:
            if not hasattr(source, "read_label"):
                raise ChartUnavailable("It has no pages of labels.")
            found: LabelPage = source.read_label(label, page)
            return found

        name, found, _ = self._first(label, read)
        return name, found

    def read_genres(self) -> GenreNames:
        """Beatport's genres: of the API, which has them all, otherwise of the first source that shows some.

        Raises:
            BeatporterError: as `read_chart`.
        """

        def read(source: ChartSource) -> GenreNames:
            if not hasattr(source, "read_genres"):
                raise ChartUnavailable("It does not know Beatport's genres.")
            found: GenreNames = source.read_genres()
            return found

        name, found, _ = self._first(None, read, sorted(self._openers, key=lambda name: name != "api"))
        return replace(found, source=name)

    def _first(
        self, chart: Genre | None, read: Callable[[ChartSource], T], order: Sequence[str] | None = None
    ) -> tuple[str, T, list[Refusal]]:
        """What the first source gives that can, and who refused before; `chart` is None for the list of genres."""
        refusals: list[Refusal] = []
        for name in order or self._openers:
            try:
                return name, self._ask(name, read), refusals
            except BeatporterError as error:
                refusals.append(Refusal(name, error))
                if len(self._openers) > 1:
                    logger.info("%s: %s", chart.slug if chart else "genres", refusals[-1])
        raise _none_gave(chart, refusals) from None

    def _ask(self, name: str, read: Callable[[ChartSource], T]) -> T:
        until = self._rests.rests_until(name, self._now()) if self._rests is not None else None
        if until is not None:
            raise ChallengeShown(
                f"It is left alone until {until:%Y-%m-%d %H:%M} UTC, since Beatport asked for proof of a human there.", _WAYS
            )
        if name not in self._open:
            self._open[name] = self._openers[name]()
        try:
            found = read(self._open[name])
        except ChallengeShown as error:
            if self._rests is None:
                raise
            until = self._rests.note_challenge(name, self._now())
            raise ChallengeShown(f"{error.what} It is left alone until {until:%Y-%m-%d %H:%M} UTC.", error.remedy) from None
        if self._rests is not None:
            self._rests.note_answer(name, self._now())
        return found


def open_source(
    settings: Settings,
    *,
    sleep: Callable[[float], None] = time.sleep,
    now: Clock = utc_now,
    rests: Rests | None = None,
    handed_over: HandedOver | None = None,
    account_store: AccountStore | None = None,
) -> SourceChain:
    """The sources that the settings name. Opens none of them and sends no request yet.

    Args:
        sleep: called with seconds to pause (between requests, before retries).
        rests: remembers challenges.
        handed_over: charts that the person handed over.
        account_store: the block with the sign-in to Beatport; None for the file.
    """
    openers: dict[str, Callable[[], ChartSource]] = {
        "website": lambda: _open_website(settings, sleep, now),
        "api": lambda: open_api(settings, sleep=sleep, now=now, account_store=account_store),
        "inbox": lambda: _Inbox(handed_over, now),
        "file": lambda: _open_folder(settings, now),
    }
    return SourceChain({name: openers[name] for name in settings.chart_source}, rests=rests, now=now)


def fetch_chart(source: SourceChain, chart: Genre, now: datetime) -> Chart:
    """The chart as a record.

    Args:
        now: time of the request; aware.

    Raises:
        ChartUnavailable: the chart is empty.
        BeatporterError: as the source.
    """
    return Chart(chart.genre_id, source.read_chart(chart).entries, now.astimezone(UTC).replace(microsecond=0))


class _Inbox:
    """The source of charts that the person handed over today."""

    def __init__(self, handed_over: HandedOver | None, now: Clock) -> None:
        self._handed_over, self._now = handed_over, now

    def read_chart(self, chart: Genre) -> FoundChart:
        """Today's chart from the inbox.

        Raises:
            ChartUnavailable: nobody handed it over today.
        """
        found = self._handed_over.latest(chart, self._now()) if self._handed_over is not None else None
        if found is None:
            raise ChartUnavailable(f"Nobody handed {chart.name} over today.", "`beatporter inbox` shows how.")
        return FoundChart(found.entries, (f"Handed over at {found.scraped_at:%H:%M} UTC.",))

    def read_label(self, label: Subscription, page: int) -> LabelPage:
        """The tracks of the label that were handed over, as its only page.

        Raises:
            ChartUnavailable: nothing was today.
        """
        entries = self.read_chart(label).entries
        return LabelPage(entries if page == 1 else (), page, len(entries), max(1, len(entries)))


def open_api(
    settings: Settings, *, sleep: Callable[[float], None] = time.sleep, now: Clock = utc_now, account_store: AccountStore | None = None
) -> Api:
    """The API with the person's token or sign-in.

    Raises:
        SettingsError: there is neither.
    """
    from beatporter.beatport.api import Api, fixed_token
    from beatporter.beatport.sign_in import open_account
    from beatporter.beatport.tokens import AccountTokens

    if account_block(settings) is not None and open_account(settings, account_store) is None:
        block = f"{BLOCK_TYPE}{account_block(settings)}"
        raise SettingsError(f"There is no Prefect block {block} with a sign-in.", "Run `beatporter login beatport --block NAME`.")
    if not uses_account(settings) or open_account(settings, account_store) is None:
        tokens: AccessTokens = fixed_token(settings)
    else:
        tokens = AccountTokens(settings, account_store, now=now, sleep=sleep)
    return Api(_client(settings, sleep, now), settings.beatport_api_url, tokens, now=now, copies=settings.home / BAD_COPIES)


def _open_website(settings: Settings, sleep: Callable[[float], None], now: Clock) -> ChartSource:
    from beatporter.beatport.website import Website

    return Website(_client(settings, sleep, now), settings.beatport_url, settings.home / FOLDER, settings.home / BAD_COPIES)


def _open_folder(settings: Settings, now: Clock) -> ChartSource:
    from beatporter.beatport.file import Folder

    return Folder(settings.chart_files, frozenset(settings.all_genres()), now=now)


def _client(settings: Settings, sleep: Callable[[float], None], now: Clock) -> BeatportClient:
    from beatporter.beatport.client import BeatportClient
    from beatporter.http.pacing import Pacer
    from beatporter.http.session import HttpSession

    pacer = Pacer(settings.beatport_interval_s, file=settings.home / FOLDER / "next-request", sleep=sleep)
    return BeatportClient(HttpSession(settings.http_timeout_s, follow_redirects=True), pacer, now=now, sleep=sleep)


def _is_news(refusal: Refusal) -> bool:
    """Whether to report a refusal although another source had the chart; not if the source was never set up."""
    return not isinstance(refusal.error, SettingsError) and refusal.source != "inbox"


def _none_gave(chart: Genre | None, refusals: list[Refusal]) -> BeatporterError:
    """One error for what all sources said; its kind is that of the refusal that matters most."""
    if chart is not None and (retired := retired_words(chart)):
        return ChartUnavailable(f"There is no chart of {chart.name}. {retired}", "Take it out of genre_ids and genres.")
    if len(refusals) == 1:
        return refusals[0].error
    said = " ".join(f"{refusal}" for refusal in refusals)
    what = f"No source gave {f'the chart of {chart.name}' if chart else 'the list of genres'}. {said}"
    errors = [refusal.error for refusal in refusals]
    for kind in (PageShapeChanged, ChartNotYet, TransientError, ChallengeShown, SignInExpired):
        found = next((error for error in errors if isinstance(error, kind)), None)
        if found is None:
            continue
        if isinstance(found, TransientError):
            return UpstreamDown(what, found.remedy, outcome_unknown=False)
        return type(found)(what, _WAYS if kind is ChallengeShown else found.remedy)
    return ChartUnavailable(what, _WAYS)
