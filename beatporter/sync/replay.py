"""Judges decisions again, from the candidates in the ledger: no call is made, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from beatporter.ledger.ledger import Ledger
from beatporter.matching import RULES, decide, record_decision
from beatporter.matching.case import candidates_of
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.records.track import SpotifyTrack


@dataclass(frozen=True, slots=True)
class Replayed:
    """A current decision, and what the current rules decide among the candidates saved with it."""

    entry: ChartEntry
    before: Match
    after: Match

    @property
    def changes(self) -> bool:
        """Whether another track would be chosen, or the same one with another verdict."""
        return (self.before.track_id, self.before.version) != (self.after.track_id, self.after.version)


@dataclass(frozen=True, slots=True)
class Kept:
    """A current decision with its entry and candidates.

    Attributes:
        candidates: empty when the decision is older than the saved candidates.
    """

    entry: ChartEntry
    match: Match
    candidates: tuple[SpotifyTrack, ...]


def kept_decisions(ledger: Ledger, rules: str | None = None, *, by_person: bool = False) -> Iterator[Kept]:
    """Yield current decisions with what they were made from, a few hundred in memory at a time.

    Args:
        rules: only those made by this version of the rules; None for all.
        by_person: a person's instead of the machine's.
    """
    for matches in ledger.matches.all_standing():
        entries = ledger.charts.described(matches)
        for beatport_id, match in matches.items():
            wanted = match.method == "person" if by_person else match.method in ("isrc", "search")
            entry = entries.get(beatport_id)
            if entry is not None and wanted and rules in (None, match.rules):
                yield Kept(entry, match, candidates_of(match))


def replay(kept: Kept, version_order: Sequence[str]) -> Replayed:
    """Decide among the saved candidates by the current rules; without candidates nothing changes."""
    if not kept.candidates:
        return Replayed(kept.entry, kept.match, kept.match)
    decision = decide(kept.entry, kept.candidates, version_order)
    return Replayed(kept.entry, kept.match, record_decision(kept.entry, decision, rules=RULES, decided_at=kept.match.decided_at))
