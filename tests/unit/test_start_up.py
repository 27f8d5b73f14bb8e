"""A command imports only what it needs, because a person waits for everything that it loads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.commands import COMMANDS

HEAVY = {
    "alembic",
    "bs4",
    "cryptography",
    "fastapi",
    "filelock",
    "httpx",
    "memray",
    "numpy",
    "openpyxl",
    "pandas",
    "prefect",
    "pyarrow",
    "pydantic",
    "rapidfuzz",
    "redis",
    "requests",
    "rich.progress",
    "spotipy",
    "sqlalchemy",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.orm",
    "yaml",
}
LOADED = """
import json, sys
sys.argv = ["beatporter", *sys.argv[1:]]
from cli.main import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["--help"], set()),
        (["genres"], {"pydantic"}),
        (["status"], {"pydantic", "sqlalchemy"}),
        (["match", "show", "house"], {"pydantic", "sqlalchemy", "rapidfuzz"}),
        (["ledger", "stats"], {"pydantic", "sqlalchemy"}),
        (["briefing"], {"pydantic", "sqlalchemy", "rapidfuzz"}),
        (["sync", "--all", "--help"], {"pydantic"}),
        (["profile", "list"], {"pydantic", "sqlalchemy"}),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_a_command_loads_no_more_than_it_needs(arguments: list[str], needed: set[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "", "BEATPORTER_HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert done.returncode != 2, "it does not run"
    assert HEAVY & set(json.loads(done.stdout.splitlines()[-1])) == needed


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_itself_says(name: str) -> None:
    command = COMMANDS[name]
    assert (command.load(name).help or "").replace("\n", " ").startswith(command.summary)


A_RUN = """
import sys
import flows.sync_genres
import beatporter.spotify.client
loaded = set(sys.modules) & {"alembic", "fastapi.testclient", "numpy", "openpyxl", "pandas", "pyarrow", "redis"}
assert not loaded, f"a run loads {loaded}"
import redis
assert redis.Redis, "a stand-in was left in the place of redis-py"
"""
REDIS_FIRST = """
import redis
import beatporter.spotify.client
import spotipy.cache_handler
assert spotipy.cache_handler.RedisError is redis.RedisError
"""


@pytest.mark.parametrize("script", [A_RUN, REDIS_FIRST], ids=["a run", "redis first"])
def test_a_run_loads_no_redis_and_leaves_it_for_others(script: str, tmp_path: Path) -> None:
    environment = {"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
