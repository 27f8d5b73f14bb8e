"""Step 2: find each chart entry on Spotify, searching only for undecided ones."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from beatporter.errors import BeatporterError, QuotaExceeded, RateLimited, RequestRefused, TransientError
from beatporter.matching import RULES, find_track
from beatporter.progress import Progress, report
from beatporter.quota.estimate import MAX_SEARCHES_PER_ENTRY, second_tries
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.sync.backlog import chart_and_backlog, tracks_to_add
from beatporter.sync.miss_rate import doubtful_misses, is_miss
from beatporter.sync.second_tries import SecondTries
from beatporter.sync.workspace import Workspace

logger = logging.getLogger(__name__)

SEARCHES_AT_ONCE = 4
BATCH = 20
"""Decisions are saved after each batch, so a killed run loses at most one batch of answers."""


def match_tracks(workspace: Workspace, slug: str, beatport_ids: Sequence[int]) -> list[str]:
    """Spotify ids of the chart's tracks that were found, in chart order, each once; decisions go to the table `matches`.

    After them come tracks of entries that left the chart before they got into the playlist, see `backlog`. Chart entries without a
    decision are searched first, then those that left the chart, then misses that are due again. When the quota or the budget is spent, or
    Spotify asks for a longer wait than `spotify_max_wait_s`, the rest stays undecided for a later run. A failed search decides nothing.

    Raises:
        TransientError: every search of a batch failed.
        SignInExpired, SettingsError: Spotify cannot be used at all.
    """
    genre = workspace.genre(slug)
    chart, earlier = chart_and_backlog(workspace, genre, beatport_ids)
    decided = workspace.ledger.matches.latest([entry.beatport_id for entry in [*chart, *earlier]])
    tries = SecondTries(workspace, genre, chart, earlier, decided)
    due = entries_to_search(workspace, chart, earlier, decided, tries)
    if due:
        decided.update(_search(workspace, due, decided, tries))
    report(Progress(slug, "match", len(beatport_ids), len(beatport_ids)))
    return list(dict.fromkeys([*found_tracks(beatport_ids, decided), *tracks_to_add(workspace, genre, earlier, decided)]))


def entries_to_search(
    workspace: Workspace,
    chart: Sequence[ChartEntry],
    earlier: Sequence[ChartEntry],
    decided: Mapping[int, Match],
    tries: SecondTries,
) -> list[ChartEntry]:
    """Entries worth a search now: undecided ones in chart order, those of earlier charts, then misses that are due again, as far
    as other genres do not need the calls."""
    undecided = [entry for entry in [*chart, *earlier] if is_undecided(decided.get(entry.beatport_id))]
    others = len(workspace.settings.enabled_lists()) - 1
    return undecided + tries.due()[: second_tries(workspace.max_searches, len(undecided), others)]


def is_undecided(match: Match | None) -> bool:
    """Whether an entry has no decision: never searched, or a person withdrew it."""
    return match is None or match.method == "forgotten"


def found_tracks(beatport_ids: Sequence[int], decided: Mapping[int, Match]) -> list[str]:
    """Spotify ids in chart order; two entries that are one recording on Spotify give it once."""
    matches = (decided.get(beatport_id) for beatport_id in beatport_ids)
    return list(dict.fromkeys(match.track_id for match in matches if match is not None and match.track_id))


@dataclass(frozen=True, slots=True)
class _Answers:
    matches: list[Match]
    failures: list[BeatporterError]
    spent: BeatporterError | None
    """Why to stop asking; None to go on."""

    def planned(self, batch: Sequence[ChartEntry], tries: SecondTries) -> _Answers:
        """The same with the time of the next search for each miss."""
        entries = {entry.beatport_id: entry for entry in batch}
        return replace(self, matches=[tries.plan(entries[match.beatport_id], match) for match in self.matches])


def _search(workspace: Workspace, due: Sequence[ChartEntry], decided: Mapping[int, Match], tries: SecondTries) -> dict[int, Match]:
    found: dict[int, Match] = {}
    with _searchers() as pool:
        for start in range(0, len(due), BATCH):
            report(Progress(workspace.slug, "match", start, len(due)))
            batch = due[start : start + BATCH]
            answers = _without_doubtful(workspace, _ask(workspace, pool, batch, decided), decided).planned(batch, tries)
            workspace.ledger.matches.append(answers.matches)
            found.update((match.beatport_id, match) for match in answers.matches)
            if answers.spent is not None:
                said = f"{len(due) - len(found)} entries deferred: {answers.spent}"
                logger.warning("%s: %s", workspace.slug, said)
                report(Progress(workspace.slug, "match", start, len(due), note=said))
                break
            if answers.failures and not answers.matches:
                raise answers.failures[-1]
    return found


def _without_doubtful(workspace: Workspace, answers: _Answers, decided: Mapping[int, Match]) -> _Answers:
    """The answers without misses that may be the search's own fault; in that case searching stops."""
    doubt = doubtful_misses(workspace, answers.matches, decided)
    if doubt is None:
        return answers
    return _Answers([match for match in answers.matches if not is_miss(match)], answers.failures, doubt)


@contextmanager
def _searchers() -> Iterator[ThreadPoolExecutor]:
    """Threads that search. A stopped run does not wait for them, since one may be in a pause of a minute."""
    pool = ThreadPoolExecutor(SEARCHES_AT_ONCE, thread_name_prefix="search")
    try:
        yield pool
    except Exception:
        pool.shutdown(cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _ask(workspace: Workspace, pool: ThreadPoolExecutor, batch: Sequence[ChartEntry], decided: Mapping[int, Match]) -> _Answers:
    def find(entry: ChartEntry) -> Match:
        return find_track(
            entry,
            workspace.spotify.search,
            version_order=workspace.settings.version_order,
            rules=RULES,
            now=workspace.now(),
            previous=decided.get(entry.beatport_id),
        )

    matches: list[Match] = []
    failures: list[BeatporterError] = []
    spent: BeatporterError | None = None
    rest = list(batch)
    while rest and spent is None:
        try:
            most = workspace.budget.searches_left(MAX_SEARCHES_PER_ENTRY) // MAX_SEARCHES_PER_ENTRY
        except QuotaExceeded as error:
            spent = error
            break
        now, rest = rest[:most], rest[most:]
        for entry, outcome in _outcomes([(entry, pool.submit(find, entry)) for entry in now]):
            if isinstance(outcome, Match):
                matches.append(outcome)
            elif isinstance(outcome, QuotaExceeded | RateLimited):
                spent = outcome
            else:
                artists = ", ".join(entry.artists)
                logger.warning("%s: no answer for %s – %s; left for a later run: %s", workspace.slug, artists, entry.name, outcome)
                failures.append(outcome)
    return _Answers(matches, failures, spent)


def _outcomes(asked: Sequence[tuple[ChartEntry, Future[Match]]]) -> Iterator[tuple[ChartEntry, Match | BeatporterError]]:
    """Each entry with its match, or with the error that concerns only this entry; other errors are raised."""
    for entry, future in asked:
        try:
            yield entry, future.result()
        except (QuotaExceeded, TransientError, RequestRefused) as error:
            yield entry, error
