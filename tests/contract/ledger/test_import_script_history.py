"""Importing the history of the script that Beatporter replaces: Parquet and Excel, on both kinds of database."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from beatporter.errors import SettingsError
from beatporter.ledger import import_script_history
from beatporter.ledger.import_script_history import UNDATED, ImportReport, import_history, parse_date
from beatporter.ledger.ledger import Ledger
from beatporter.matching import recording_key
from beatporter.records.ledger import HistoryRow
from tests.contract.ledger.all_rows import contents

MAY = datetime(2023, 5, 1, 12, 0, tzinfo=UTC)
IDS = [f"{n:022}" for n in range(10)]

only_sqlite = pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
"""For tests where the kind of database makes no difference."""


def old_rows() -> pd.DataFrame:
    """Rows 0 to 5 are usable, 3 repeats 0 with an earlier date; 6 to 8 are not."""
    later = pd.Timestamp("2023-05-02")
    return pd.DataFrame(
        {
            "playlist_id": ["P", "P", "Q", "P", "P", "Q", None, "P", "P"],
            "playlist_name": ["House"] * 9,
            "track_id": [IDS[0], f"spotify:track:{IDS[1]}", IDS[2], IDS[0], IDS[4], IDS[5], IDS[0], None, "local file"],
            "datetime_added": [
                pd.Timestamp("2023-05-01 12:00"),
                later,
                later,
                pd.Timestamp("2023-01-01"),
                pd.NaT,
                later,
                later,
                later,
                later,
            ],
            "artist_name": ["A, B - One", "A - Two", "C - Three (X Remix)", "A, B - One", "D - Four", None, "x", "y", "z"],
        }
    )


def write_old(frame: pd.DataFrame, kind: str, folder: Path) -> Path:
    """A file as the script left it: gzip inside and times with a zone, gzipped as a whole, or Excel."""
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


def take(ledger: Ledger, path: Path, *, dry_run: bool = False) -> ImportReport:
    return import_history(ledger, path, recording_key, dry_run=dry_run)


def figures(report: ImportReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in ("read", "taken", "repeated", "undated", "without_title", "left", "playlists")}


@pytest.mark.parametrize("form", ["gzip inside, zoned", "gzipped whole", "xlsx"])
def test_usable_rows_are_imported_once(ledger: Ledger, tmp_path: Path, form: str) -> None:
    path = write_old(old_rows(), form, tmp_path)
    left = {"no playlist id": 1, "no track id": 1, "no Spotify track id": 1}
    due = {"read": 9, "taken": 5, "repeated": 1, "undated": 1, "without_title": 1, "left": left, "playlists": {"P": "House", "Q": "House"}}
    empty = contents(ledger)
    assert figures(take(ledger, path, dry_run=True)) == due
    assert contents(ledger) == empty, "a dry run changed something"
    assert figures(take(ledger, path)) == due, "the dry run reported something else"
    dates = {track: row.added_at for track, row in ledger.history.rows("P", IDS).items()}
    zone = timedelta(hours=1 if form == "gzip inside, zoned" else 0)
    assert dates == {IDS[0]: datetime(2023, 1, 1, tzinfo=UTC) - zone, IDS[1]: datetime(2023, 5, 2, tzinfo=UTC) - 2 * zone, IDS[4]: UNDATED}
    once = contents(ledger)
    assert figures(take(ledger, path)) == due | {"taken": 0, "repeated": 6}
    assert contents(ledger) == once, "importing again changed something"


def test_imported_rows_are_known_by_id_and_recording(ledger: Ledger, tmp_path: Path) -> None:
    take(ledger, write_old(old_rows(), "gzipped whole", tmp_path))
    words = recording_key("Three (X Remix)", ["C"])
    known = ledger.history.known("Q", [IDS[2], IDS[5]], recordings=[words])
    assert (known.track_ids, known.recordings) == ({IDS[2], IDS[5]}, {words})


def test_better_rows_of_the_ledger_stay(ledger: Ledger, tmp_path: Path) -> None:
    early, late = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    ledger.history.append("P", [HistoryRow(IDS[n], "ISRC", "", 7, "chart", at) for n, at in ((0, early), (1, late), (4, late))])
    take(ledger, write_old(old_rows(), "gzipped whole", tmp_path))
    rows = ledger.history.rows("P", IDS)
    assert rows[IDS[0]].added_at == early
    assert rows[IDS[1]].added_at == datetime(2023, 5, 2, tzinfo=UTC)
    assert rows[IDS[4]].added_at == late, "a row without a date made the track older"
    assert ledger.history.known("P", isrcs=["ISRC"]).isrcs


def test_a_large_file_gives_the_same_result(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In many chunks, with other processes that compute the keys; a track's rows are far apart, the earliest neither first nor last."""
    days = [5, 3, 9, 1, 7]
    frame = pd.DataFrame(
        {
            "playlist_id": ["P", "Q"] * 50,
            "track_id": [IDS[n // 2 % 10] for n in range(100)],
            "datetime_added": [f"2023-05-{days[n // 20]:02} 10:00:00" for n in range(100)],
            "artist_name": [f"Artist - Title {n // 2 % 10}" for n in range(100)],
        }
    )
    monkeypatch.setattr(import_script_history, "ROWS_AT_ONCE", 7)
    told: list[int] = []
    report = import_history(ledger, write_old(frame, "xlsx", tmp_path), recording_key, told.append)
    assert report.read == 100
    assert (told, told[-1]) == (sorted(told), 100)
    for playlist_id in "PQ":
        rows = ledger.history.rows(playlist_id, IDS)
        assert {row.added_at for row in rows.values()} == {datetime(2023, 5, 1, 10, tzinfo=UTC)}
        assert sorted(row.recording for row in rows.values()) == [recording_key(f"Title {n}", ["Artist"]) for n in range(10)]


def test_nothing_of_an_incomplete_file_is_imported(ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_old(old_rows(), "gzipped whole", tmp_path)
    monkeypatch.setattr(import_script_history, "ROWS_AT_ONCE", 2)

    def broken(path: Path) -> Any:
        yield from list(old_history_rows(path))[:5]
        raise SettingsError("cut off")

    old_history_rows = import_script_history.read_rows
    monkeypatch.setattr(import_script_history, "read_rows", broken)
    empty = contents(ledger)
    with pytest.raises(SettingsError, match="cut off"):
        take(ledger, path)
    assert contents(ledger) == empty


@only_sqlite
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nix.parquet.gz", None, "No such file"),
        ("folder", "folder", "Is a directory"),
        ("x" * 300, None, "File name too long"),
        ("text.csv", b"playlist_id,track_id\n", "neither Parquet nor Excel"),
        ("empty.parquet", b"", "neither Parquet nor Excel"),
        ("cut.parquet.gz", gzip.compress(b"PAR1" + b"x" * 1000, mtime=0)[:-20], "damaged"),
        ("no.parquet", b"PAR1" + b"x" * 100 + b"PAR1", "damaged"),
        ("no.xlsx", b"PK\x03\x04" + b"x" * 100, "damaged"),
        ("columns.parquet", pd.DataFrame({"track_id": ["x"]}), "lacks the column playlist_id, datetime_added, artist_name"),
        ("columns.xlsx", pd.DataFrame({"track_id": ["x"]}), "lacks the column playlist_id, datetime_added, artist_name"),
        ("no-rows.parquet", old_rows().iloc[:0], ""),
    ],
)
def test_a_wrong_file_is_reported(
    ledger: Ledger, tmp_path: Path, name: str, content: bytes | str | pd.DataFrame | None, words: str
) -> None:
    path = tmp_path / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.mkdir()
    elif content is not None:
        content.to_excel(path, index=False) if name.endswith("xlsx") else content.to_parquet(path)
    if not words:
        assert take(ledger, path).read == 0
        return
    with pytest.raises(SettingsError) as raised:
        take(ledger, path)
    assert words in str(raised.value)
    assert name in str(raised.value)


@pytest.mark.parametrize(
    ("value", "due"),
    [
        ("2023-05-01T12:00:00Z", MAY),
        ("2023-05-01 14:00:00+02:00", MAY),
        ("01.05.2023 12:00:00", MAY),
        ("01/05/2023 12:00:00", MAY),
        ("2023-05-01 12:00", MAY),
        (MAY.replace(tzinfo=None, microsecond=999), MAY),
        (date(2023, 5, 1), MAY.replace(hour=0)),
        ("yesterday", None),
        ("", None),
        (None, None),
        (float("nan"), None),
        (pd.NaT, None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_dates_are_read_in_all_their_forms(value: object, due: datetime | None) -> None:
    assert parse_date(value) == due


def test_a_failing_key_ends_the_import_and_imports_nothing(ledger: Ledger, tmp_path: Path) -> None:
    def fail(title: str, artists: Sequence[str]) -> str:
        raise ZeroDivisionError

    empty = contents(ledger)
    with pytest.raises(ZeroDivisionError):
        import_history(ledger, write_old(old_rows(), "gzipped whole", tmp_path), fail)
    assert contents(ledger) == empty


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("A, B - One", [("One", ["A", "B"])]),
        ("Stay - Extended Mix by Anyma, B", [("Stay - Extended Mix", ["Anyma", "B"])]),
        ("Stay - 2019 Remaster by Anyma", [("Stay - 2019 Remaster", ["Anyma"])]),
        ("Stay by Anyma", [("Stay", ["Anyma"])]),
        ("Anyma - Stay by My Side", [("Stay by My Side", ["Anyma"]), ("Anyma - Stay", ["My Side"])]),
        ("Side by Side - Stay", [("Stay", ["Side by Side"])]),
        ("Anyma", [("", ["Anyma"])]),
        (" ", []),
    ],
)
def test_each_form_of_the_text_is_read(text: str, due: list[tuple[str, list[str]]]) -> None:
    assert import_script_history.readings(text) == due


def test_rows_of_each_form_are_known_by_their_recording(ledger: Ledger, tmp_path: Path) -> None:
    texts = ["Stay - Extended Mix by Anyma, B", "Anyma - Stay by My Side", "Prok & Fitch", None, "C - Three"]
    frame = pd.DataFrame({"playlist_id": "P", "track_id": IDS[:5], "datetime_added": "2023-05-01", "artist_name": texts})
    report = take(ledger, write_old(frame, "xlsx", tmp_path))
    assert (report.read, report.taken, report.repeated, report.without_title) == (5, 5, 0, 2)
    rows = {row.track_id: set[str]() for row in ledger.history.all_rows("P", IDS)}
    for row in ledger.history.all_rows("P", IDS):
        rows[row.track_id].add(row.recording)
    assert rows == {
        IDS[0]: {recording_key("Stay - Extended Mix", ["Anyma", "B"])},
        IDS[1]: {recording_key("Stay by My Side", ["Anyma"]), recording_key("Anyma - Stay", ["My Side"])},
        IDS[2]: {"fitch, prok||"},
        IDS[3]: {""},
        IDS[4]: {recording_key("Three", ["C"])},
    }
    again = take(ledger, write_old(frame, "xlsx", tmp_path))
    assert (again.taken, again.repeated) == (0, 5)


@only_sqlite
def test_importing_again_names_the_artist_of_rows_that_an_older_version_imported_without(ledger: Ledger, tmp_path: Path) -> None:
    ledger.history.append("P", [HistoryRow(IDS[0], None, "", None, "import", MAY)])
    frame = pd.DataFrame({"playlist_id": ["P"], "track_id": [IDS[0]], "datetime_added": ["2023-05-01 12:00:00"], "artist_name": ["Anyma"]})
    take(ledger, write_old(frame, "xlsx", tmp_path))
    assert {row.recording for row in ledger.history.all_rows("P", IDS)} == {"", "anyma||"}


@only_sqlite
def test_the_playlists_of_a_file_with_their_last_names(ledger: Ledger, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "playlist_id": ["P", "P", "Q", None],
            "playlist_name": ["New", "Old", None, "x"],
            "track_id": IDS[:4],
            "datetime_added": ["2023-05-02", "2023-05-01", "never", "2023-05-01"],
            "artist_name": "A - B",
        }
    )
    found = import_script_history.old_playlists([write_old(frame, "xlsx", tmp_path)])
    assert {key: (one.name, one.rows, one.last_added) for key, one in found.items()} == {
        "P": ("New", 2, datetime(2023, 5, 2, tzinfo=UTC)),
        "Q": ("", 1, None),
    }
