"""Table `calls`: Spotify calls of the last weeks, reserved from the daily budget by one statement, and the ends of declared quotas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, delete, func, literal, select

from beatporter.ledger.database import Database
from beatporter.ledger.record_table import values_of
from beatporter.ledger.tables import CALLS
from beatporter.records.ledger import CallRow

QUOTA = "quota"
"""Kind of the rows that record a refusal; `quota:search` if it is known to concern searches."""
HELD = "held"
"""Kind of calls that are reserved and whose use is not known yet."""


@dataclass(frozen=True, slots=True)
class Held:
    """Calls in hand.

    Attributes:
        number: number of their row; None when there are none.
        count: how many.
    """

    number: int | None = None
    count: int = 0


class Calls:
    """The table in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def exchange(
        self, held: Held, used: Sequence[CallRow], *, run_key: str, at: datetime, wanted: int, budget: int, since: datetime
    ) -> Held:
        """Settle calls in hand and reserve others, atomically and exactly, whatever other processes do.

        Args:
            held: the calls in hand; their row is deleted.
            used: rows for what they were used for; these are inserted.
            at: the time that the reserved calls count for until they are settled.
            wanted: calls to reserve; fewer are reserved when the budget has no more, none when it has none.
            budget: limit for all rows at or after `since`.

        Returns:
            The calls now in hand.
        """
        if wanted <= 0:
            self._settle(held, used)
            return Held()
        spent = select(func.coalesce(func.sum(CALLS.c.count), 0)).where(CALLS.c.at >= since).scalar_subquery()
        left = literal(budget) - spent
        granted = select(literal(at, CALLS.c.at.type), literal(HELD), case((left < wanted, left), else_=wanted), literal(run_key)).where(
            left > 0
        )
        take = CALLS.insert().from_select(["at", "kind", "count", "run_key"], granted).returning(CALLS.c.id, CALLS.c.count)
        alone = self._database.is_sqlite and held.number is None and not used
        with self._database.single() if alone else self._database.transaction() as connection:
            self._database.alone(connection)
            self._settle(held, used)
            taken = self._database.finish(connection, take).first()
        return Held(*taken) if taken is not None else Held()

    def _settle(self, held: Held, used: Sequence[CallRow]) -> None:
        """Replace the row of calls in hand by what they were used for."""
        if held.number is None:
            self.append(used)
        elif len(used) == 1:
            with self._database.single() as connection:
                self._database.send(connection, CALLS.update().where(CALLS.c.id == held.number).values(values_of(used[0])))
        else:
            with self._database.transaction() as connection:
                self._database.send(connection, delete(CALLS).where(CALLS.c.id == held.number))
                self.append(used)

    def append(self, rows: Sequence[CallRow]) -> None:
        """Insert rows, all or none."""
        if rows:
            with self._database.single() if len(rows) == 1 else self._database.transaction() as connection:
                self._database.send(connection, CALLS.insert(), [values_of(row) for row in rows])

    def made_since(self, since: datetime, until: datetime | None = None) -> int:
        """Calls of all rows from a time on, up to and including another one if given; reserved calls count as made."""
        query = select(func.coalesce(func.sum(CALLS.c.count), 0)).where(CALLS.c.at >= since)
        if until is not None:
            query = query.where(CALLS.c.at <= until)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def by_time(self, since: datetime) -> Mapping[datetime, int]:
        """The same, by the time in the rows."""
        query = select(CALLS.c.at, func.sum(CALLS.c.count)).where(CALLS.c.at >= since).group_by(CALLS.c.at)
        with self._database.read() as connection:
            return {at: int(count) for at, count in connection.execute(query)}

    def by_kind(self, since: datetime, run_key: str | None = None) -> dict[str, int]:
        """The same, by kind; kinds whose sum is 0 are left out.

        Args:
            run_key: count only this run.
        """
        query = select(CALLS.c.kind, func.sum(CALLS.c.count)).where(CALLS.c.at >= since).group_by(CALLS.c.kind).order_by(CALLS.c.kind)
        if run_key is not None:
            query = query.where(CALLS.c.run_key == run_key)
        with self._database.read() as connection:
            return {kind: int(count) for kind, count in connection.execute(query) if count}

    def by_run(self, since: datetime, run_keys: Sequence[str]) -> dict[str, int]:
        """The same for several runs at once, by their keys; runs without calls are left out."""
        query = select(CALLS.c.run_key, func.sum(CALLS.c.count)).where(CALLS.c.at >= since, CALLS.c.run_key.in_(run_keys))
        with self._database.read() as connection:
            return {key: int(count) for key, count in connection.execute(query.group_by(CALLS.c.run_key)) if count}

    def quota_until(self) -> datetime | None:
        """The end of the quota that Spotify declared last, past or future; None when it never did."""
        query = select(CALLS.c.until).where(CALLS.c.until.is_not(None)).order_by(CALLS.c.at.desc(), CALLS.c.until.desc()).limit(1)
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def refused(self, now: datetime) -> dict[str, datetime]:
        """The kinds of call that Spotify refuses at a time, each with the end of the refusal; an empty kind means every kind."""
        query = select(CALLS.c.kind, func.max(CALLS.c.until)).where(CALLS.c.until > now).group_by(CALLS.c.kind)
        with self._database.read() as connection:
            return {_refused_kind(kind): until for kind, until in connection.execute(query)}

    def refusals(self, since: datetime) -> list[tuple[datetime, str, datetime]]:
        """Refusals since a time: when, which kind of call, and until when; earliest first."""
        query = select(CALLS.c.at, CALLS.c.kind, CALLS.c.until).where(CALLS.c.until.is_not(None), CALLS.c.at >= since)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(CALLS.c.at, CALLS.c.id))
            return [(at, _refused_kind(kind), until) for at, kind, until in rows]

    def refuse(self, at: datetime, kind: str, until: datetime, run_key: str) -> None:
        """Record that Spotify refuses a kind of call until a time; an empty kind means every kind."""
        self.append([CallRow(at, f"{QUOTA}:{kind}" if kind else QUOTA, 0, run_key, until)])

    def drop_before(self, moment: datetime) -> int:
        """Delete rows older than a time; returns how many."""
        with self._database.transaction() as connection:
            return connection.execute(delete(CALLS).where(CALLS.c.at < moment)).rowcount


def _refused_kind(kind: str) -> str:
    return kind.partition(":")[2]
