"""The direction of imports: prefect.yaml → flows, cli → tasks → orchestration → beatporter, never back; no Prefect in the last."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"beatporter", "orchestration", "tasks", "flows", "cli", "sandbox"}
MAY_IMPORT = {
    "beatporter": {"beatporter"},
    "orchestration": {"orchestration", "beatporter"},
    "tasks": {"orchestration", "beatporter"},
    "flows": {"flows", "tasks", "orchestration", "beatporter"},
    "cli": {"cli", "flows", "tasks", "orchestration", "beatporter"},
    "sandbox": {"sandbox", "beatporter"},
}
ABOVE_HTTP = {"beatport", "spotify", "matching", "quota", "ledger", "memory"}
"""Packages of the domain between the steps of a run and the HTTP package; they may import one another, but never in a circle."""
LEVELS = {"care": 4, "exports": 4, "old_script": 4, "sync": 3, **dict.fromkeys(ABOVE_HTTP, 2), "http": 1, "records": 0}
"""Packages of the domain, each above those that it may import. All may import top-level modules (errors, clock, settings, …)."""
PREFECT = {"prefect", "prefect_gcp"}
HEAVY = {"pandas", "prefect_gcp", "openpyxl", "pyarrow", "xlsxwriter"}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports_of(path: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Its import statements, at the top and inside functions."""
    return tuple(node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Import | ast.ImportFrom))


def imported(path: Path, *, top_level_only: bool = False) -> Iterator[str]:
    for node in tree_of(path).body if top_level_only else imports_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield from (f"{node.module}.{alias.name}" for alias in node.names) if node.module in OURS else (node.module or "",)


def imported_names(path: Path) -> Iterator[str]:
    """Each imported name, with its module."""
    for node in imports_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", sorted(OURS))
def test_a_package_imports_only_those_below_it(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imported(path)
        if name.split(".")[0] in OURS - MAY_IMPORT[package]
    ]
    assert not wrong


def rooms() -> dict[str, set[str]]:
    """Each package of the domain, and each top-level module, with its imports."""
    found: dict[str, set[str]] = {}
    for path in modules("beatporter"):
        inner = path.relative_to(ROOT / "beatporter").with_suffix("").parts
        imports = {name.split(".")[1] for name in imported(path) if name.startswith("beatporter.")}
        found.setdefault(inner[0], set()).update(imports - {inner[0]})
    return found


def test_every_package_of_the_domain_has_its_level() -> None:
    assert {path.name for path in (ROOT / "beatporter").iterdir() if (path / "__init__.py").exists()} == set(LEVELS)


def test_inside_the_domain_imports_go_one_way() -> None:
    wrong = [f"{room} imports {name}" for room, names in rooms().items() for name in names if LEVELS.get(name, -1) > LEVELS.get(room, -1)]
    assert not wrong


def test_no_circular_imports_inside_the_domain() -> None:
    left = rooms()
    while ends := {room for room, names in left.items() if not names & left.keys()}:
        left = {room: names for room, names in left.items() if room not in ends}
    assert not left, "each of these imports another of them"


def test_the_http_package_knows_no_service_and_no_setting() -> None:
    assert rooms()["http"] <= {"records", "errors", "clock", "control_characters"}


@pytest.mark.parametrize("package", ["beatporter", "sandbox"])
def test_the_domain_and_the_sandbox_do_not_know_prefect(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}" for path in modules(package) for name in imported(path) if name.split(".")[0] in PREFECT
    ]
    assert not wrong


@pytest.mark.parametrize("package", ["orchestration", "tasks", "flows", "cli", "sandbox"])
def test_no_module_imports_something_heavy_at_its_top(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imported(path, top_level_only=True)
        if name in HEAVY or name.split(".")[0] in HEAVY
    ]
    assert not wrong, "import it where it is used, or every run pays for it"


def test_the_steps_of_a_run_load_nothing_heavy() -> None:
    """Code outside the steps of a run (compaction, export) may load heavy modules; the modules of the five steps may not."""
    steps = ", ".join(f"beatporter.sync.{path.stem}" for path in modules("beatporter/sync") if path.stem != "__init__")
    code = f"import sys, {steps}; print([name for name in {sorted(HEAVY)} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_command_line_sets_prefects_environment_before_it_imports_prefect() -> None:
    code = "import sys, cli.main; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "False", "Prefect reads its environment when it is imported"


@pytest.mark.parametrize("package", sorted({*OURS, "bench"}))
def test_nothing_private_is_imported_from_another_package(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules(package)
        for name in imported_names(path)
        if name.split(".")[0] in OURS - {package} and any(part.startswith("_") for part in name.split("."))
    ]
    assert not wrong, "give it a public name, or use a public function"


@pytest.mark.parametrize("package", sorted(OURS - {"cli"}))
def test_our_names_are_never_renamed_on_import(package: str) -> None:
    """This makes it possible to follow a value by search."""
    wrong = [
        f"{path.relative_to(ROOT)}: {alias.name} as {alias.asname}"
        for path in modules(package)
        for node in imports_of(path)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OURS - {"sandbox"}
        for alias in node.names
        if alias.asname
    ]
    assert not wrong


@pytest.mark.parametrize("path", modules("tasks"), ids=lambda path: path.name)
def test_a_task_file_holds_one_task_and_nothing_else(path: Path) -> None:
    body = [node for node in tree_of(path).body if not isinstance(node, ast.Import | ast.ImportFrom | ast.Expr)]
    if path.name == "__init__.py":
        assert not body
        return
    assert len(body) == 1, "one step per file; shared code is in orchestration/"
    assert isinstance(body[0], ast.FunctionDef)
    assert [ast.unparse(decorator).partition("(")[0] for decorator in body[0].decorator_list] == ["house_task"]


@pytest.mark.parametrize("path", modules("flows"), ids=lambda path: path.name)
def test_a_flow_file_holds_no_class_and_no_state(path: Path) -> None:
    """Prefect loads an entry point under a bare module name, so a class in it would exist twice."""
    tree = tree_of(path)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert not [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
