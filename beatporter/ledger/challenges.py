"""Table `challenges`: since when a chart source asks for proof of a human, and how long it is left alone for that.

Each further challenge in a row makes the pause longer. Several genres that meet the same challenge at once count as one.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from beatporter.ledger.database import Database
from beatporter.ledger.record_table import RecordTable
from beatporter.ledger.tables import CHALLENGES
from beatporter.records.ledger import ChallengeRow

RESTS = (timedelta(hours=6), timedelta(hours=20), timedelta(hours=44), timedelta(hours=92), timedelta(hours=164))
"""Pauses after the first challenge, the second in a row, … and any later one. All but the first end some hours before a morning's run."""


class Challenges(RecordTable[ChallengeRow]):
    """The table in one database."""

    table, record = CHALLENGES, ChallengeRow

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._read: dict[str, ChallengeRow | None] = {}
        """What `rests_until` read last for each source: `note_answer`, which follows it, need not ask again."""

    def latest(self, source: str) -> ChallengeRow | None:
        """The source's last challenge, or its first answer after one; None when it never showed one."""
        return self._latest(CHALLENGES.c.source == source)

    def rests_until(self, source: str, now: datetime) -> datetime | None:
        """Until when the source is left alone; None: it may be called."""
        latest = self._read[source] = self.latest(source)
        return latest.until if latest is not None and latest.until is not None and latest.until > now else None

    def note_challenge(self, source: str, now: datetime) -> datetime:
        """Record that the source showed a challenge; returns until when it is left alone."""
        with self._database.transaction() as connection:
            self._database.alone(connection)
            self._read.pop(source, None)
            latest = self.latest(source)
            if latest is not None and latest.until is not None and latest.until > now:
                return latest.until  # another genre met the same challenge
            in_a_row = (latest.in_a_row if latest is not None else 0) + 1
            until = now + RESTS[min(in_a_row, len(RESTS)) - 1]
            self.append(ChallengeRow(source, now, until, in_a_row))
            return until

    def note_answer(self, source: str, now: datetime) -> None:
        """Record that the source answered; writes nothing unless its last row was a challenge."""
        latest = self._read.pop(source) if source in self._read else self.latest(source)
        if latest is not None and latest.in_a_row:
            self.append(ChallengeRow(source, now, None, 0))
