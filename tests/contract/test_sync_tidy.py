"""Merging the decisions' files at the end of a run: few are left alone, many become one with the same answers, and damage fails no run."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.match import Match
from beatporter.settings import load_settings
from beatporter.sync.tidy import MANY, tidy_decisions
from beatporter.sync.workspace import Workspace

AT = datetime(2026, 11, 24, 7, tzinfo=UTC)


def with_files(folder: Path, files: int) -> Ledger:
    ledger = open_ledger(str(folder))
    for number in range(files):
        ledger.matches.append([Match(number, None, f"track{number}", "isrc", 100.0, "same", "1", AT + timedelta(seconds=number), None)])
    return ledger


def tidied(ledger: Ledger, folder: Path) -> int:
    with Workspace(load_settings(home=folder), ledger, run_key="run") as workspace:
        return tidy_decisions(workspace)


def test_a_few_files_are_left_alone(tmp_path: Path) -> None:
    assert tidied(with_files(tmp_path / "ledger", MANY - 1), tmp_path) == 0


def test_many_files_become_one_with_the_same_answers(tmp_path: Path) -> None:
    ledger = with_files(tmp_path / "ledger", MANY)
    before = ledger.matches.latest(range(MANY))
    assert tidied(ledger, tmp_path) == MANY - 1
    assert ledger.matches.latest(range(MANY)) == before
    assert len(before) == MANY
    assert tidied(ledger, tmp_path) == 0, "there is one now"


def test_a_damaged_file_fails_no_run_and_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ledger = with_files(tmp_path / "ledger", MANY)
    damaged = next((tmp_path / "ledger" / "matches").glob("*.parquet"))
    damaged.write_bytes(damaged.read_bytes()[:-40])
    with caplog.at_level(logging.WARNING):
        assert tidied(ledger, tmp_path) == 0
    assert damaged.name in caplog.text
