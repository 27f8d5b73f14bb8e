"""The draw for an audit, and the result of its answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from beatporter.matching import RULES
from beatporter.records.ledger import AuditAnswer, AuditRow
from beatporter.sync.audit import STRATA, result, sample_sizes, say_result

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)


def rows(stratum: str, size: int, *answers: AuditAnswer, rules: str = RULES, first: int = 0) -> list[AuditRow]:
    """Answers about one stratum; each entry has its own number."""
    number = 1000 * STRATA.index(stratum) + first
    return [AuditRow(number + at, f"track {number + at}", rules, stratum, size, answer, NOW) for at, answer in enumerate(answers)]


@pytest.mark.parametrize(
    ("sizes", "sample", "drawn"),
    [
        ({"a": 1000, "b": 10, "c": 0}, 20, {"a": 15, "b": 5, "c": 0}),
        ({"a": 1000, "b": 2}, 20, {"a": 18, "b": 2}),
        ({"a": 3, "b": 2}, 20, {"a": 3, "b": 2}),
        ({"a": 0}, 20, {"a": 0}),
        ({"a": 5, "b": 5}, 1, {"a": 1, "b": 0}),
    ],
)
def test_every_stratum_is_drawn_from(sizes: dict[str, int], sample: int, drawn: dict[str, int]) -> None:
    found = sample_sizes(sizes, sample)
    assert sum(found.values()) == min(sample, sum(sizes.values()))
    assert found == drawn


def test_precision_is_of_what_was_taken_and_weighted() -> None:
    found = result(
        [*rows("same, sure", 900, *["yes"] * 10), *rows("substitute, in doubt", 100, "yes", "no"), *rows("none", 50, "no", "no")]
    )
    assert found.precision is not None
    assert found.precision.value == pytest.approx(0.95)
    assert found.recall is not None
    assert found.recall.value == pytest.approx(950 / (950 + 50))


def test_who_cannot_tell_counts_for_nothing_but_is_told() -> None:
    found = result([*rows("same, sure", 10, "yes", "unknown", "unknown")])
    assert (found.answers, found.unknown) == (3, 2)
    assert found.precision is not None
    assert found.precision.value == 1.0
    assert "From 3 answers" in say_result(found)
    assert "2 of them “cannot tell”" in say_result(found)
    assert result(rows("same, sure", 10, "unknown")).precision is None


def test_only_the_rules_in_force_and_the_last_answer_count() -> None:
    old = rows("same, sure", 10, "no", "no", rules="old")
    assert result(old).answers == 0
    assert "`beatporter match audit`" in say_result(result(old))
    changed = [*rows("same, sure", 10, "no"), *rows("same, sure", 10, "yes")]
    found = result(changed)
    assert found.answers == 1
    assert found.precision is not None
    assert found.precision.value == 1.0


def test_without_an_answer_about_the_missing_recall_is_unknown_only_if_there_are_any() -> None:
    assert result(rows("same, sure", 10, "yes")).recall is not None
    assert result([*rows("same, sure", 10, "yes"), *rows("none", 5, "unknown")]).recall is None
