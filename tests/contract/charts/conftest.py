"""A sandbox with two genres, and a reader of its charts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.world import Options, Sandbox
from tests.contract.charts.reader import SLUG, Reader


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=(SLUG, "house"))) as running:
        yield running


@pytest.fixture
def read(sandbox: Sandbox, tmp_path: Path) -> Reader:
    return Reader(sandbox, tmp_path)
