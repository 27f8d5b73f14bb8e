"""Results of tasks stay short, however much a page shows."""

from __future__ import annotations

import importlib
import json
import pkgutil
from typing import Any, get_args, get_type_hints

import pytest
from prefect import Task

import tasks
from orchestration import care_result

MOST_BYTES = 10_000


def test_a_page_of_any_length_leaves_a_short_result(monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[tuple[str, str, str]] = []
    monkeypatch.setattr(care_result, "publish", lambda *said: published.append(said))
    names = [f"{number} " + "a" * 3_000 for number in range(1_000)]
    done = care_result.publish_care("dedupe-playlists", "1,000 problems", "| row |\n" * 50_000, names)
    assert len(json.dumps(done)) < MOST_BYTES
    assert [problem.split()[0] for problem in done["problems"]] == [str(number) for number in range(care_result.MOST_PROBLEMS)]
    ((key, markdown, description),) = published
    assert (key, description) == ("dedupe-playlists", "1,000 problems")
    assert markdown.startswith("# 1,000 problems\n\n| row |")
    assert len(markdown) > 350_000, "the page lost rows"


def test_no_task_returns_a_list_of_documents() -> None:
    seen = 0
    for module in pkgutil.iter_modules(tasks.__path__):
        for value in vars(importlib.import_module(f"tasks.{module.name}")).values():
            if isinstance(value, Task):
                seen += 1
                assert not _holds_documents(get_type_hints(value.fn)["return"]), f"{value.name} returns documents"
    assert seen > 15, "the tasks were not found"


def _holds_documents(kind: Any) -> bool:
    return any(getattr(inner, "__origin__", inner) is dict or _holds_documents(inner) for inner in get_args(kind))
