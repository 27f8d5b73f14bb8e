"""Saved charts: the newest file of the genre, or an error that says which file and what to do."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from beatporter.beatport.file import LARGEST_AGE
from beatporter.beatport.sources import fetch_chart, open_source
from beatporter.errors import ChartUnavailable, PageShapeChanged
from beatporter.genres import KNOWN, Genre
from beatporter.settings import load_settings

HOUSE = next(genre for genre in KNOWN if genre.slug == "house")
DEEP = next(genre for genre in KNOWN if genre.slug == "deep-house")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def row(number: int, genre_id: int | None) -> dict[str, Any]:
    genre = {"genre": {"id": genre_id}} if genre_id else {}
    return {"id": number, "name": "T", "artists": [{"name": "A"}], "mix_name": "Original Mix", **genre}


def answer(first: int, genre_id: int | None = None, **around: object) -> str:
    return json.dumps({"results": [row(first, genre_id), row(first + 1, genre_id)], "count": 2, **around})


def page(first: int, genre_id: int | None = None) -> str:
    queries = [{"state": {"data": json.loads(answer(first))}, "queryKey": ["x"]}]
    of = {"page": "/genre/[description]/[id]/top-100", "query": {"id": str(genre_id)}} if genre_id else {}
    data = json.dumps({"props": {"pageProps": {"dehydratedState": {"queries": queries}}}, **of})
    return f'<html><body><script id="__NEXT_DATA__" type="application/json">{data}</script></body></html>'


def save(folder: Path, name: str, content: str, age: timedelta = timedelta()) -> None:
    (folder / name).write_text(content, encoding="utf-8")
    at = (NOW - age).timestamp()
    os.utime(folder / name, (at, at))


def ids(folder: Path, genre: Genre = HOUSE) -> list[int]:
    source = open_source(load_settings(chart_source="file", chart_files=folder), now=lambda: NOW)
    chart = fetch_chart(source, genre, NOW)
    assert (chart.genre_id, chart.scraped_at) == (genre.genre_id, NOW)
    return [entry.beatport_id for entry in chart.entries]


def test_a_page_belongs_to_the_genre_that_it_names_whatever_the_file_is_called(tmp_path: Path) -> None:
    save(tmp_path, "Beatport Top 100 (3).html", page(10, HOUSE.genre_id))
    save(tmp_path, "house.html", page(20, DEEP.genre_id))
    assert ids(tmp_path) == [10, 11]
    assert ids(tmp_path, DEEP) == [20, 21]


def test_an_api_answer_belongs_by_its_address_or_by_its_rows(tmp_path: Path) -> None:
    save(tmp_path, "a.json", answer(10, next="api.beatport.com/v4/catalog/genres/5/top/100/?page=2"))
    save(tmp_path, "b.json", answer(20, DEEP.genre_id))
    assert ids(tmp_path) == [10, 11]
    assert ids(tmp_path, DEEP) == [20, 21]


def test_a_file_that_does_not_say_belongs_by_its_name(tmp_path: Path) -> None:
    save(tmp_path, "house 2026-11-20.json", answer(10))
    save(tmp_path, "deep-house.HTML", page(20))
    assert ids(tmp_path) == [10, 11]
    assert ids(tmp_path, DEEP) == [20, 21]


def test_a_longer_slug_wins_over_one_that_begins_alike(tmp_path: Path) -> None:
    save(tmp_path, "house-music.json", answer(10))
    settings = load_settings(chart_source="file", chart_files=tmp_path, genre_ids={"house-music": 500})
    with pytest.raises(ChartUnavailable, match="None of the 1 saved charts"):
        open_source(settings, now=lambda: NOW).read_chart(HOUSE)


def test_the_newest_file_is_used(tmp_path: Path) -> None:
    save(tmp_path, "house-1.json", answer(10), timedelta(days=2))
    save(tmp_path, "monday.html", page(20, 5), timedelta(days=1))
    save(tmp_path, "house-3.json", answer(30), timedelta(days=3))
    assert ids(tmp_path) == [20, 21]


def test_a_saved_data_document_and_a_list_of_rows_are_read(tmp_path: Path) -> None:
    save(tmp_path, "house.json", page(10, 5).split(">", 3)[3].split("</script>")[0])
    save(tmp_path, "deep-house.json", json.dumps([row(20, None)]))
    assert ids(tmp_path) == [10, 11]
    assert ids(tmp_path, DEEP) == [20]


def test_no_folder_and_no_file_are_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ChartUnavailable, match=r"no folder .*gone.*Save the genre's Top 100 page"):
        ids(tmp_path / "gone")
    save(tmp_path, "notes.txt", "x")
    save(tmp_path, "b.json", answer(20, DEEP.genre_id))
    with pytest.raises(ChartUnavailable, match=r"None of the 1 saved charts .* belongs to House"):
        ids(tmp_path)


def test_two_equally_new_files_that_differ_are_refused_and_copies_are_not(tmp_path: Path) -> None:
    save(tmp_path, "house-a.json", answer(10))
    save(tmp_path, "house-b.json", answer(10))
    save(tmp_path, "deep-house.json", answer(70))
    assert ids(tmp_path) == [10, 11]
    save(tmp_path, "house-b.json", answer(30))
    with pytest.raises(ChartUnavailable, match=r"house-b\.json and house-a\.json .* equally new"):
        ids(tmp_path)


def test_a_forgotten_file_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "house.json", answer(10), LARGEST_AGE - timedelta(hours=1))
    assert ids(tmp_path) == [10, 11]
    save(tmp_path, "house.json", answer(10), LARGEST_AGE + timedelta(days=1))
    with pytest.raises(ChartUnavailable, match="32 days old"):
        ids(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"), [("house.html", page(10, 5)[:-60]), ("house.json", answer(10)[:-9]), ("house.json", ""), ("house.html", "<html>")]
)
def test_the_newest_file_cut_off_is_an_error_and_no_older_file_stands_in(tmp_path: Path, name: str, content: str) -> None:
    save(tmp_path, name, content)
    save(tmp_path, "house-old.json", answer(20), timedelta(days=1))
    with pytest.raises(PageShapeChanged, match=name):
        ids(tmp_path)


def test_a_broken_file_of_nobody_does_not_stand_in_the_way(tmp_path: Path) -> None:
    save(tmp_path, "x.json", "{")
    save(tmp_path, "house.json", answer(10), timedelta(days=1))
    assert ids(tmp_path) == [10, 11]


def test_a_saved_challenge_is_told_as_what_it_is(tmp_path: Path) -> None:
    save(tmp_path, "house.html", "<html><head><title>Just a moment...</title></head></html>")
    with pytest.raises(ChartUnavailable, match="question for a human"):
        ids(tmp_path)


def test_an_empty_chart_in_a_file_is_no_chart(tmp_path: Path) -> None:
    save(tmp_path, "house.json", json.dumps({"results": [], "count": 0}))
    with pytest.raises(ChartUnavailable, match="empty"):
        ids(tmp_path)
