"""Reading the old script's config.py as data: what is plain is read, all else is named with its line, and nothing is executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from beatporter.errors import SettingsError
from beatporter.old_script.config import ScriptConfig, find_config, read_plain_text, read_script_config


def read(tmp_path: Path, *lines: str) -> ScriptConfig:
    path = tmp_path / "config.py"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_script_config(path)


def left(config: ScriptConfig) -> list[tuple[int, str]]:
    return [(one.line, one.what) for one in config.left_out]


def test_every_setting_is_read(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        'username = "dj-ada"',
        'playlist_prefix = "BP: "',
        'playlist_description: str = "Mine"',
        'digging_mode = "all"',
        "daily_mode = True",
        "daily_n_track = 20",
        "add_at_top_playlist = False",
        "overwrite_label = True",
        "shuffle_label = True",
        "use_gcp = True",
        'genres = {"All Genres": "", "House": "house/5"}',
        'charts = {"Kalambo": "kalambo"}',
        'labels = {"8Bit": "8bit/3248"}',
        'spotify_bkp = {"BKP": "ORIGINAL"}',
    )
    assert (config.username, config.prefix, config.description, config.digging) == ("dj-ada", "BP: ", "Mine", "all")
    assert (config.daily, config.daily_size, config.add_at_top) == (True, 20, False)
    assert (config.overwrite_labels, config.shuffle_labels, config.use_gcp) == (True, True, True)
    assert dict(config.genres) == {"All Genres": "", "House": "house/5"}
    assert (dict(config.charts), dict(config.labels)) == ({"Kalambo": "kalambo"}, {"8Bit": "8bit/3248"})
    assert dict(config.backups) == {"BKP": "ORIGINAL"}
    assert config.lines["genres", "House"] == 11
    assert config.left_out == ()


def test_the_examples_placeholder_is_no_username(tmp_path: Path) -> None:
    assert read(tmp_path, 'username = "CHANGE_ME"').username == ""


def test_texts_that_are_put_together_are_read(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "import os",
        'ROOT_PATH = "../"',
        'folder_path = os.path.join(ROOT_PATH, "data", "")',
        'name = "Beatport"',
        'playlist_prefix = f"{name}" + ": "',
        'path = "house" + "/5"',
        'genres = {f"{name} House": path}',
        'genres["Trance"] = "trance/7"',
        'genres |= {"Techno": "techno/6"}',
    )
    assert config.prefix == "Beatport: "
    assert config.folders == ("../data/", "../")
    assert dict(config.genres) == {"Beatport House": "house/5", "Trance": "trance/7", "Techno": "techno/6"}
    assert config.left_out == ()


def test_what_needs_python_is_left_out_with_its_line(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        'username = os.environ["ME"]',
        "genres = {",
        '    "House": "house/5",',
        '    "Trance": find("trance"),',
        '    name(): "techno/6",',
        "    **more,",
        "}",
        'genres.update({"Dubstep": "dubstep/18"})',
        'digging_mode = "all"',
        "if daily:",
        '    digging_mode = "playlist"',
        "playlist_prefix = f\"{'BP'!r}\"",
        'daily_n_track = "15"',
        'labels = {"8Bit": 3248, "Drumcode": "drumcode/2027"}',
    )
    assert dict(config.genres) == {"House": "house/5"}, "the entries that are plain stay"
    assert dict(config.labels) == {"Drumcode": "drumcode/2027"}
    assert (config.username, config.prefix, config.digging, config.daily_size) == ("", "Beatport: ", "playlist", 15)
    assert left(config) == [
        (0, "daily_n_track"),
        (1, "username"),
        (4, "genres: 'Trance'"),
        (5, "genres: name()"),
        (6, "genres: **"),
        (8, "genres"),
        (10, "digging_mode"),
        (12, "playlist_prefix"),
        (14, "labels: 8Bit"),
    ]


def test_a_function_changes_a_setting_only_if_it_says_global(tmp_path: Path) -> None:
    harmless = read(tmp_path, 'username = "ada"', "def main():", '    username = "other"')
    assert (harmless.username, harmless.left_out) == ("ada", ())
    changed = read(tmp_path, 'username = "ada"', "def main():", "    global username", '    username = "other"')
    assert (changed.username, left(changed)) == ("", [(2, "username")])


def test_a_later_value_that_cannot_be_read_replaces_the_earlier_one(tmp_path: Path) -> None:
    config = read(tmp_path, 'username = "ada"', "username = input()")
    assert (config.username, left(config)) == ("", [(2, "username")])
    assert read(tmp_path, 'username = "ada"', "from secrets_of_mine import *").username == ""


def test_nothing_is_executed_and_no_secret_is_repeated(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    config = read(tmp_path, f"open({str(marker)!r}, 'w')", f"username = open({str(marker)!r}, 'w').name", 'client_secret = f("s3cret")')
    assert not marker.exists()
    assert "s3cret" not in repr(config)


def test_what_is_not_a_config_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"not Python: line 1"):
        read(tmp_path, "genres = {")
    (tmp_path / "config.py").write_bytes(b"a = '\0'")
    with pytest.raises(SettingsError):
        read_script_config(tmp_path / "config.py")
    (tmp_path / "config.py").write_text("a = " + "(" * 10_000 + ")" * 10_000)
    with pytest.raises(SettingsError):
        read_script_config(tmp_path / "config.py")


def test_the_config_is_found_in_the_folder_or_its_src(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no src/config.py or config.py"):
        find_config(tmp_path)
    (tmp_path / "config.py").touch()
    assert find_config(tmp_path) == tmp_path / "config.py"
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "config.py").touch()
    assert find_config(tmp_path) == tmp_path / "src" / "config.py"
    assert find_config(tmp_path / "src" / "config.py") == tmp_path / "src" / "config.py"
    with pytest.raises(SettingsError, match="is not a folder"):
        find_config(tmp_path / "nowhere")


def test_a_plain_text_of_another_module(tmp_path: Path) -> None:
    (tmp_path / "gcp.py").write_text('import json\nBUCKET_NAME = "my-bucket"\ndef f(): pass\n')
    assert read_plain_text(tmp_path / "gcp.py", "BUCKET_NAME") == "my-bucket"
    assert read_plain_text(tmp_path / "gcp.py", "PROJECT") == ""
    assert read_plain_text(tmp_path / "none.py", "BUCKET_NAME") == ""
