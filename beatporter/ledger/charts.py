"""Tables `charts`, `chart_entries` and `entries`: every chart that was scraped. A genre's newest one is its current chart."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, Row, Select, bindparam, func, literal, select

from beatporter.ledger.column_types import fingerprint
from beatporter.ledger.database import Database
from beatporter.ledger.history import chunks
from beatporter.ledger.tables import CHART_ENTRIES, CHARTS, ENTRIES
from beatporter.records.chart import Chart, ChartEntry

_NAMES = [field.name for field in fields(ChartEntry)]
_COLUMNS = [CHART_ENTRIES.c.position, *(ENTRIES.c[name] for name in _NAMES[1:])]
_SINCE_2026 = ("sub_genre", "is_dj_version", "camelot")
"""Not part of the fingerprint where Beatport says none of them, so that what was kept before them is still the same."""


class Charts:
    """The tables in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, chart: Chart) -> None:
        """Save a chart; saving it again changes nothing.

        Raises:
            ValueError: the chart has no entries.
            LedgerUnwritable, LedgerUnavailable: it could not be written.
        """
        if not chart.entries:
            raise ValueError(f"The chart of genre {chart.genre_id} has no entries.")
        prints = {entry: _fingerprint(entry) for entry in chart.entries}
        whole = fingerprint(*((entry.position, prints[entry]) for entry in chart.entries))
        about = {"genre_id": chart.genre_id, "scraped_at": chart.scraped_at, "fingerprint": whole}
        insert = self._database.insert
        with self._database.transaction() as connection:
            number = connection.execute(insert(CHARTS).values(about).on_conflict_do_nothing().returning(CHARTS.c.chart)).scalar()
            if number is None:
                return
            known: set[int] = set()
            for part in chunks(list(prints.values())):
                known.update(connection.execute(select(ENTRIES.c.fingerprint).where(ENTRIES.c.fingerprint.in_(part))).scalars())
            new = {found: _values(entry) for entry, found in prints.items() if found not in known}
            if new:
                # Always in the same order: two transactions that insert the same entries in different orders would deadlock on PostgreSQL.
                rows = [{"fingerprint": found, **new[found]} for found in sorted(new)]
                self._database.send(connection, insert(ENTRIES).on_conflict_do_nothing(), rows)
            places = [{"chart_number": number, "place": entry.position, "found": prints[entry]} for entry in chart.entries]
            self._database.send(connection, _PLACES, places)

    def latest(self, genre_id: int) -> Chart | None:
        """The genre's chart that was scraped last; None when there is none."""
        query = select(CHARTS.c.scraped_at, *_COLUMNS).select_from(_JOINED).where(CHARTS.c.chart == _newest(genre_id))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(CHART_ENTRIES.c.position)).all()
        return Chart(genre_id, tuple(ChartEntry(*row[1:]) for row in rows), rows[0][0]) if rows else None

    def times(self, genre_id: int) -> list[datetime]:
        """When the genre's charts were scraped, oldest first."""
        query = select(CHARTS.c.scraped_at).where(CHARTS.c.genre_id == genre_id).order_by(CHARTS.c.scraped_at).distinct()
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def at(self, genre_id: int, moment: datetime) -> Chart | None:
        """The genre's last chart that was scraped at a time or before it; None when there is none."""
        newest_first = (CHARTS.c.scraped_at.desc(), CHARTS.c.chart.desc())
        number = select(CHARTS.c.chart).where(CHARTS.c.genre_id == genre_id, CHARTS.c.scraped_at <= moment).order_by(*newest_first).limit(1)
        query = select(CHARTS.c.scraped_at, *_COLUMNS).select_from(_JOINED).where(CHARTS.c.chart == number.scalar_subquery())
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(CHART_ENTRIES.c.position)).all()
        return Chart(genre_id, tuple(ChartEntry(*row[1:]) for row in rows), rows[0][0]) if rows else None

    def since(self, genre_id: int, since: datetime) -> list[ChartEntry]:
        """Entries of the genre's charts scraped at or after a time: the newest chart's first, in order, each id once."""
        with self._database.read() as connection:
            return [ChartEntry(*row) for row in connection.execute(_each_once(genre_id, CHARTS.c.scraped_at >= since))]

    def entries(self, genre_id: int, beatport_ids: Collection[int]) -> dict[int, ChartEntry]:
        """Entries by Beatport id, each from the newest chart that has it; ids that were never in the genre's chart are left out."""
        wanted = set(beatport_ids)
        newest = select(*_COLUMNS).select_from(_JOINED).where(CHARTS.c.chart == _newest(genre_id))
        with self._database.read() as connection:
            found = _by_id(connection.execute(newest), wanted)
            for part in chunks(sorted(wanted - found.keys())):
                found |= _by_id(connection.execute(_each_once(genre_id, ENTRIES.c.beatport_id.in_(part))), wanted)
        return found

    def described(self, beatport_ids: Collection[int]) -> dict[int, ChartEntry]:
        """What Beatport last said of each entry, whatever its genre; the position is 0. Ids that no chart ever had are left out."""
        query = select(literal(0), *(ENTRIES.c[name] for name in _NAMES[1:])).order_by(ENTRIES.c.entry)
        found: dict[int, ChartEntry] = {}
        with self._database.read() as connection:
            for part in chunks(sorted(set(beatport_ids))):
                rows = connection.execute(query.where(ENTRIES.c.beatport_id.in_(part)))
                found |= {row.beatport_id: ChartEntry(*row) for row in rows}
        return found

    def seen_at(self, genre_id: int, beatport_ids: Collection[int]) -> dict[int, list[datetime]]:
        """When charts of the genre that have each entry were read, oldest first; ids that were never in one are left out."""
        query = select(ENTRIES.c.beatport_id, CHARTS.c.scraped_at).select_from(_JOINED).where(CHARTS.c.genre_id == genre_id)
        found: dict[int, list[datetime]] = {}
        with self._database.read() as connection:
            for part in chunks(sorted(set(beatport_ids))):
                rows = connection.execute(query.where(ENTRIES.c.beatport_id.in_(part)).order_by(CHARTS.c.scraped_at))
                for row in rows:
                    found.setdefault(row.beatport_id, []).append(row.scraped_at)
        return found


_JOINED = CHARTS.join(CHART_ENTRIES, CHART_ENTRIES.c.chart == CHARTS.c.chart).join(ENTRIES, ENTRIES.c.entry == CHART_ENTRIES.c.entry)


_PLACE = select(bindparam("chart_number", type_=BigInteger), bindparam("place", type_=Integer), ENTRIES.c.entry)
_PLACES = CHART_ENTRIES.insert().from_select(["chart", "position", "entry"], _PLACE.where(ENTRIES.c.fingerprint == bindparam("found")))


def _values(entry: ChartEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _NAMES[1:]}


def _fingerprint(entry: ChartEntry) -> int:
    lately = [getattr(entry, name) for name in _SINCE_2026]
    known = [getattr(entry, name) for name in _NAMES[1:] if name not in _SINCE_2026]
    return fingerprint(*known, *(lately if any(value is not None for value in lately) else ()))


def _newest(genre_id: int) -> Any:
    newest_first = (CHARTS.c.scraped_at.desc(), CHARTS.c.chart.desc())
    return select(CHARTS.c.chart).where(CHARTS.c.genre_id == genre_id).order_by(*newest_first).limit(1).scalar_subquery()


def _each_once(genre_id: int, condition: Any) -> Select[Any]:
    """Each entry from the newest of the charts, the newest chart's first."""
    newest_first = (CHARTS.c.scraped_at.desc(), CHARTS.c.chart.desc(), CHART_ENTRIES.c.position)
    place = func.row_number().over(partition_by=ENTRIES.c.beatport_id, order_by=newest_first).label("place")
    query = select(CHARTS.c.scraped_at, CHARTS.c.chart, *_COLUMNS, place).select_from(_JOINED)
    ranked = query.where(CHARTS.c.genre_id == genre_id, condition).subquery()
    first = select(*(ranked.c[name] for name in _NAMES)).where(ranked.c.place == 1)
    return first.order_by(ranked.c.scraped_at.desc(), ranked.c.chart.desc(), ranked.c.position)


def _by_id(rows: Iterable[Row[Any]], wanted: Collection[int]) -> dict[int, ChartEntry]:
    entries = (ChartEntry(*row) for row in rows if row.beatport_id in wanted)
    return {entry.beatport_id: entry for entry in entries}
