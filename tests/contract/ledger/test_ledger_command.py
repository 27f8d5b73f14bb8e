"""`beatporter ledger` as a person runs it: a process, its output in 80 columns, its exit code; over a folder and over a bucket."""

from __future__ import annotations

import csv
import gzip
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pytest

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.ledger import BackupRow, HistoryRow
from beatporter.records.match import Match

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
BEATPORTER = Path(sys.executable).with_name("beatporter")
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def beatporter(ledger: Ledger, home_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Command:
    """Runs `beatporter ledger …` over the ledger, in an empty folder."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("BEATPORTER_", "PREFECT_"))}
    own |= {"BEATPORTER_STORAGE": ledger.root, "COLUMNS": "80", "NO_COLOR": "1"}
    if home_kind == "bucket":
        own["STORAGE_EMULATOR_HOST"] = f"http://{request.getfixturevalue('emulator')}"
    folder = tmp_path / "here"
    folder.mkdir()

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [str(BEATPORTER), "ledger", *map(str, arguments)]
        return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, timeout=120, check=False)

    return run


only_folder = pytest.mark.parametrize("home_kind", ["folder"], indirect=True)
"""What the home makes no difference to."""


def fill(ledger: Ledger) -> None:
    for start in (0, 30):
        rows = [
            HistoryRow(f"{n:022}", None, f"artist|title {n}|", n, "chart", T0 + timedelta(days=start)) for n in range(start, start + 50)
        ]
        ledger.history.append("P", rows)
    ledger.history.append("Q", [HistoryRow("=x", None, "", None, "playlist", T0)])
    ledger.matches.append([Match(1, None, "t", "search", 90.0, "same", "1", T0, None)])
    ledger.backups.append("P", "s", T0, [BackupRow(0, "a", None, "Ünïcode, ☃", ("A", "B"), None)])


def damage(ledger: Ledger, table: str) -> str:
    path = ledger.home.files(table)[0].path
    data = bytearray(ledger.home.read(path))
    data[100] ^= 4
    ledger.home.write(path, pa.py_buffer(bytes(data)))
    return path


def output_of(done: subprocess.CompletedProcess[str], code: int = 0) -> str:
    assert done.returncode == code, f"exit code {done.returncode}, not {code}:\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def row_of(text: str, name: str) -> list[str]:
    """Words of a table's row."""
    return next((line.split() for line in text.splitlines() if line.split()[:1] == [name]), [])


class TestCheck:
    def test_a_sound_ledger_is_counted(self, ledger: Ledger, beatporter: Command) -> None:
        fill(ledger)
        text = output_of(beatporter("check"))
        assert row_of(text, "history")[:3] == ["history", "3", "101"]
        assert f"All is sound in {ledger.root}" in text

    def test_damage_is_named_and_going_on_without_it_takes_a_word(self, ledger: Ledger, beatporter: Command) -> None:
        fill(ledger)
        path = damage(ledger, "history/playlist_id=P")
        for _ in range(2):
            text = output_of(beatporter("check"), code=1)
            assert f"Damaged: {path}" in text
            assert "may be added to their playlist again" in text, "it does not say what going on costs"
            assert "--set-aside" in text
        assert f"Set aside: damaged/{path}" in output_of(beatporter("check", "--set-aside"))
        assert "All is sound" in output_of(beatporter("check"))
        assert ledger.home.has(f"damaged/{path}"), "the damaged file was not kept"

    def test_what_is_not_the_ledgers_is_told_apart(self, ledger: Ledger, beatporter: Command) -> None:
        fill(ledger)
        for path in ("notes.txt", "history/other.parquet", "history/playlist_id=P/.tmp-1-x"):
            ledger.home.write(path, pa.py_buffer(b"x"))
        text = output_of(beatporter("check"))
        assert "never read: notes.txt" in text
        assert "never read: history/other.parquet" in text
        assert "removes it after an hour: history/playlist_id=P/.tmp-1-x" in text


class TestStats:
    def test_figures_fit_a_terminal(self, ledger: Ledger, beatporter: Command) -> None:
        fill(ledger)
        text = output_of(beatporter("stats"))
        assert row_of(text, "history")[:5] == ["history", "101", "2", "playlists", "3"]
        assert row_of(text, "backups")[-1] == "2026-11-20"
        assert "kB" in text
        table = text.splitlines()[:10]
        assert max(map(len, table)) <= 80, "\n".join(table)

    @only_folder
    def test_an_empty_ledger_has_none(self, beatporter: Command) -> None:
        assert row_of(output_of(beatporter("stats")), "charts")[:2] == ["charts", "0"]


class TestCompact:
    def test_repetitions_go_and_old_files_follow_an_hour_later(self, ledger: Ledger, beatporter: Command) -> None:
        fill(ledger)
        text = output_of(beatporter("compact"))
        assert row_of(text, "history") == ["history", "3", "2", "20", "0", "0", "B"]
        assert "2 merged files wait" in text
        assert len(ledger.home.files("history/playlist_id=P")) == 3

    @only_folder
    def test_the_next_compaction_removes_them(self, ledger: Ledger, beatporter: Command) -> None:
        fill(ledger)
        output_of(beatporter("compact"))
        for file in Path(ledger.root).rglob("*.parquet"):
            os.utime(file, (file.stat().st_mtime - 7200,) * 2)
        text = output_of(beatporter("compact"))
        assert row_of(text, "history")[4] == "2"
        assert len(ledger.home.files("history/playlist_id=P")) == 1

    @only_folder
    def test_a_damaged_file_is_a_failure_and_the_rest_is_done(self, ledger: Ledger, beatporter: Command) -> None:
        fill(ledger)
        ledger.matches.append([Match(1, None, "u", "search", 95.0, "same", "1", T0 + timedelta(1), None)])
        path = damage(ledger, "history/playlist_id=P")
        text = output_of(beatporter("compact"), code=1)
        assert path in text
        assert row_of(text, "matches")[1:4] == ["2", "1", "1"]

    @only_folder
    def test_old_backups_go_only_when_told(self, ledger: Ledger, beatporter: Command) -> None:
        for day in range(3):
            ledger.backups.append("P", f"s{day}", T0 - timedelta(days=90 + day), [])
        output_of(beatporter("compact"))
        assert len(ledger.backups.all("P")) == 3
        output_of(beatporter("compact", "--backups-days", 30))
        assert [info.snapshot_id for info in ledger.backups.all("P")] == ["s0"], "the newest is kept, whatever its age"
        assert "--backups-days" in output_of(beatporter("compact", "--backups-days", 0), code=2)


class TestExport:
    def test_csv_holds_each_track_once(self, ledger: Ledger, beatporter: Command, tmp_path: Path) -> None:
        fill(ledger)
        assert "81 rows of history in out.csv" in output_of(beatporter("export", "history", "out.csv"))
        with (tmp_path / "here/out.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["track_id"] for row in rows] == [*(f"{n:022}" for n in range(80)), "'=x"]
        assert rows[40]["added_at"] == "2026-11-20T06:30:00Z", "of two dates the earlier"

    @only_folder
    def test_excel_holds_text_as_text(self, ledger: Ledger, beatporter: Command, tmp_path: Path) -> None:
        fill(ledger)
        assert "1 rows of history" in output_of(beatporter("export", "history", "out.xlsx", "--only", "Q"))
        sheet = openpyxl.load_workbook(tmp_path / "here/out.xlsx")["history"]
        header, row = sheet.iter_rows(values_only=True)
        assert dict(zip(header, row, strict=True))["track_id"] == "=x"
        assert sheet.cell(2, header.index("track_id") + 1).data_type == "s", "a formula from a stranger's name"

    @only_folder
    def test_a_file_is_replaced_only_when_told(self, ledger: Ledger, beatporter: Command, tmp_path: Path) -> None:
        fill(ledger)
        mine = tmp_path / "here/out.csv"
        mine.write_text("mine")
        assert "is there already" in output_of(beatporter("export", "history", "out.csv"), code=2)
        assert mine.read_text() == "mine"
        output_of(beatporter("export", "history", "out.csv", "--force"))
        assert mine.read_text() != "mine"

    @only_folder
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("nix", "out.csv"), "no table 'nix'. Name one of charts"),
            (("history", "out.txt"), "neither .csv nor .xlsx"),
            (("history", "out.csv", "--only", "R"), "no playlist_id 'R'. It has P, Q"),
            (("matches", "out.csv", "--only", "R"), "without partitions"),
        ],
    )
    def test_bad_arguments_are_told_and_leave_no_file(
        self, ledger: Ledger, beatporter: Command, tmp_path: Path, arguments: tuple[str, ...], words: str
    ) -> None:
        fill(ledger)
        assert words in " ".join(output_of(beatporter("export", *arguments), code=2).split())
        assert list((tmp_path / "here").iterdir()) == []

    @only_folder
    def test_a_damaged_ledger_leaves_no_half_export(self, ledger: Ledger, beatporter: Command, tmp_path: Path) -> None:
        fill(ledger)
        path = damage(ledger, "history/playlist_id=P")
        assert path in output_of(beatporter("export", "history", "out.csv"), code=1)
        assert list((tmp_path / "here").iterdir()) == []

    def test_a_terminal_sees_progress(self, tmp_path: Path) -> None:
        fill(open_ledger(tmp_path / "ledger"))
        ours, theirs = pty.openpty()
        environment = {**os.environ, "BEATPORTER_STORAGE": str(tmp_path / "ledger"), "COLUMNS": "80", "TERM": "xterm"}
        command = [str(BEATPORTER), "ledger", "export", "history", str(tmp_path / "out.csv")]
        subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=theirs, timeout=120, check=True)
        os.close(theirs)
        assert b"rows written" in os.read(ours, 65_536)


def old_history() -> pd.DataFrame:
    """Rows 0 to 5 are of use, 3 repeats 0 with an earlier date; 6 to 8 are not."""
    ids = [f"{n:022}" for n in range(6)]
    return pd.DataFrame(
        {
            "playlist_id": ["P", "P", "Q", "P", "P", "Q", None, "P", "P"],
            "playlist_name": ["House"] * 9,
            "track_id": [ids[0], f"spotify:track:{ids[1]}", ids[2], ids[0], ids[4], ids[5], ids[0], None, "local file"],
            "datetime_added": [pd.Timestamp("2023-05-01 12:00"), *[pd.Timestamp("2023-05-02")] * 2, pd.Timestamp("2023-01-01"), pd.NaT]
            + [pd.Timestamp("2023-05-03")] * 4,
            "artist_name": ["A, B - One", "A - Two", "C - Three (X Remix)", "A, B - One", "D - Four", None, "x", "y", "z"],
        }
    )


def write_old(frame: pd.DataFrame, kind: str, folder: Path) -> Path:
    if kind == "xlsx":
        frame.to_excel(folder / "hist.xlsx", index=False)
        return folder / "hist.xlsx"
    path = folder / "hist_playlists_tracks.parquet.gz"
    if kind == "gzip inside, zoned":
        frame.assign(datetime_added=frame["datetime_added"].dt.tz_localize("Europe/Berlin")).to_parquet(path, compression="gzip")
        return path
    plain = folder / "plain.parquet"
    frame.astype({"playlist_id": "category"}).to_parquet(plain)
    with plain.open("rb") as source, gzip.open(path, "wb") as packed:
        shutil.copyfileobj(source, packed)
    return path


class TestImport:
    @only_folder
    @pytest.mark.parametrize("kind", ["gzip inside, zoned", "gzipped whole", "xlsx"])
    def test_what_is_of_use_is_taken_once(self, ledger: Ledger, beatporter: Command, tmp_path: Path, kind: str) -> None:
        path = write_old(old_history(), kind, tmp_path)
        for dry, taken, repeated in ((["--dry-run"], 5, 1), ([], 5, 1), ([], 0, 6)):
            text = output_of(beatporter("import", path, *dry))
            words = [line.split()[:2] for line in text.splitlines()]
            assert [str(taken), "would" if dry else "taken"] in words, text
            assert [str(repeated), "repeated:"] in words, text
            assert text.count("1 left, ") == 3, text
            assert '1 of these without "Artist - Title"' in text
            assert "1 of these without a readable date" in text
            assert (ledger.home.files("history") == []) is bool(dry)
        dates = {track: row.added_at for track, row in ledger.history.rows("P", [f"{n:022}" for n in range(5)]).items()}
        zone = timedelta(hours=1 if kind == "gzip inside, zoned" else 0)
        assert dates[f"{0:022}"] == datetime(2023, 1, 1, tzinfo=UTC) - zone, "the earliest date does not stand"
        assert sorted(dates) == [f"{n:022}" for n in (0, 1, 4)]
        assert len(ledger.home.files("history")) == 2, "importing again wrote something"

    def test_imported_rows_are_known_by_id_and_words(self, ledger: Ledger, beatporter: Command, tmp_path: Path) -> None:
        from beatporter.matching import recording_key

        output_of(beatporter("import", write_old(old_history(), "gzipped whole", tmp_path)))
        words = recording_key("Three (X Remix)", ["C"])
        known = ledger.history.known("Q", [f"{2:022}", f"{5:022}"], recordings=[words])
        assert (known.track_ids, known.recordings) == ({f"{2:022}", f"{5:022}"}, {words})

    @only_folder
    def test_what_the_ledger_knows_better_stays(self, ledger: Ledger, beatporter: Command, tmp_path: Path) -> None:
        early, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
        ledger.history.append("P", [HistoryRow(f"{n:022}", "ISRC", "", 7, "chart", at) for n, at in ((0, early), (1, late), (4, late))])
        output_of(beatporter("import", write_old(old_history(), "gzipped whole", tmp_path)))
        rows = ledger.history.rows("P", [f"{n:022}" for n in (0, 1, 4)])
        assert rows[f"{0:022}"].added_at == early
        assert rows[f"{1:022}"].added_at == datetime(2023, 5, 2, tzinfo=UTC)
        assert rows[f"{4:022}"].added_at == late, "a row without a date made the track older"
        assert ledger.history.known("P", isrcs=["ISRC"]).isrcs

    @only_folder
    def test_a_file_of_which_nothing_can_be_used_is_a_failure(self, beatporter: Command, tmp_path: Path) -> None:
        text = output_of(beatporter("import", write_old(old_history().iloc[6:], "gzipped whole", tmp_path)), code=1)
        assert "0 taken" in text

    @only_folder
    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("nix.parquet.gz", None, "No such file"),
            ("text.csv", b"playlist_id,track_id\n", "neither Parquet nor Excel"),
            ("cut.parquet.gz", gzip.compress(b"PAR1" + b"x" * 1000)[:-20], "damaged"),
            ("no.parquet", b"PAR1" + b"x" * 100 + b"PAR1", "damaged"),
            ("no.xlsx", b"PK\x03\x04" + b"x" * 100, "damaged"),
            ("columns.parquet", pd.DataFrame({"track_id": ["x"]}), "lacks the column playlist_id, datetime_added, artist_name"),
            ("columns.xlsx", pd.DataFrame({"track_id": ["x"]}), "lacks the column playlist_id, datetime_added, artist_name"),
        ],
    )
    def test_a_wrong_file_is_told(
        self, beatporter: Command, tmp_path: Path, name: str, content: bytes | pd.DataFrame | None, words: str
    ) -> None:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            content.to_excel(path, index=False) if name.endswith("xlsx") else content.to_parquet(path)
        text = output_of(beatporter("import", path), code=2)
        assert words in text
        assert name in text


@only_folder
def test_a_place_that_cannot_be_read_is_told(ledger: Ledger, beatporter: Command) -> None:
    (Path(ledger.root) / "history").write_text("in the way")
    assert "file where a folder is needed" in output_of(beatporter("check"), code=1)
