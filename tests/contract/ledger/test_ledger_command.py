"""`beatporter ledger` as a person runs it: a process, its output in 80 columns, its exit code, and its results."""

from __future__ import annotations

import csv
import os
import pty
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.migrate import HEAD
from beatporter.records.ledger import BackupRow, CallRow, HistoryRow
from beatporter.records.match import Match
from tests import commands
from tests.contract.ledger import frozen_databases
from tests.contract.ledger.all_rows import contents
from tests.contract.ledger.parquet_ledger_files import write_older

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
Command = Callable[..., "subprocess.CompletedProcess[str]"]

only_sqlite = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
"""For tests where the kind of database makes no difference."""
only_postgres = pytest.mark.parametrize("kind", ["postgres"], indirect=True)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder that commands run in; it has no home folder yet."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


@pytest.fixture
def beatporter(ledger: Ledger, address: str, here: Path) -> Command:
    """Runs `beatporter ledger …` on the ledger."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("BEATPORTER_", "PREFECT_"))}
    own |= {"BEATPORTER_DATABASE": address, "BEATPORTER_HOME": str(here / "home"), "COLUMNS": "80", "NO_COLOR": "1"}

    def run(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
        environment = own | {f"BEATPORTER_{key.upper()}": str(value) for key, value in settings.items()}
        return commands.run_command(("ledger", *map(str, arguments)), environment, here)

    return run


def fill(ledger: Ledger) -> None:
    for start in (0, 30):
        at = T0 + timedelta(days=start)
        ledger.history.append("P", [HistoryRow(f"{n:022}", None, f"artist|title {n}|", n, "chart", at) for n in range(start, start + 50)])
    ledger.history.append("Q", [HistoryRow("=x", None, "", None, "playlist", T0)])
    ledger.matches.append([Match(1, None, "t", "search", 90.0, "same", "1", T0, None)])
    ledger.backups.append("P", "s", T0, [BackupRow(0, "a", None, "Ünïcode, ☃", ("A", "B"), None)])
    ledger.calls.append([CallRow(T0, "search", 5, "run")])


def output_of(done: subprocess.CompletedProcess[str], code: int = 0) -> str:
    assert done.returncode == code, f"exit code {done.returncode}, not {code}:\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def in_one_line(text: str) -> str:
    """Without the frames and line breaks of usage errors."""
    return " ".join(text.replace("│", " ").split())


def row_of(text: str, name: str) -> list[str]:
    """Words of a table's row."""
    return next((line.split() for line in text.splitlines() if line.split()[:1] == [name]), [])


def widest(text: str) -> int:
    """The longest line of a table; a message is wrapped by the terminal."""
    return max(len(line) for line in text.splitlines() if "  " in line.strip())


class TestStats:
    def test_figures_fit_a_terminal(self, ledger: Ledger, beatporter: Command) -> None:
        fill(ledger)
        text = output_of(beatporter("stats"))
        assert row_of(text, "history") == ["history", "81", "2026-11-20", "2026-12-20"]
        assert row_of(text, "charts") == ["charts", "0"]
        assert f"B in {ledger.name}." in text
        assert widest(text) <= 80


class TestCheck:
    def test_a_sound_ledger_is_counted(self, ledger: Ledger, beatporter: Command) -> None:
        fill(ledger)
        text = output_of(beatporter("check"))
        assert row_of(text, "history") == ["history", "81"]
        assert f"{ledger.name} has no damage." in text
        assert widest(text) <= 80

    @only_sqlite
    def test_damage_is_reported_with_a_remedy(self, ledger: Ledger, address: str, beatporter: Command) -> None:
        fill(ledger)
        ledger.close()
        with sqlite3.connect(address) as database:
            database.execute("UPDATE history SET track_key = track_key + 1 WHERE id = 7")
        text = output_of(beatporter("check"), code=1)
        assert "Row 7 of history" in text
        assert "ledger rebuild --from ARCHIVE" in text
        assert "sound" not in text

    @only_sqlite
    def test_a_missing_file_of_the_archive_is_named(self, ledger: Ledger, beatporter: Command, here: Path) -> None:
        fill(ledger)
        output_of(beatporter("archive", archive=here / "archive"))
        text = output_of(beatporter("check", archive=here / "archive"))
        assert f"files of the archive {here / 'archive'} agree; 0 rows not archived yet" in text
        next((here / "archive" / "history").rglob("*.parquet")).unlink()
        assert "history are missing" in output_of(beatporter("check", archive=here / "archive"), code=1)


class TestExport:
    def test_csv_holds_each_track_once(self, ledger: Ledger, beatporter: Command, here: Path) -> None:
        fill(ledger)
        assert "81 rows of history in out.csv" in output_of(beatporter("export", "history", "out.csv"))
        with (here / "out.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["track_id"] for row in rows] == [*(f"{n:022}" for n in range(80)), "'=x"]

    @only_sqlite
    def test_excel_holds_one_playlist(self, ledger: Ledger, beatporter: Command, here: Path) -> None:
        fill(ledger)
        assert "1 row of history" in output_of(beatporter("export", "history", "out.xlsx", "--only", "Q"))
        header, row = openpyxl.load_workbook(here / "out.xlsx")["history"].iter_rows(values_only=True)
        assert dict(zip(header, row, strict=True))["track_id"] == "=x"

    @only_sqlite
    def test_a_file_is_replaced_only_with_force(self, beatporter: Command, here: Path) -> None:
        (here / "out.csv").write_text("mine")
        assert "already exists" in output_of(beatporter("export", "history", "out.csv"), code=2)
        assert (here / "out.csv").read_text() == "mine"
        output_of(beatporter("export", "history", "out.csv", "--force"))
        assert (here / "out.csv").read_text() != "mine"

    @only_sqlite
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("hystory", "out.csv"), "no table 'hystory'. Did you mean history?"),
            (("history", "out.txt"), "neither .csv nor .xlsx"),
            (("history", "out.csv", "--only", "R"), "no playlist_id 'R'. There are P, Q."),
            (("matches", "out.csv", "--only", "R"), "has no parts"),
            (("history", "/dev/full"), "neither .csv nor .xlsx"),
            (("history", "missing/out.csv"), "There is no folder missing"),
            (("history", "home.csv"), "home.csv is not a file"),
            (("history", "x" * 300 + ".csv"), "File name too long"),
            (("history",), "Missing argument"),
        ],
    )
    def test_bad_arguments_are_reported_and_leave_no_file(
        self, ledger: Ledger, beatporter: Command, here: Path, arguments: tuple[str, ...], words: str
    ) -> None:
        fill(ledger)
        (here / "home.csv").mkdir()
        assert words in in_one_line(output_of(beatporter("export", *arguments), code=2))
        assert [path.name for path in here.iterdir() if path.name != "home"] == ["home.csv"]

    def test_a_terminal_sees_progress(self, tmp_path: Path) -> None:
        address = str(tmp_path / "beatporter.db")
        fill(open_ledger(address))
        ours, theirs = pty.openpty()
        environment = {**os.environ, "BEATPORTER_DATABASE": address, "COLUMNS": "80", "TERM": "xterm"}
        with (tmp_path / "said").open("w") as said:
            command = ("ledger", "export", "history", str(tmp_path / "out.csv"))
            process = commands.start_command(command, environment, tmp_path, stdin=said.fileno(), stdout=said.fileno(), stderr=theirs)
            assert process.wait() == 0
        os.close(theirs)
        assert b"rows written" in os.read(ours, 65_536)


class TestImport:
    @only_sqlite
    def test_an_old_history_is_counted_and_imported_once(self, ledger: Ledger, beatporter: Command, here: Path) -> None:
        frame = pd.DataFrame(
            {
                "playlist_id": ["P", "P", None],
                "playlist_name": ["House"] * 3,
                "track_id": [f"{1:022}", f"{2:022}", "x"],
                "datetime_added": ["2023-05-01 12:00:00", "never", "2023-05-01"],
                "artist_name": ["A - One", "two", "x"],
            }
        )
        frame.to_parquet(here / "hist.parquet.gz", compression="gzip")
        for dry, taken, repeated in ((["--dry-run"], 2, 0), ([], 2, 0), ([], 0, 2)):
            text = output_of(beatporter("import", "hist.parquet.gz", *dry))
            assert "3 rows in hist.parquet.gz, of 1 playlist:" in text
            words = [line.split()[:2] for line in text.splitlines()]
            assert [str(taken), "would" if dry else "taken"] in words, text
            assert [str(repeated), "repeated:"] in words, text
            assert "1 of these without a readable date" in text
            assert '1 of these without "Artist - Title"' in text
            assert "1 left, no playlist id, such as row 3" in text
            assert (ledger.history.playlists() == []) is bool(dry)

    @only_sqlite
    def test_a_file_without_usable_rows_is_a_failure(self, beatporter: Command, here: Path) -> None:
        names = ("playlist_id", "track_id", "datetime_added", "artist_name")
        pd.DataFrame({name: ["x"] for name in names}).to_parquet(here / "hist.parquet")
        assert "0 taken" in output_of(beatporter("import", "hist.parquet"), code=1)

    @only_sqlite
    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("nix.parquet", "No such file"),
            ("text.csv", "neither Parquet nor Excel"),
            ("x" * 300, "File name too long"),
            (".", "holds no ledger"),
        ],
    )
    def test_a_missing_or_unsuitable_path_is_reported(self, beatporter: Command, here: Path, name: str, words: str) -> None:
        (here / "text.csv").write_text("playlist_id\n")
        assert words in output_of(beatporter("import", name), code=2)

    @only_sqlite
    def test_an_older_ledger_is_imported_from_its_folder(self, ledger: Ledger, beatporter: Command, here: Path) -> None:
        columns = {"track_id": ["a", "b"], "added_at": [T0, T0], "isrc": [None, None], "recording": ["", ""], "beatport_id": [1, 2]}
        write_older(here / "home" / "ledger", "history", {"playlist_id": "P"}, {**columns, "source": ["chart", "chart"]})
        assert "beatporter ledger import" in output_of(beatporter("stats"), code=2), "it started with an empty ledger"
        text = output_of(beatporter("import", "home/ledger", "--dry-run"))
        assert row_of(text, "history") == ["history", "1", "2", "2"]
        assert f"Nothing was changed in {ledger.name}." in text
        assert widest(text) <= 80
        text = output_of(beatporter("import", "home/ledger"))
        assert row_of(text, "history") == ["history", "1", "2", "2"]
        assert f"All of it is in {ledger.name}." in text
        assert set(ledger.history.track_ids("P")) == {"a", "b"}
        output_of(beatporter("stats"))


@only_sqlite
class TestArchive:
    def test_a_database_is_rebuilt_from_it(self, ledger: Ledger, beatporter: Command, here: Path, tmp_path: Path) -> None:
        fill(ledger)
        text = output_of(beatporter("archive", archive=here / "archive"))
        assert row_of(text, "history")[:2] == ["history", "81"]
        assert f"written to {here / 'archive'}." in text
        assert widest(text) <= 80
        assert "Nothing new" in output_of(beatporter("archive", archive=here / "archive"))
        again = tmp_path / "again.db"
        text = output_of(beatporter("rebuild", "--from", here / "archive", database=again))
        assert row_of(text, "history") == ["history", "81"]
        made = open_ledger(again)
        assert contents(made) == contents(ledger)

    def test_a_missing_setting_is_reported(self, beatporter: Command) -> None:
        assert "BEATPORTER_ARCHIVE names no archive" in output_of(beatporter("archive"), code=2)

    def test_a_full_database_is_never_rebuilt_into(self, ledger: Ledger, beatporter: Command, here: Path) -> None:
        fill(ledger)
        output_of(beatporter("archive", archive=here / "archive"))
        before = contents(ledger)
        assert "is not empty" in output_of(beatporter("rebuild", "--from", here / "archive"), code=2)
        assert contents(ledger) == before

    @pytest.mark.parametrize(("storage", "code"), [("nix", 2), ("s3://bucket", 2), ("here.txt", 1)])
    def test_a_place_without_an_archive_is_reported(self, beatporter: Command, here: Path, storage: str, code: int) -> None:
        (here / "here.txt").write_text("mine")
        assert storage in output_of(beatporter("rebuild", "--from", storage), code)
        assert [path.name for path in here.iterdir() if path.name != "home"] == ["here.txt"]


class TestBackup:
    @only_sqlite
    def test_a_copy_is_complete_and_private(self, ledger: Ledger, beatporter: Command, here: Path) -> None:
        fill(ledger)
        assert "copied to copy.db" in output_of(beatporter("backup", "copy.db"))
        assert stat.S_IMODE((here / "copy.db").stat().st_mode) == 0o600
        assert contents(open_ledger(here / "copy.db")) == contents(ledger)

    @only_sqlite
    def test_without_a_name_it_is_beside_the_database(self, address: str, beatporter: Command) -> None:
        output_of(beatporter("backup"))
        (copy,) = Path(address).parent.glob("beatporter-*.db")
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600

    @only_sqlite
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("here.db",), "already exists"),
            (("missing/copy.db",), "There is no folder missing"),
            ((".",), "is not a file"),
            (("/dev/full", "--force"), "is not a file"),
            (("x" * 300,), "File name too long"),
        ],
    )
    def test_an_impossible_place_is_reported(self, beatporter: Command, here: Path, arguments: tuple[str, ...], words: str) -> None:
        (here / "here.db").write_text("mine")
        assert words in output_of(beatporter("backup", *arguments), code=2)
        assert [(path.name, path.read_text()) for path in here.iterdir() if path.name != "home"] == [("here.db", "mine")]

    @only_sqlite
    def test_the_ledger_itself_is_never_overwritten(self, ledger: Ledger, address: str, beatporter: Command) -> None:
        fill(ledger)
        before = contents(ledger)
        assert "is the ledger itself" in output_of(beatporter("backup", address, "--force"), code=2)
        assert contents(ledger) == before

    @only_postgres
    def test_a_postgres_has_its_own_tool(self, beatporter: Command) -> None:
        text = output_of(beatporter("backup", "copy.db"), code=2)
        assert "pg_dump" in text
        assert "hush-hush" not in text


class TestMigrate:
    def test_the_newest_has_nothing_to_do(self, beatporter: Command) -> None:
        assert "the newest: nothing to do" in output_of(beatporter("migrate"))

    @only_sqlite
    def test_an_empty_one_gets_its_tables(self, beatporter: Command, tmp_path: Path) -> None:
        assert "was empty and has its tables now" in output_of(beatporter("migrate", database=tmp_path / "new.db"))

    @only_sqlite
    def test_an_older_one_is_copied_and_migrated(self, beatporter: Command, tmp_path: Path) -> None:
        older = frozen_databases.VERSIONS[-2]
        database = frozen_databases.load(older, tmp_path / "older.db")
        text = output_of(beatporter("migrate", database=database))
        assert f"went from {older} to {HEAD}" in text
        (copy,) = tmp_path.glob("older-before-*.db")
        assert f"As it was before: {copy}" in text
        with closing(sqlite3.connect(copy)) as before:
            assert before.execute("SELECT version_num FROM alembic_version").fetchone() == (older,)
        assert contents(open_ledger(database))["history"], "its rows are gone"

    def test_a_newer_one_is_refused(self, ledger: Ledger, beatporter: Command) -> None:
        with ledger.transaction() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        try:
            assert "belongs to a newer Beatporter" in output_of(beatporter("migrate"), code=2)
        finally:
            with ledger.transaction() as connection:
                connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{HEAD}'")


@only_sqlite
@pytest.mark.parametrize("command", ["stats", "migrate"])
def test_an_unreadable_place_is_reported(beatporter: Command, here: Path, command: str) -> None:
    (here / "file").write_text("")
    assert "is a file where a folder is needed" in output_of(beatporter(command, database=here / "file" / "beatporter.db"), code=1)
