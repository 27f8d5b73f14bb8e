"""Sheets that come back from a person: dates in any form, links, apostrophes, separators, and rows by their place."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest

from beatporter.errors import SettingsError
from beatporter.exports.sheet_file import date_in, is_sheet_of, read_sheet
from beatporter.ledger.spreadsheet import Column, write_file

AT = datetime(2026, 11, 3, 6, 30, tzinfo=UTC)
MIDNIGHT = AT.replace(hour=0, minute=0)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (datetime(2026, 11, 3, 6, 30), AT),
        (datetime(2026, 11, 3, 6, 29, 59, 999_998), AT),
        (date(2026, 11, 3), MIDNIGHT),
        (46329.0, MIDNIGHT),
        (46329.270833333336, AT),
        ("46329.2708333333", AT),
        ("2026-11-03T06:30:00Z", AT),
        ("2026-11-03 06:30", AT),
        ("2026-11-03 06:30:00+02:00", AT.replace(hour=4)),
        ("03.11.2026", MIDNIGHT),
        ("03.11.26", MIDNIGHT),
        ("3/11/2026", MIDNIGHT),
        ("03.11.2026 06:30", AT),
        ("3/11/2026 06:30", AT),
        ("3 Nov 2026", MIDNIGHT),
        ("3 November 2026", MIDNIGHT),
        ("Nov 3, 2026", MIDNIGHT),
        ("2026/11/03", MIDNIGHT),
        ("yesterday", None),
        ("", None),
        (-5, None),
        (0, None),
        (1e12, None),
        (True, None),
        (float("nan"), None),
        (None, None),
    ],
)
def test_a_date_in_any_form(value: object, found: datetime | None) -> None:
    assert date_in(value) == found


def written(path: Path, *rows: tuple[object, ...]) -> Path:
    columns = [Column("A"), Column("B", 10, "link")]
    write_file(path, "mine", columns, iter(rows), overwrite=True)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_sheet_comes_back_as_it_went_out(tmp_path: Path, suffix: str) -> None:
    link = "https://open.spotify.com/track/1"
    path = written(tmp_path / f"out{suffix}", ("=1+1", link), ("'quoted", "plain"), (None, None), ("-5 °C", 'https://a"b'))
    rows = list(read_sheet(path, "A", "B"))
    assert [row.text("A") for row in rows] == ["=1+1", "'quoted", "-5 °C"]
    assert [row.text("B") for row in rows] == [link, "plain", 'https://a"b']
    sheet = "" if suffix == ".csv" else ", sheet mine"
    assert [row.place for row in rows] == [f"out{suffix}{sheet}, row {number}" for number in (2, 3, 5)]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_of_any_country_is_understood(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "in.csv"
    path.write_text(f"A{separator}B\r\none{separator}two\r\n", encoding="utf-8-sig")
    assert [dict(row.cells) for row in read_sheet(path, "A", "B")] == [{"A": "one", "B": "two"}]


def test_control_characters_do_not_come_in(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text('A,B\n"one\x1b[31m\u202ered",2\n', encoding="utf-8")
    (row,) = read_sheet(path, "A")
    assert row.text("A") == "one[31mred"


def test_other_sheets_of_the_file_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "out.xlsx", ("one", "two"))
    book = openpyxl.load_workbook(path)
    book.create_sheet("Notes", 0).append(["of my own"])
    book.save(path)
    assert [row.place for row in read_sheet(path, "A", "B")] == ["out.xlsx, sheet mine, row 2"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.csv", None, "cannot be read"),
        ("other.csv", b"X,Y\n1,2\n", "lacks the column A, B"),
        ("empty.csv", b"", "lacks the column A, B"),
        ("latin.csv", "A,B\nü,2\n".encode("latin-1"), "neither Excel nor CSV in UTF-8"),
        ("cut.xlsx", b"PK\x03\x04rest", "neither Excel nor CSV|lacks the column"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_with_its_name(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=said) as caught:
        list(read_sheet(path, "A", "B"))
    assert name in str(caught.value)
    assert not is_sheet_of(path, "A", "B")


def test_a_damaged_excel_file_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "out.xlsx", ("one", "two"))
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + b"\0" * 400 + whole[600:])
    with pytest.raises(SettingsError, match="damaged"):
        list(read_sheet(path, "A", "B"))


class TestExcel:
    def test_the_header_stays_in_view_with_filters_and_widths(self, tmp_path: Path) -> None:
        sheet = openpyxl.load_workbook(written(tmp_path / "out.xlsx", ("one", "two"))).active
        assert sheet is not None
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == "A1:B2"
        assert sheet["A1"].font.b
        assert sheet.column_dimensions["B"].width == pytest.approx(10, abs=1)

    def test_a_link_can_be_clicked_and_has_its_address_for_other_programs(self, tmp_path: Path) -> None:
        path = written(tmp_path / "out.xlsx", ("one", "https://open.spotify.com/track/1"))
        assert openpyxl.load_workbook(path).active["B2"].value == '=HYPERLINK("https://open.spotify.com/track/1")'
        assert openpyxl.load_workbook(path, data_only=True).active["B2"].value == "https://open.spotify.com/track/1"

    @pytest.mark.parametrize("text", ["=1+1", "@cmd", 'https://a"&cmd()', "javascript:alert(1)", "https://" + "x" * 300])
    def test_nothing_from_outside_becomes_a_formula(self, tmp_path: Path, text: str) -> None:
        sheet = openpyxl.load_workbook(written(tmp_path / "out.xlsx", (text, text))).active
        assert [(sheet[cell].data_type, sheet[cell].value) for cell in ("A2", "B2")] == [("s", text), ("s", text)]
