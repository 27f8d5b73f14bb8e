"""What the word lists could learn from a person's overrides, and the effect on every other decision. Proposes only; applies nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from beatporter.ledger.ledger import Ledger
from beatporter.matching.learn import Proposal, added, proposals_to_refuse, proposals_to_take
from beatporter.matching.normalise import normalise
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.sync.replay import Kept, Replayed, kept_decisions, replay

MOST_PROPOSALS = 20
"""How many proposals, those that settle the most overrides, are tried on every decision."""


@dataclass(slots=True)
class Lesson:
    """A line for a word list.

    Attributes:
        settles: entries whose override would not have been needed.
        changes: what else it would change; a line that changes much is probably wrong.
    """

    proposal: Proposal
    settles: list[ChartEntry]
    changes: list[Replayed] = field(default_factory=list)


def lessons(ledger: Ledger, version_order: Sequence[str]) -> list[Lesson]:
    """Lines that would have decided overrides correctly: those that settle the most and change the least first."""
    found: dict[Proposal, list[ChartEntry]] = {}
    wrong = {row.beatport_id: row.replaces for row in ledger.corrections.all() if row.track_id != row.replaces}
    taken = ledger.matches.that_took(wrong.values())
    for kept in kept_decisions(ledger, by_person=True):
        for proposal in _proposals(kept, taken.get(wrong.get(kept.entry.beatport_id, ""))):
            found.setdefault(proposal, []).append(kept.entry)
    most = sorted(found, key=lambda proposal: (-len(found[proposal]), -len(proposal.phrase), proposal))[:MOST_PROPOSALS]
    learned = [Lesson(proposal, found[proposal]) for proposal in most]
    _add_effects(learned, kept_decisions(ledger), version_order)
    return sorted(learned, key=lambda lesson: (-len(lesson.settles), len(lesson.changes), -len(lesson.proposal.phrase), lesson.proposal))


def _proposals(kept: Kept, wrong: Match | None) -> Iterable[Proposal]:
    right = kept.match.track
    if right is not None:
        yield from proposals_to_take(kept.entry, right, tuple(one for one in kept.candidates if one.track_id != right.track_id))
    if wrong is not None and wrong.track is not None:
        yield from proposals_to_refuse(kept.entry, wrong.track)


def _add_effects(learned: Sequence[Lesson], decisions: Iterable[Kept], version_order: Sequence[str]) -> None:
    for kept in decisions:
        said = _words(kept)
        for lesson in learned:
            if not set(lesson.proposal.phrase.split()) <= said:
                continue
            without = replay(kept, version_order)
            with added(lesson.proposal):
                result = replay(kept, version_order)
            if (result.after.track_id, result.after.version) != (without.after.track_id, without.after.version):
                lesson.changes.append(Replayed(kept.entry, without.after, result.after))


def _words(kept: Kept) -> set[str]:
    texts = (kept.entry.name, kept.entry.mix_name or "", *(track.name for track in kept.candidates))
    return {word for text in texts for word in normalise(text).split()}
