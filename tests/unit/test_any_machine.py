"""The guarantees of tests/conftest.py: no clock, no earlier run and no person's settings change a test's result."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings


def test_hypothesis_minds_neither_the_machine_nor_an_earlier_run(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--hypothesis-profile"):
        pytest.skip("another profile was asked for")
    for used in (settings(), settings(max_examples=5, phases=[Phase.generate])):
        assert used.deadline is None
        assert HealthCheck.too_slow in used.suppress_health_check
        assert used.database is None
        assert used.derandomize


def test_no_settings_of_a_person_reach_a_test() -> None:
    assert not [name for name in os.environ if name.startswith(("BEATPORTER_", "PREFECT_"))]
    assert not Path("beatporter.toml").exists()
    assert Path.cwd() != Path(__file__).parents[2]
    assert not (Path.home() / ".prefect" / "profiles.toml").exists()


def test_processes_that_tests_start_keep_their_bytecode() -> None:
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
