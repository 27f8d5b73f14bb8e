"""What tests and benches import from this project is there: the type checker does not read them, and some run only in CI or by hand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = ("beatporter", "bench", "cli", "flows", "orchestration", "sandbox", "tasks", "tests")


def missing(source: str) -> Iterator[str]:
    """Names of ours that a file imports and that are nowhere, also inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if _is_ours(name.name) and _file(name.name) is None)
        elif isinstance(node, ast.ImportFrom) and node.module and _is_ours(node.module):
            file = _file(node.module)
            found = _names(file) if file else frozenset()
            for name in node.names:
                if name.name not in found and _file(f"{node.module}.{name.name}") is None:
                    yield f"{node.module}.{name.name}"


def _is_ours(module: str) -> bool:
    return module.split(".")[0] in OURS


def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    return next((one for one in (path.with_suffix(".py"), path / "__init__.py", path) if one.exists()), None)


@cache
def _names(file: Path) -> frozenset[str]:
    """What a module defines or imports at its top, in branches too."""
    if file.is_dir():
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.update((name.asname or name.name).split(".")[0] for name in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return frozenset(found)


def test_every_name_of_ours_that_a_test_or_bench_imports_is_there() -> None:
    files = [file for folder in ("tests", "bench") for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 200
    wrong = {str(file.relative_to(ROOT)): names for file in files if (names := list(missing(file.read_text())))}
    assert wrong == {}


def test_a_name_that_has_gone_is_found() -> None:
    gone = "from beatporter.sync import arrivals\ndef f():\n    from beatporter.clock import now_in_mars\n    import beatporter.nothing\n"
    assert sorted(missing(gone)) == ["beatporter.clock.now_in_mars", "beatporter.nothing", "beatporter.sync.arrivals"]
    assert list(missing("from beatporter.sync import second_tries\nfrom beatporter.clock import utc_now\nimport os.path")) == []
