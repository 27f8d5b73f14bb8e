"""The image's steps, carried out in a fresh folder, where nothing is but what the Dockerfile copies and installs; and compose.yaml."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.timeouts import TIMEOUT_S

ROOT = Path(__file__).parents[2]
ONLY_IN_A_CONTAINER = ("useradd",)
"""Steps that change the machine's users; they are not carried out here."""


def instructions() -> Iterator[tuple[str, str]]:
    """The Dockerfile's instructions in order, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text())
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


class Image:
    """A folder in place of the image's file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root
        self.environment: dict[str, str] = {}

    def place(self, path: str) -> Path:
        return self.root / path.lstrip("/") if path.startswith("/") else self.folder / path

    def work_in(self, path: str) -> None:
        self.folder = self.place(path)
        self.folder.mkdir(parents=True, exist_ok=True)

    def copy(self, words: list[str]) -> None:
        *sources, target = words
        for source in sources:
            goal = self.place(target)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, goal, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                goal = goal / Path(source).name if target.endswith("/") else goal
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, goal)

    def run(self, command: str) -> str:
        """Run a command with the image's paths in the place of this machine's. Only what a command loads is compiled."""
        here = re.sub(r"(?<![\w.])/(opt|data|app|build)\b", lambda found: str(self.root / found[1]), command)
        here = re.sub(r"^python\b", shlex.quote(sys.executable), here)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("BEATPORTER_", "PREFECT_", "PYTHON"))}
        done = subprocess.run(
            ["sh", "-c", here], cwd=self.folder, env={**kept, "PIP_NO_COMPILE": "1", **self.environment}, capture_output=True, text=True,
            timeout=3 * TIMEOUT_S, check=False,
        )  # fmt: skip
        if done.returncode and "No matching distribution" in done.stderr:
            pytest.skip("no package index is at hand that has the locked packages")
        assert done.returncode == 0, f"{command}:\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
        return done.stdout

    def set(self, words: str) -> None:
        for pair in shlex.split(words):
            key, _, value = pair.partition("=")
            value = value.replace("$PATH", os.environ["PATH"])
            self.environment[key] = re.sub(r"(?<![\w.])/(opt|data)\b", lambda found: str(self.root / found[1]), value)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    made = Image(tmp_path_factory.mktemp("image"))
    for word, rest in instructions():
        if word == "WORKDIR":
            made.work_in(rest)
        elif word == "COPY" and not rest.startswith("--from="):
            made.copy(shlex.split(rest))
        elif word == "RUN" and not rest.startswith(ONLY_IN_A_CONTAINER):
            made.run(rest)
        elif word == "ENV":
            made.set(rest)
    return made


@pytest.mark.slow
def test_the_image_has_the_command_and_the_code_that_runs_load(image: Image) -> None:
    assert "up" in image.run("beatporter --help")
    said = image.run(
        "python -c 'import flows.sync_genre, orchestration.register as r; print(r.PREFECT_FILE.is_file(), r.AUTOMATIONS.is_file())'"
    )
    assert said.split() == ["True", "True"]


@pytest.mark.slow
def test_a_command_works_and_writes_in_data_alone(image: Image) -> None:
    before = {path for path in (image.root / "app").rglob("*") if "__pycache__" not in path.parts}
    assert "Account" in image.run("beatporter status")
    assert (image.root / "data" / "beatporter.db").is_file()
    assert before == {path for path in (image.root / "app").rglob("*") if "__pycache__" not in path.parts}


@pytest.mark.slow
def test_the_image_has_what_runs_need_and_not_what_development_does(image: Image) -> None:
    installed = image.run("pip list --format=freeze").lower()
    assert all(f"{name}==" in installed for name in ("prefect", "prefect-gcp", "psycopg", "memray", "apprise"))
    assert not [name for name in ("pytest", "playwright", "mypy", "ruff", "polars") if f"\n{name}==" in installed]


@pytest.mark.slow
def test_the_healthcheck_fails_without_a_server(image: Image) -> None:
    assert image.run("PREFECT_API_URL=http://127.0.0.1:9/api python -m orchestration.healthcheck; echo $?").strip() == "1"


def test_the_container_is_nobody_special_and_checks_itself() -> None:
    words = dict(instructions())
    assert words["USER"] == "beatporter"
    assert "orchestration.healthcheck" in words["HEALTHCHECK"]


def test_compose_starts_a_worker_after_the_server_and_what_it_needs() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = compose["services"]
    assert set(services) == {"postgres", "server", "register", "worker"}
    assert services["worker"]["depends_on"]["register"]["condition"] == "service_completed_successfully"
    assert services["server"]["ports"] == ["127.0.0.1:4200:4200"], "Prefect asks for no password"
    for name in ("server", "worker", "register"):
        assert services[name]["image"] == "beatporter"
    addresses = [
        services["worker"]["environment"]["BEATPORTER_DATABASE"],
        services["server"]["environment"]["PREFECT_SERVER_DATABASE_CONNECTION_URL"],
    ]
    assert [address.rpartition("/")[2] for address in addresses] == ["beatporter", "prefect"]
    assert "prefect" in compose["configs"]["prefect_database"]["content"]
