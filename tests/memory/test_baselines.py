"""Compares a genre's morning with the baseline in profiles/baselines: tolerant of machines, strict about new kinds of growth."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.memory.baselines import FILE, measure, problems

pytestmark = pytest.mark.slow

BASELINE: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))


def test_a_morning_stays_within_its_baseline(tmp_path: Path) -> None:
    assert problems(measure(tmp_path), BASELINE) == []


def test_a_peak_far_above_and_a_new_holder_are_noticed() -> None:
    assert problems(BASELINE, BASELINE) == []
    worse = copy.deepcopy(BASELINE)
    worse["steps"]["append-history"]["above_start_mb"] += 60
    worse["steps"]["match-tracks"]["holders"].append("beatporter/x.py:keep_everything")
    del worse["steps"]["report"]
    found = problems(worse, BASELINE)
    assert len(found) == 3
    assert any("append-history peaks" in problem for problem in found)
    assert any("keep_everything holds memory in match-tracks" in problem for problem in found)
    assert any("report is missing" in problem for problem in found)
