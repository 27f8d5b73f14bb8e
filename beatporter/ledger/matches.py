"""Table `matches`: what was decided for a chart entry. Rows are never changed; `standing` says which of an entry's rows counts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from beatporter.ledger.columns import key_of
from beatporter.ledger.files import TableFiles, attempt, closing_each
from beatporter.ledger.home import Home
from beatporter.ledger.lookup import KeySet, find_rows, groups_with
from beatporter.ledger.tables import MATCHES
from beatporter.records.match import Match, RunnerUp


class Matches:
    """The table at one home."""

    def __init__(self, home: Home) -> None:
        self._files = TableFiles(MATCHES, home)

    def append(self, matches: Sequence[Match]) -> None:
        """Keep decisions; the same again, in any order, change nothing.

        Raises:
            LedgerUnwritable: the rows could not be written; none of them was.
        """
        rows = sorted(set(matches), key=rank)
        if rows:
            self._files.append(columns_of(rows))

    def latest(self, beatport_ids: Collection[int]) -> dict[int, Match]:
        """The decision that stands for each of the ids; undecided ids are left out.

        A person's decision stands whatever a machine decided after it; once withdrawn (method `forgotten`), that row stands
        until a machine decides anew.

        Raises:
            LedgerCorrupt: a file is damaged.
        """
        return attempt(lambda: standing(self._rows("beatport_id", set(beatport_ids), sorted(beatport_ids)))) if beatport_ids else {}

    def by_track(self, track_ids: Collection[str]) -> dict[str, list[Match]]:
        """Standing decisions for each of the Spotify tracks; tracks that stand for no entry are left out."""
        keys = {key_of(track_id) for track_id in track_ids}
        ids = attempt(lambda: {match.beatport_id for match in self._rows("track_key", keys)}) if keys else set()
        found: dict[str, list[Match]] = {}
        for match in self.latest(ids).values():
            if match.track_id is not None and match.track_id in track_ids:
                found.setdefault(match.track_id, []).append(match)
        return found

    def _rows(self, column: str, wanted: set[int], within: Sequence[int] | None = None) -> list[Match]:
        keys = KeySet(wanted)
        return [
            match_row(values)
            for file in closing_each(self._files.files())
            for values in find_rows(file, column, keys, groups_with(file, column, within) if within else range(file.row_groups))
        ]


def standing(matches: Iterable[Match]) -> dict[int, Match]:
    """The decision that stands for each Beatport id among all its rows."""
    by_id: dict[int, list[Match]] = {}
    for match in matches:
        by_id.setdefault(match.beatport_id, []).append(match)
    return {beatport_id: rows[0] for beatport_id, rows in ((found, worth_keeping(rows)) for found, rows in by_id.items())}


def worth_keeping(rows: Sequence[Match]) -> list[Match]:
    """Of one entry's rows the one that stands, and after it the person's last word where that is another row."""
    ordered = sorted(rows, key=rank)
    latest = ordered[-1]
    spoken = [row for row in ordered if row.method in ("person", "forgotten")]
    if not spoken or spoken[-1] == latest:
        return [latest]
    return [spoken[-1], latest] if spoken[-1].method == "person" else [latest, spoken[-1]]


def rank(match: Match) -> tuple[Any, ...]:
    """Sorts rows by entry and time; in one second a person comes after a machine, and the rest is the same whatever the order."""
    spoken = {"forgotten": 1, "person": 2}.get(match.method, 0)
    return match.beatport_id, match.decided_at, spoken, repr(match)


def columns_of(matches: Sequence[Match]) -> list[Sequence[Any]]:
    """The table's columns of rows."""
    return list(zip(*map(_values, matches), strict=True))


def match_row(values: tuple[Any, ...]) -> Match:
    """A record of a file's row."""
    runners_up = tuple(RunnerUp(**{**found, "artists": tuple(found["artists"])}) for found in json.loads(values[14] or "[]"))
    return replace(Match(*values[:14]), runners_up=runners_up) if runners_up else Match(*values[:14])


def _values(match: Match) -> tuple[Any, ...]:
    return (
        match.beatport_id,
        match.isrc,
        match.track_id,
        match.method,
        match.score,
        match.version,
        match.rules,
        match.decided_at,
        match.retry_at,
        match.reasons,
        match.track_name,
        match.track_artists,
        match.track_isrc,
        match.misses,
        json.dumps([asdict(found) for found in match.runners_up], ensure_ascii=False) if match.runners_up else None,
        key_of(match.track_id),
    )
