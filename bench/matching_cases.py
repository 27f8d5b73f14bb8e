"""Real cases that the rules once got wrong (`field-cases.jsonl`), by kind of naming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from beatporter.matching import recording_key
from beatporter.matching.case import judge_case, read_case
from bench.matching_sets import lines_of


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case is decided."""

    name: str
    kind: str
    is_right: bool
    is_shown: bool
    why: str


def case_results() -> list[CaseResult]:
    """Every case about a decision or a recording's key; the others are about playlists."""
    rows = [row for row in lines_of("field-cases.jsonl") if row["how"] in ("decide", "recording_key")]
    return [_decided(row) if row["how"] == "decide" else _compared(row) for row in rows]


def _decided(row: dict[str, Any]) -> CaseResult:
    answer, right = judge_case(read_case(row)), row["right"]
    takes = answer["take"] in right["take"] if right["take"] else answer["take"] is None
    version = right.get("version") in (None, answer["version"])
    return CaseResult(row["id"], row["class"], takes and version, answer["shown_in_review"], "; ".join(answer["why"]))


def _compared(row: dict[str, Any]) -> CaseResult:
    one, other = (recording_key(name, artists) for name, artists in (row["input"]["one"], row["input"]["other"]))
    return CaseResult(row["id"], row["class"], (one == other) == row["right"]["equal"], False, f"{one} / {other}")
