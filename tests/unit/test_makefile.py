"""Which Python `make` uses for .venv, with fake interpreters on a separate PATH."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.timeouts import TIMEOUT_S

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SUITS = next(line.partition(" := ")[2] for line in MAKEFILE.splitlines() if line.startswith("SUITS"))
SUITABLE, UNSUITABLE, SHIM = "exit 0", "exit 1", "echo 'command not found' >&2; exit 127"
STAND_IN = """#!/bin/sh
case "$*" in
-c*) {suits} ;;
"-m venv --clear .venv")
    mkdir -p .venv/bin
    echo {name} >.venv/made-by
    printf '#!/bin/sh\\n' >.venv/bin/python
    cp .venv/bin/python .venv/bin/pip
    chmod +x .venv/bin/python .venv/bin/pip ;;
*) exit 3 ;;
esac
"""

Make = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Runs `make setup` with a copy of the Makefile; its arguments are the answers of the interpreters on the PATH."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "cp", "mkdir", "chmod", "touch"):
        (tools / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")

    def run(*arguments: str, **pythons: str) -> subprocess.CompletedProcess[str]:
        for name, suits in pythons.items():
            path = tools / name.replace("_", ".")
            path.write_text(STAND_IN.format(suits=suits, name=path.name))
            path.chmod(0o755)
        command = [shutil.which("make") or "make", "--no-print-directory", "setup", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env={"PATH": str(tools)}, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )

    return run


def made_by(folder: Path) -> str:
    return (folder / ".venv" / "made-by").read_text().strip()


@pytest.mark.parametrize(
    ("pythons", "taken"),
    [
        ({"python3_11": SUITABLE, "python3_13": SUITABLE, "python3": SUITABLE}, "python3.13"),
        ({"python3_14": UNSUITABLE, "python3_13": SHIM, "python3_12": SUITABLE}, "python3.12"),
        ({"python3_11": UNSUITABLE, "python3": SUITABLE}, "python3"),
    ],
    ids=["the newest", "not a shim, nor one without venv", "by its plain name"],
)
def test_the_newest_suitable_python_is_used(make: Make, tmp_path: Path, pythons: dict[str, str], taken: str) -> None:
    done = make(**pythons)
    assert done.returncode == 0, done.stdout + done.stderr
    assert made_by(tmp_path) == taken


def test_a_named_python_is_used(make: Make, tmp_path: Path) -> None:
    assert make("PYTHON=python3.12", python3_12=UNSUITABLE, python3_13=SUITABLE).returncode == 2
    assert make("PYTHON=python3.12", python3_12=SUITABLE, python3_13=SUITABLE).returncode == 0
    assert made_by(tmp_path) == "python3.12"


def test_without_a_suitable_python_it_says_what_to_install(make: Make) -> None:
    done = make(python3=UNSUITABLE, python3_12=SHIM)
    assert done.returncode == 2
    assert "No Python from 3.11 to 3.14" in done.stderr
    assert "apt install python3 python3-venv" in done.stderr


def test_a_working_venv_is_kept_and_one_without_its_python_replaced(make: Make, tmp_path: Path) -> None:
    make(python3_12=SUITABLE)
    (tmp_path / ".venv" / ".ready").unlink()
    assert make(python3_13=SUITABLE).returncode == 0
    assert made_by(tmp_path) == "python3.12"
    (tmp_path / ".venv" / ".ready").unlink()
    (tmp_path / ".venv" / "bin" / "python").unlink()
    assert make().returncode == 0
    assert made_by(tmp_path) == "python3.13"


def test_the_bounds_are_the_same_everywhere_and_this_python_is_within() -> None:
    asked = subprocess.run([sys.executable, "-c", SUITS], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert asked.returncode == 0, asked.stderr
    (lowest,), (above,) = re.findall(r"\(3, (\d+)\) <=", SUITS), re.findall(r"< \(3, (\d+)\)", SUITS)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">=3.{lowest},<3.{above}"
    assert f"Python 3.{lowest} to 3.{int(above) - 1}," in (ROOT / "README.md").read_text(encoding="utf-8")
