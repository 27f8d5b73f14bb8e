"""The page about the old script's functions: each has its place here, and a test that exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| the script's function |")]
TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")


@cache
def names_in(path: Path) -> frozenset[str]:
    """Names of a file's tests, those in classes as Class::test."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}::" if isinstance(node, ast.ClassDef) else ""
        found |= {f"{prefix}{one.name}" for one in inside if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")}
    return frozenset(found)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:60])
def test_each_function_has_its_place_and_tests_that_exist(row: str) -> None:
    function, here, shown = (cell.strip() for cell in row.strip("|").split("|"))
    assert function
    assert here
    named = TEST.findall(shown)
    assert named, "no test is named"
    assert TEST.sub("", shown).strip(", ") == "", "something else than tests is in the last column"
    missing = [f"{path}::{name}" for path, name in named if not (ROOT / path).exists() or name not in names_in(ROOT / path)]
    assert not missing


def test_the_page_has_every_function_that_a_person_of_the_old_script_knows() -> None:
    wanted = (
        *("get_top_100_tracks", "find_chart", "get_label_tracks", "search_for_track", "add_new_tracks_to_playlist_genre", "daily_mode"),
        *("add_new_tracks_to_playlist_chart_label", "update_hist_pl_tracks", "refresh_all_playlists_history", "dedup_playlists"),
        *("restore_tracks", "deduplicate_hist_file", "back_up_spotify_playlist", "transfer_to_excel", "upload_file_to_gcs", "spotify_auth"),
        *("youtube_music.py", "shuffle_label", "overwrite_label", "digging", "config.py", "clear_playlist", "HistoryCache"),
    )
    assert not [name for name in wanted if name not in PAGE]
