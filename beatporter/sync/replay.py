"""Judging again what was decided, from the candidates that the ledger kept: no call is made, and nothing is written."""

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
    """A decision as it stands, and as the rules in force decide among the candidates that it kept."""

    entry: ChartEntry
    before: Match
    after: Match

    @property
    def changes(self) -> bool:
        """Whether another track would be taken, or the same one under another verdict."""
        return (self.before.track_id, self.before.version) != (self.after.track_id, self.after.version)


@dataclass(frozen=True, slots=True)
class Kept:
    """A standing decision with its entry and candidates.

    Attributes:
        candidates: none where the decision is from before they were kept with what judging needs.
    """

    entry: ChartEntry
    match: Match
    candidates: tuple[SpotifyTrack, ...]


def kept_decisions(ledger: Ledger, rules: str | None = None, *, by_person: bool = False) -> Iterator[Kept]:
    """Standing decisions with what they were made from, a few hundred in memory at a time.

    Args:
        rules: only those that this version of the rules made; None for all.
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
    """Decide among kept candidates as the rules in force do; without candidates nothing changes."""
    if not kept.candidates:
        return Replayed(kept.entry, kept.match, kept.match)
    decision = decide(kept.entry, kept.candidates, version_order)
    return Replayed(kept.entry, kept.match, record_decision(kept.entry, decision, rules=RULES, decided_at=kept.match.decided_at))
