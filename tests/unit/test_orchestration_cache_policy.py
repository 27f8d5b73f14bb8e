"""When finished work is reused: only for the same run, the same code and the same inputs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from orchestration import cache_policy as module
from orchestration.cache_policy import SameRunSameCode
from orchestration.code_version import PACKAGES, ROOT, code_version, digest_of

INPUTS: dict[str, Any] = {"genre": "house", "beatport_ids": [1, 2], "max_searches": 40}


def key(task: str = "match-tracks", **changes: Any) -> str | None:
    context: Any = SimpleNamespace(task=SimpleNamespace(name=task))
    return SameRunSameCode().compute_key(context, {**INPUTS, **changes}, {})


@pytest.fixture(autouse=True)
def run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_key", lambda: "monday")
    monkeypatch.setattr(module, "code_version", lambda: "1")


def test_a_retry_of_the_same_run_finds_the_result() -> None:
    assert key() == key()
    assert key() is not None


def test_another_run_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monday = key()
    monkeypatch.setattr(module, "run_key", lambda: "tuesday")
    assert key() != monday


def test_changed_code_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    monkeypatch.setattr(module, "code_version", lambda: "2")
    assert key() != before, "a fix would be hidden by the old code's result"


def test_other_inputs_do_not() -> None:
    assert key(genre="techno") != key()
    assert key(beatport_ids=[2, 1]) != key()


def test_another_task_with_equal_inputs_does_not() -> None:
    assert key("append-history") != key("back-up-playlist")


def test_another_share_of_the_days_searches_makes_no_difference() -> None:
    assert key(max_searches=3) == key()


def test_the_codes_digest_knows_every_change(tmp_path: Path) -> None:
    package = tmp_path / "package"
    (package / "inner").mkdir(parents=True)
    (package / "a.py").write_text("a = 1")
    (package / "inner" / "b.py").write_text("")
    seen = {digest_of([package])}
    for change in (
        lambda: (package / "a.py").write_text("a = 2"),
        lambda: (package / "inner" / "b.py").write_text("b"),
        lambda: (package / "inner" / "b.py").rename(package / "inner" / "c.py"),
        lambda: (package / "inner" / "c.py").unlink(),
    ):
        change()
        digest = digest_of([package])
        assert digest not in seen
        seen.add(digest)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "a.pyc").write_text("compiled")
    assert digest_of([package]) in seen


def test_the_codes_digest_covers_what_a_task_runs() -> None:
    assert {"beatporter", "orchestration", "tasks"} <= set(PACKAGES)
    assert all((ROOT / package / "__init__.py").exists() for package in PACKAGES)
    assert code_version() == digest_of(ROOT / package for package in PACKAGES)
