"""SIGKILL before every statement in turn: what was reported is there, nothing is duplicated, and no transaction is half done."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from beatporter.ledger.ledger import Ledger
from tests.contract.ledger.all_rows import contents
from tests.contract.ledger.child_processes import ROOT
from tests.contract.ledger.sample_ledger import fill, steps_until
from tests.timeouts import TIMEOUT_S


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "points"), [("sqlite", "all"), ("postgres", "12")], indirect=["kind"])
def test_a_kill_at_any_statement_loses_or_duplicates_nothing(kind: str, address: str, points: str, request: pytest.FixtureRequest) -> None:
    template = "-" if kind == "postgres" else str(request.getfixturevalue("sqlite_template"))
    command = [sys.executable, "-m", "tests.contract.ledger.kill_each_statement", address, template, points]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["wrong"] == {}, "\n".join(f"killed at point {number}: {words}" for number, words in found["wrong"].items())
    assert found["commits"] == {step.name: step.commits for step in steps_until("9999")}, "what belongs together is not one transaction"
    assert found["points"] >= 100, "the kills do not reach the statements"
    assert found["tried"] == (found["points"] if points == "all" else int(points))


def test_the_steps_write_to_every_table(ledger: Ledger) -> None:
    fill(ledger)
    assert [name for name, rows in contents(ledger).items() if not rows] == []
