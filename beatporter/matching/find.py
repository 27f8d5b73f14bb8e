"""Searches for the track of one chart entry: what to ask, in which order, and what to keep of the answer.

Owns the queries and the decision record. The caller passes in the search, and its errors pass through: a failed search is never a miss.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from beatporter.matching import weights
from beatporter.matching.credits import names_person
from beatporter.matching.decide import OWN_FIRST, Decision, cut_rank, decide, runners_up
from beatporter.matching.explain import why, why_not
from beatporter.matching.judge import isrcs_agree, lengths_agree
from beatporter.matching.normalise import joined_names, normalise
from beatporter.matching.title import parse_entry_title, parse_title
from beatporter.matching.version import OTHER
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match, Verdict
from beatporter.records.track import SpotifyTrack

Search = Callable[[str], Sequence[SpotifyTrack]]
"""Asks Spotify's /search for at most ten tracks; raises when there is no answer."""

_DISAMBIGUATION = re.compile(r"\s+\([^()]*\)$")
_NOT_IN_FILTERS = re.compile(r"[\"“”„:*]")
_MAX_QUERY: Final = 200
_FULL_ANSWER: Final = 10
"""The most tracks that a search returns."""
_OTHERS: Final = frozenset({"another title", "another artist"})


def isrc_query(entry: ChartEntry) -> str | None:
    """The query for what a name leaves open: the recording by its ISRC; None when the chart has no ISRC."""
    return f"isrc:{entry.isrc}" if entry.isrc else None


def field_query(entry: ChartEntry) -> str:
    """The first query: title and first artist in their fields, after the words of the version.

    The form is that of Spotify's own example, "remaster track:Doxy artist:Miles Davis". Cuts are left out of the words, since most
    tracks do not name theirs.
    """
    return _joined(_version_words(entry), f"track:{_written_title(entry)}", f"artist:{_searchable(_first_artist(entry))}")


def plain_query(entry: ChartEntry) -> str:
    """The same words without fields, for titles and names that the services spell differently."""
    return _joined(_searchable(_first_artist(entry)), _written_title(entry), _version_words(entry))


def find_track(
    entry: ChartEntry,
    search: Search,
    *,
    version_order: Sequence[str] = OWN_FIRST,
    rules: str = weights.RULES,
    now: datetime,
    previous: Match | None = None,
) -> Match:
    """Find a chart entry's track with as few searches as possible.

    Args:
        entry: the chart's row.
        search: asks Spotify; its errors pass through, and then nothing is decided.
        version_order: cuts in the order of preference, see `decide`.
        rules: version of the rules to record in the decision.
        now: aware, UTC.
        previous: the decision before this one; its misses lengthen the time to the next try.
    """
    found: dict[str, SpotifyTrack] = {}
    by_isrc: frozenset[str] = frozenset()
    decision = Decision(None, ())
    misses = previous.misses if previous and previous.track_id is None and previous.method in ("isrc", "search") else 0
    for query in queries(entry, misses):
        answer = search(query)
        if query == isrc_query(entry):
            # A track from an ISRC search has that ISRC, even if the answer omits it (as it did in early 2026).
            answer = [replace(track, isrc=track.isrc or entry.isrc) for track in answer]
            by_isrc = frozenset(track.track_id for track in answer)
        found |= {track.track_id: track for track in answer}
        decision = decide(entry, found.values(), version_order)
        if decision.best and (entry.isrc is None or _settles(entry, decision.best, version_order, is_whole=_is_whole(answer, decision))):
            break
    decided_at = now.replace(microsecond=0)
    if previous is not None:
        decided_at = max(decided_at, previous.decided_at + timedelta(seconds=1))  # the later one counts
    return record_decision(entry, decision, rules=rules, decided_at=decided_at, by_isrc=by_isrc, misses=misses)


def queries(entry: ChartEntry, misses: int = 0) -> tuple[str, ...]:
    """The queries for an entry, in this order, until one settles it.

    Two at most. The name comes first, since its answer mostly holds the equal ISRC; if it does not, it shows that Spotify
    has only another cut. The ISRC follows if anything is still open. At every other try after a miss the name is asked without
    fields: a miss is tried again anyway, so no day pays for both. Measurements: docs/decisions/matching-searches.md.

    Args:
        entry: the chart's row.
        misses: how many times in a row nothing was found before.
    """
    by_isrc = isrc_query(entry)
    if by_isrc is None:
        return field_query(entry), plain_query(entry)
    return plain_query(entry) if misses % 2 else field_query(entry), by_isrc


def is_due(match: Match, rules: str, now: datetime) -> bool:
    """Whether an entry has to be searched for (again).

    Args:
        match: the decision that stands.
        rules: version of the rules in force.
        now: aware, UTC.
    """
    if match.method == "forgotten":
        return True
    if match.method == "person" or match.track_id is not None:
        return False
    soon = now + timedelta(hours=weights.RETRY_EARLY_HOURS)
    return match.rules != rules or match.retry_at is None or match.retry_at <= soon


def _settles(entry: ChartEntry, best: Verdict, version_order: Sequence[str], *, is_whole: bool) -> bool:
    """Whether nothing better can come of another search: the most wanted cut, and it can be played.

    Args:
        is_whole: the answer holds all that Spotify has under that name, so that a cut which is not in it is not there.
    """
    if best.track.is_playable is False:
        return False
    if isrcs_agree(entry, best.track) and best.version == "same":
        return cut_rank(entry, best, version_order) == 0
    if best.score < weights.DOUBT:
        return False
    if lengths_agree(entry, best.track):  # the same, or one recording whose cut is named in another way
        return version_order[0] == "own" if best.version == "substitute" else cut_rank(entry, best, version_order) == 0
    return is_whole and bool(entry.length_ms and best.track.duration_ms)


def _is_whole(answer: Sequence[SpotifyTrack], decision: Decision) -> bool:
    """Whether an answer goes on past the tracks of the entry's title and artist, or ends before it is full."""
    if len(answer) < _FULL_ANSWER:
        return True
    of_others = {verdict.track.track_id for verdict in decision.others if not _OTHERS.isdisjoint(verdict.rejected)}
    return any(track.track_id in of_others for track in answer[_FULL_ANSWER // 2 :])


def record_decision(
    entry: ChartEntry,
    decision: Decision,
    *,
    decided_at: datetime,
    rules: str = weights.RULES,
    by_isrc: frozenset[str] = frozenset(),
    misses: int = 0,
) -> Match:
    """The decision as the ledger keeps it.

    Args:
        decided_at: aware, UTC.
        by_isrc: tracks that the ISRC search found.
        misses: how many times in a row nothing was found before.
    """
    match = Match(
        beatport_id=entry.beatport_id,
        isrc=entry.isrc,
        track_id=None,
        method="search",
        score=0.0,
        version=None,
        rules=rules,
        decided_at=decided_at,
        retry_at=None,
        runners_up=runners_up(decision),
    )
    best = decision.best
    if best is None:
        misses += 1
        wait = timedelta(days=weights.RETRY_DAYS[min(misses, len(weights.RETRY_DAYS)) - 1])
        return replace(match, retry_at=decided_at + wait, reasons=why_not(decision), misses=misses)
    return replace(
        match,
        track_id=best.track.track_id,
        method="isrc" if best.track.track_id in by_isrc or isrcs_agree(entry, best.track) else "search",
        score=best.score,
        version=best.version,
        reasons=why(entry, best, decision.others),
        track_name=best.track.name,
        track_artists=best.track.artists,
        track_isrc=best.track.isrc,
        track_duration_ms=best.track.duration_ms,
        track_album=best.track.album,
        track_album_type=best.track.album_type,
        track_release_date=best.track.release_date,
    )


def _version_words(entry: ChartEntry) -> str:
    """What distinguishes the version from others of the title, as the entry writes it: remixer or kind, without the words for cuts."""
    version = parse_entry_title(entry.name, entry.mix_name, entry.remixers).version
    kinds = version.kinds - {"remix", "edit", OTHER}
    wanted = version.names | {word for kind in kinds for word in kind.split()}
    written = [word for word in normalise(version.text).split() if word in wanted]
    return " ".join(dict.fromkeys([*written, *sorted(wanted - set(written))]))


def _searchable(text: str) -> str:
    """A text as a value of a field filter, in its own spelling: without what would end the filter or begin another."""
    return " ".join(_NOT_IN_FILTERS.sub(" ", text).split())


def _written_title(entry: ChartEntry) -> str:
    return _searchable(parse_title(entry.name).written) or entry.name


def _first_artist(entry: ChartEntry) -> str:
    """The first artist who is not the remixer, since Beatport lists remixers among the artists at times; of a joint name the first."""
    title = parse_entry_title(entry.name, entry.mix_name, entry.remixers)
    originals = [name for name in entry.artists if not names_person(name, entry.remixers, title.version.names)]
    artist = next(iter(originals or entry.artists), "")
    return _DISAMBIGUATION.sub("", next(iter(joined_names(artist)), artist))


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)[:_MAX_QUERY].strip()
