"""Table `matches`: what was decided for a chart entry. Rows never change; `standing` picks the row of an entry that counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import astuple, fields
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text, case, cast, func, select, type_coerce

from beatporter.ledger.column_types import fingerprint
from beatporter.ledger.database import Database
from beatporter.ledger.history import chunks
from beatporter.ledger.tables import ENTRIES, MATCHES, columns_of
from beatporter.records.match import LateEntry, Match

BY_MACHINE = ("isrc", "search")
"""The methods by which a machine decides."""
_SECONDS = 10
"""Digits of a time in seconds since 1970, from 2001 to 2286."""
_NAMES = [field.name for field in fields(Match)]


class Matches:
    """The table in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, matches: Sequence[Match]) -> None:
        """Save decisions; saving them again, in any order, changes nothing.

        Raises:
            LedgerUnwritable, LedgerUnavailable: the rows could not be written; none were.
        """
        rows = [
            {"fingerprint": fingerprint(*astuple(match))} | {name: getattr(match, name) for name in _NAMES}
            for match in sorted(set(matches), key=rank)
        ]
        if rows:
            with self._database.transaction() as connection:
                self._database.send(connection, self._database.insert(MATCHES).on_conflict_do_nothing(), rows)

    def latest(self, beatport_ids: Collection[int]) -> dict[int, Match]:
        """The current decision for each of the ids; undecided ids are left out.

        A person's decision overrides every machine's, whatever the order. Once it is withdrawn (method `forgotten`), that row counts
        until a machine decides again.
        """
        query = select(*columns_of(MATCHES, Match))
        found: list[Match] = []
        with self._database.read() as connection:
            for part in chunks(sorted(set(beatport_ids))):
                found += (Match(*row) for row in connection.execute(query.where(MATCHES.c.beatport_id.in_(part))))
        return standing(found)

    def all_standing(self, at_once: int = 500) -> Iterator[dict[int, Match]]:
        """Every entry's current decision, in the order of their ids, up to `at_once` entries at a time."""
        after = -1
        while True:
            query = select(MATCHES.c.beatport_id).where(MATCHES.c.beatport_id > after).distinct().order_by(MATCHES.c.beatport_id)
            with self._database.read() as connection:
                ids = list(connection.execute(query.limit(at_once)).scalars())
            if not ids:
                return
            yield self.latest(ids)
            after = ids[-1]

    def by_track(self, track_ids: Collection[str]) -> dict[str, list[Match]]:
        """Current decisions for each of the Spotify tracks; tracks without one are left out."""
        ids: set[int] = set()
        with self._database.read() as connection:
            for part in chunks(sorted(set(track_ids))):
                ids.update(connection.execute(select(MATCHES.c.beatport_id).where(MATCHES.c.track_id.in_(part))).scalars())
        found: dict[str, list[Match]] = {}
        for match in self.latest(ids).values():
            if match.track_id is not None and match.track_id in track_ids:
                found.setdefault(match.track_id, []).append(match)
        return found

    def recent_isrcs(self, count: int) -> list[str]:
        """ISRCs under which tracks were found last, latest first, each once."""
        query = select(MATCHES.c.track_isrc).where(MATCHES.c.method == "isrc", MATCHES.c.track_isrc.is_not(None))
        with self._database.read() as connection:
            latest = connection.execute(query.order_by(MATCHES.c.id.desc()).limit(4 * count)).scalars()
            return list(dict.fromkeys(latest))[:count]

    def that_took(self, track_ids: Collection[str]) -> dict[str, Match]:
        """The latest decision that chose each of the Spotify tracks, current or not; other tracks are left out."""
        query = select(*columns_of(MATCHES, Match)).order_by(MATCHES.c.decided_at, MATCHES.c.id)
        found: dict[str, Match] = {}
        with self._database.read() as connection:
            for part in chunks(sorted(set(track_ids))):
                found |= {row.track_id: Match(*row) for row in connection.execute(query.where(MATCHES.c.track_id.in_(part)))}
        return found

    def missed_since(self, beatport_ids: Collection[int]) -> dict[int, datetime]:
        """For each entry that is missing, when it was first missed; the misses before it was last found do not count."""
        names = ("beatport_id", "decided_at", "track_id", "method")
        query = select(*(MATCHES.c[name] for name in names)).order_by(MATCHES.c.decided_at, MATCHES.c.id)
        found: dict[int, datetime] = {}
        with self._database.read() as connection:
            for part in chunks(sorted(set(beatport_ids))):
                for row in connection.execute(query.where(MATCHES.c.beatport_id.in_(part))):
                    if row.track_id is None and row.method in BY_MACHINE:
                        found.setdefault(row.beatport_id, row.decided_at)
                    else:
                        found.pop(row.beatport_id, None)
        return found

    def late_entries(self, since: datetime) -> list[LateEntry]:
        """Entries that were missed since a time and searched again, in no order. One that was lost again after it was found is left out.

        A row for each entry and not for each search, with nothing to convert: every genre's run reads the entries of months.
        """
        at_s = type_coerce(MATCHES.c.decided_at, BigInteger)
        by_machine, is_miss = MATCHES.c.method.in_(BY_MACHINE), MATCHES.c.track_id.is_(None)
        first = select(MATCHES.c.beatport_id, func.min(at_s).label("at")).where(is_miss, by_machine, MATCHES.c.decided_at >= since)
        missed = first.group_by(MATCHES.c.beatport_id).subquery()
        signed = cast(at_s, Text).concat(MATCHES.c.rules)  # all of the same length up to the rules, so they are in order of time
        last, found = func.max(case((is_miss, signed))).label("last"), func.min(case((~is_miss, signed))).label("found")
        tried = select(MATCHES.c.beatport_id, missed.c.at, last, found)
        tried = tried.join(missed, missed.c.beatport_id == MATCHES.c.beatport_id).where(by_machine, at_s >= missed.c.at)
        one = tried.group_by(MATCHES.c.beatport_id, missed.c.at).having(func.count() > 1).subquery()
        same = ENTRIES.alias()
        newest = select(func.max(same.c.entry)).where(same.c.beatport_id == one.c.beatport_id).scalar_subquery()
        said = (type_coerce(ENTRIES.c.label, Text), type_coerce(ENTRIES.c.publish_date, Text))
        query = select(*said, one.c.at, one.c.last, one.c.found).select_from(one.outerjoin(ENTRIES, ENTRIES.c.entry == newest))
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [_late_entry(*row) for row in rows if row[4] is None or row[3] < row[4]]


def _late_entry(label: str | None, publish_date: str | None, missed_s: int, last: str, found: str | None) -> LateEntry:
    """From a row; a track that other rules found may have been there all the time."""
    same_rules = found is not None and found[_SECONDS:] == last[_SECONDS:]
    return LateEntry(label, publish_date, missed_s, int(last[:_SECONDS]), int(found[:_SECONDS]) if found and same_rules else None)


def standing(matches: Iterable[Match]) -> dict[int, Match]:
    """The current decision for each Beatport id among all its rows: the latest, but a person's before any machine's."""
    by_id: dict[int, list[Match]] = {}
    for match in sorted(matches, key=rank):
        by_id.setdefault(match.beatport_id, []).append(match)
    return {beatport_id: _standing_of(rows) for beatport_id, rows in by_id.items()}


def _standing_of(rows: Sequence[Match]) -> Match:
    spoken = [row for row in rows if row.method in ("person", "forgotten")]
    return spoken[-1] if spoken and spoken[-1].method == "person" else rows[-1]


def rank(match: Match) -> tuple[Any, ...]:
    """Sort key: rows by entry and time; within a second a person comes after a machine. The order is total, so any input order will do."""
    spoken = {"forgotten": 1, "person": 2}.get(match.method, 0)
    return match.beatport_id, match.decided_at, spoken, repr(match)
