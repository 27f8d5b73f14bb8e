"""Table `runs`: how each run of a genre ended. The newest row is what `beatporter status` shows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_

from beatporter.ledger.record_table import RecordTable
from beatporter.ledger.tables import RUNS
from beatporter.records.ledger import RunRow

_REAL = or_(RUNS.c.dry_run.is_(None), RUNS.c.dry_run == 0)


class Runs(RecordTable[RunRow]):
    """The table in one database."""

    table, record = RUNS, RunRow

    def latest(self, genre_id: int) -> RunRow | None:
        """The genre's last run; None when none has ended yet. Dry runs do not count."""
        return self._latest(RUNS.c.genre_id == genre_id, _REAL)

    def recent(self, genre_id: int, limit: int) -> list[RunRow]:
        """The genre's last runs, newest first; dry runs do not count."""
        return self._newest_first(RUNS.c.genre_id == genre_id, _REAL, limit=limit)

    def since(self, moment: datetime) -> list[RunRow]:
        """Every run that ended at that moment or later, newest first; dry runs do not count."""
        return self._newest_first(RUNS.c.at >= moment, _REAL)

    def of_run(self, run_key: str) -> dict[int, RunRow]:
        """The last outcome of each genre in a run, by the genre's id; dry runs too."""
        return {row.genre_id: row for row in reversed(self._newest_first(RUNS.c.run_key == run_key))}

    def last_change(self, genre_id: int) -> RunRow | None:
        """The last run that added to the genre's playlist; None when none did."""
        return self._latest(RUNS.c.genre_id == genre_id, RUNS.c.added > 0, _REAL)

    def _newest_first(self, *conditions: ColumnElement[bool], limit: int | None = None) -> list[RunRow]:
        return self._all(self._select(*conditions).order_by(RUNS.c.at.desc(), RUNS.c.id.desc()).limit(limit))
