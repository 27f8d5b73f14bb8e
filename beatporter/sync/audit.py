"""An audit: decisions drawn at random, a person's yes or no to each, and the resulting precision and recall.

The draw is stratified by verdict and score, because nearly all decisions are sure ones and the errors are among the others. The person
answers about every stratum, and each answer is weighted by its stratum's size.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from beatporter.ledger.ledger import Ledger
from beatporter.matching import RULES, confidence
from beatporter.matching.intervals import Share, Stratum, stratified
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import AuditAnswer, AuditRow
from beatporter.records.match import Match
from beatporter.sync.decisions import current_decisions
from beatporter.sync.workspace import Workspace

STRATA: Final = ("same, sure", "same, in doubt", "substitute, sure", "substitute, in doubt", "none, with a candidate", "none")
_TAKEN: Final = STRATA[:4]


@dataclass(frozen=True, slots=True)
class Question:
    """A decision to ask a person about."""

    entry: ChartEntry
    match: Match
    stratum: str
    stratum_size: int


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The result of the answers.

    Attributes:
        rules: the version of the rules that was audited.
        answers: number of answers, including "cannot tell".
        precision: fraction of the chosen tracks that are right; None without answers.
        recall: fraction of the tracks on Spotify that were chosen, from the answers about missing ones; None without answers.
        last_at: time of the last answer.
    """

    rules: str
    answers: int
    unknown: int
    precision: Share | None
    recall: Share | None
    last_at: datetime | None


def stratum_of(match: Match) -> str:
    """One of `STRATA`."""
    how_sure = confidence(match)
    if match.track_id is None:
        return "none, with a candidate" if how_sure == "doubtful" else "none"
    return f"{match.version}, {'sure' if how_sure == 'sure' else 'in doubt'}"


def draw(workspace: Workspace, slugs: Sequence[str], sample: int, seed: int) -> list[Question]:
    """Draw decisions of the genres' last charts at random, without those already answered under the same rules and without a person's.

    Args:
        sample: how many, if there are that many.
        seed: the same seed draws the same.
    """
    strata: dict[str, list[tuple[ChartEntry, Match]]] = {name: [] for name in STRATA}
    for _, entry, match in current_decisions(workspace, slugs):
        if match.method in ("isrc", "search"):  # not a person's
            strata[stratum_of(match)].append((entry, match))
    answered = {(row.beatport_id, row.track_id, row.rules) for row in workspace.ledger.audits.all()}
    chance = random.Random(seed)  # noqa: S311 - a sample, no secret
    left = {
        name: [pair for pair in pairs if (pair[1].beatport_id, pair[1].track_id, pair[1].rules) not in answered]
        for name, pairs in strata.items()
    }
    counts = sample_sizes({name: len(pairs) for name, pairs in left.items()}, sample)
    drawn = [
        Question(entry, match, name, len(strata[name]))
        for name, pairs in left.items()
        for entry, match in chance.sample(sorted(pairs, key=lambda pair: pair[0].beatport_id), counts[name])
    ]
    chance.shuffle(drawn)
    return drawn


def sample_sizes(sizes: Mapping[str, int], sample: int) -> dict[str, int]:
    """How many to draw from each stratum: half of the sample evenly, half by size; never more than there are."""
    given = dict.fromkeys(sizes, 0)
    wanted = min(sample, sum(sizes.values()))
    even = (wanted // 2) // max(1, sum(size > 0 for size in sizes.values()))
    for name, size in sizes.items():
        given[name] = min(size, even)
    while sum(given.values()) < wanted:
        neediest = max((name for name in sizes if given[name] < sizes[name]), key=lambda name: sizes[name] / (given[name] + 1))
        given[neediest] += 1
    return given


def keep_answer(workspace: Workspace, question: Question, answer: AuditAnswer) -> None:
    """Save an answer in the ledger."""
    match = question.match
    row = AuditRow(match.beatport_id, match.track_id, match.rules, question.stratum, question.stratum_size, answer, workspace.now())
    workspace.ledger.audits.append(row)


def result(rows: Sequence[AuditRow], rules: str = RULES) -> AuditResult:
    """The result for one version of the rules; if a decision was answered twice, the last answer counts."""
    last = {(row.beatport_id, row.track_id): row for row in rows if row.rules == rules}
    strata = {name: _stratum([row for row in last.values() if row.stratum == name]) for name in STRATA}
    taken = [strata[name] for name in _TAKEN]
    precision = stratified(taken)
    return AuditResult(
        rules,
        len(last),
        sum(row.answer == "unknown" for row in last.values()),
        precision,
        _recall(precision, sum(stratum.size for stratum in taken), [strata[name] for name in STRATA if name not in _TAKEN]),
        max((row.at for row in last.values()), default=None),
    )


def say_result(found: AuditResult) -> str:
    """The result in a line or two, for a person."""
    if not found.answers:
        return f"The rules {found.rules} have not been audited yet: `beatporter match audit`."
    about = f"{found.answers} answer{'s' * (found.answers != 1)} about the rules {found.rules}"
    unknown = f", {found.unknown} of them “cannot tell”" if found.unknown else ""
    return f"Precision {found.precision or 'unknown'}; recall {found.recall or 'unknown'}. From {about}{unknown}."


def audit_line(ledger: Ledger) -> str:
    """The result of the audits under the rules in force, in one line for the briefing; empty before there are any."""
    found = result(ledger.audits.all())
    return say_result(found) if found.answers else ""


def _stratum(rows: Sequence[AuditRow]) -> Stratum:
    """For a miss, yes means that no track was right."""
    told = [row for row in rows if row.answer != "unknown"]
    return Stratum(max((row.stratum_size for row in rows), default=0), len(told), sum(row.answer == "yes" for row in told))


def _recall(precision: Share | None, taken: int, missing: Sequence[Stratum]) -> Share | None:
    """Fraction of right tracks that were chosen, out of these and the missing ones that a person says exist. Without misses it is 1."""
    if precision is None:
        return None
    rightly = stratified(missing)
    misses = sum(stratum.size for stratum in missing)
    if rightly is None:
        return None if misses else Share(1.0, 1.0, 1.0)

    def recall(right: float, rightly_none: float) -> float:
        there = taken * right + misses * (1 - rightly_none)
        return taken * right / there if there else 1.0

    return Share(recall(precision.value, rightly.value), recall(precision.low, rightly.low), recall(precision.high, rightly.high))
