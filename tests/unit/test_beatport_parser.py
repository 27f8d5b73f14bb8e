"""Pages and API documents, real and broken: the right rows, or an error that says what was expected."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatporter.beatport.identity import prevailing_genre, stated_genre
from beatporter.beatport.parser import CutOff, next_data, parse_api, parse_document
from beatporter.errors import PageShapeChanged
from beatporter.records.chart import ChartEntry
from tests.unit.untrusted_json import JSON, assert_bounded

REAL = Path(__file__).parents[2] / ".." / "shared" / "real"
HOUSE = REAL / "beatport-top100-house-2023-10.html"
MELODIC = REAL / "beatport-top100-melodic-2026-05.json"
needs_real = pytest.mark.skipif(not (HOUSE.is_file() and MELODIC.is_file()), reason="the real charts are not on this machine")


def parse_page(html: str | bytes) -> list[ChartEntry]:
    return parse_document(next_data(html))


def row(number: int, **fields: object) -> dict[str, Any]:
    return {"id": number, "name": f"Title {number}", "artists": [{"name": f"Artist {number}"}], "mix_name": "Original Mix", **fields}


def rows(count: int, first: int = 1) -> list[dict[str, Any]]:
    return [row(number) for number in range(first, first + count)]


def query(data: object, key: str = "genre-5-top-100-tracks") -> dict[str, Any]:
    return {"state": {"data": data}, "queryKey": [key], "queryHash": key}


def page(*queries: object, script: str = '<script id="__NEXT_DATA__" type="application/json">') -> str:
    data = json.dumps({"props": {"pageProps": {"dehydratedState": {"queries": list(queries)}}}})
    return f"<!DOCTYPE html><html><head><title>House</title></head><body>{script}{data}</script></body></html>"


def ids(html: str | bytes) -> list[int]:
    return [entry.beatport_id for entry in parse_page(html)]


# --- real charts, compared with a plain walk through the same JSON ---


def plain(track: dict[str, Any]) -> tuple[object, ...]:
    """The expected entry of a row, without the parser's functions."""
    return (
        track["id"],
        track["name"].strip(),
        tuple(artist["name"].strip() for artist in track["artists"]),
        track["mix_name"].strip(),
        tuple(artist["name"].strip() for artist in track["remixers"]),
        track["isrc"],
        track["release"]["name"].strip(),
        track["release"]["label"]["name"].strip(),
        track["length_ms"],
        track["bpm"],
        track["key"]["name"] if track["key"] else None,
        track["publish_date"],
    )


def assert_as_plain(entries: list[Any], tracks: list[dict[str, Any]]) -> None:
    assert [entry.position for entry in entries] == list(range(1, 101))
    fields = (
        "beatport_id",
        "name",
        "artists",
        "mix_name",
        "remixers",
        "isrc",
        "release",
        "label",
        "length_ms",
        "bpm",
        "key",
        "publish_date",
    )
    for entry, track in zip(entries, tracks, strict=True):
        assert tuple(getattr(entry, field) for field in fields) == plain(track), f"row {entry.position} is read wrong"


@needs_real
def test_the_real_page_is_read_to_100_rows_with_every_field_right() -> None:
    html = HOUSE.read_text(encoding="utf-8")
    data = json.loads(re.search(r"__NEXT_DATA__\"\s+type=\"application/json\">(.*?)</script>", html, re.DOTALL)[1])  # type: ignore[index]
    tracks = data["props"]["pageProps"]["dehydratedState"]["queries"][0]["state"]["data"]["results"]
    entries = parse_page(html)
    assert_as_plain(entries, tracks)
    assert parse_page(HOUSE.read_bytes()) == entries
    assert stated_genre(next_data(html)) == 5
    assert all(re.fullmatch("[A-Z]{2}[A-Z0-9]{10}", entry.isrc or "") for entry in entries)


@needs_real
def test_the_real_api_answer_is_read_to_100_rows_with_every_field_right() -> None:
    document = json.loads(MELODIC.read_text(encoding="utf-8"))
    assert_as_plain(parse_api(document), document["results"])
    assert stated_genre(document) == 90
    assert prevailing_genre(document) == 90


@needs_real
@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.9, 0.99])
def test_the_real_page_cut_off_anywhere_is_an_error_and_never_a_short_chart(share: float) -> None:
    html = HOUSE.read_bytes()
    with pytest.raises(CutOff, match="cut off"):
        parse_page(html[: int(len(html) * share)])


# --- where the rows are ---


def test_rows_are_found_behind_another_query() -> None:
    label = {"id": 3, "name": "Label", "artists": []}
    assert ids(page(query(label, "label-3"), query(None), query({"results": rows(3)}))) == [1, 2, 3]


def test_rows_are_found_one_level_deeper_and_under_another_name() -> None:
    assert ids(page(query({"tracks": {"data": rows(2), "count": 2_000}, "charts": {"data": []}}, "search"))) == [1, 2]


def test_releases_and_recommendations_are_not_taken_for_the_chart() -> None:
    releases = [{"id": n, "name": f"EP {n}", "artists": [{"name": "A"}], "catalog_number": "X"} for n in range(500, 520)]
    html = page(
        query({"results": releases}, "genre-5-releases"),
        query({"results": rows(20, first=900)}, "genre-5-recommended-tracks"),
        query({"results": rows(10)}, "genre-5-top-100-tracks-per_page=100"),
    )
    assert ids(html) == list(range(1, 11))


@pytest.mark.parametrize(
    "script",
    [
        '<script type="application/json" id="__NEXT_DATA__">',
        '<script id=__NEXT_DATA__ type="application/json" crossorigin="anonymous" nonce="x">',
        "<SCRIPT\n   id='__NEXT_DATA__'\n>",
    ],
)
def test_the_script_is_found_however_its_attributes_are_written(script: str) -> None:
    assert ids(page(query({"results": rows(2)}), script=script)) == [1, 2]


def test_html_in_a_title_stays_text() -> None:
    html = page(query({"results": [row(1, name="<b>A & B</b> &amp; \\u003c/script>")]}))
    assert parse_page(html)[0].name == "<b>A & B</b> &amp; \\u003c/script>"


# --- what is left out, and what is an error ---


def test_of_equal_ids_the_first_stays_and_positions_are_ranks() -> None:
    entries = parse_page(page(query({"results": [row(1), row(2), row(1, name="Again"), row(4)]})))
    assert [(entry.position, entry.beatport_id, entry.name) for entry in entries] == [
        (1, 1, "Title 1"),
        (2, 2, "Title 2"),
        (4, 4, "Title 4"),
    ]


def test_a_few_rows_without_artists_are_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    entries = parse_page(page(query({"results": [row(1), row(2, artists=None), row(3), row(4)]})))
    assert [entry.position for entry in entries] == [1, 3, 4]
    assert "Left out 1 of 4 rows" in caplog.text


def test_a_list_whose_rows_mostly_lack_artists_is_a_changed_shape() -> None:
    broken = [{**row(n), "artists": None} for n in range(1, 8)] + rows(3, first=8)
    with pytest.raises(PageShapeChanged, match="id, name and artists"):
        parse_page(page(query({"results": broken})))
    with pytest.raises(PageShapeChanged, match="7 of 10 rows"):
        parse_api({"results": broken})


def test_renamed_fields_are_a_changed_shape_that_says_what_was_looked_for() -> None:
    with pytest.raises(PageShapeChanged, match="no list in its queries whose rows have id, name and artists") as caught:
        parse_page(page(query({"results": [{"uid": 1, "headline": "x", "performers": []}] * 100})))
    assert "BEATPORTER_CHART_SOURCE" in caught.value.remedy


def test_an_empty_chart_is_no_rows_and_no_error() -> None:
    assert parse_page(page(query({"results": [], "count": 0, "page": "1", "per_page": 100}))) == []
    assert parse_api({"results": [], "count": 0}) == []


@pytest.mark.parametrize("html", ["", "nothing", "<html><body>Closed for today</body></html>", b"\xff\xfe<html></html>", "{}"])
def test_what_is_no_page_of_beatport_is_a_changed_shape(html: str | bytes) -> None:
    with pytest.raises(PageShapeChanged) as caught:
        parse_page(html)
    assert not isinstance(caught.value, CutOff)


@pytest.mark.parametrize("data", ["[]", "{}", "null", '{"props": {"pageProps": {"dehydratedState": {"queries": {}}}}}'])
def test_next_data_without_queries_is_a_changed_shape(data: str) -> None:
    with pytest.raises(PageShapeChanged, match=r"props\.pageProps\.dehydratedState\.queries"):
        parse_page(f'<html><script id="__NEXT_DATA__">{data}</script></html>')


@pytest.mark.parametrize(
    "around", [{"count": 100, "page": "1", "per_page": 100}, {"count": 100, "page": 1, "per_page": 150}, {"count": 100}]
)
def test_fewer_rows_than_the_page_itself_counts_are_a_half_page(around: dict[str, object]) -> None:
    with pytest.raises(CutOff, match="60 rows of 100"):
        parse_page(page(query({"results": rows(60), **around})))
    with pytest.raises(CutOff, match="60 rows of 100"):
        parse_api({"results": rows(60), **around})


def test_one_withdrawn_track_is_no_half_page(caplog: pytest.LogCaptureFixture) -> None:
    assert len(parse_api({"results": rows(99), "count": 100, "page": "1", "per_page": 100})) == 99
    assert "99 rows" in caplog.text


@pytest.mark.parametrize(("number", "count"), [("1/12", 150), ("12/12", 50), (12, 50)])
def test_a_label_page_is_whole_with_the_rows_of_its_own_number(number: object, count: int) -> None:
    assert len(ids(page(query({"results": rows(count), "count": 1_700, "page": number, "per_page": 150}, "label-3-tracks")))) == count


@pytest.mark.parametrize("document", [None, [], {}, {"results": None}, {"detail": "Not found."}, "x"])
def test_an_api_document_without_results_is_a_changed_shape_or_empty(document: object) -> None:
    if document == []:
        assert parse_api(document) == []
        return
    with pytest.raises(PageShapeChanged, match="results"):
        parse_api(document)


def test_json_nested_beyond_reason_is_an_error_of_ours() -> None:
    deep = "[" * 100_000
    with pytest.raises(PageShapeChanged):
        parse_page(f'<html><script id="__NEXT_DATA__">{deep}</script></html>')
    nested: dict[str, Any] = {"results": rows(2)}
    for _ in range(300):
        nested = {"deeper": nested}
    with pytest.raises(PageShapeChanged):
        parse_page(page(query(nested)))


def test_a_genre_is_known_by_its_page_by_its_next_address_or_by_its_rows() -> None:
    assert stated_genre({"page": "/genre/[description]/[id]/top-100", "query": {"description": "house", "id": "5"}}) == 5
    assert stated_genre({"page": "/label/[description]/[id]", "query": {"id": "5"}}) is None
    assert stated_genre({"next": "api.beatport.com/v4/catalog/genres/90/top/100/?page=2"}) == 90
    assert prevailing_genre([row(1, genre={"id": 5}), row(2, genre={"id": 5}), row(3, genre={"id": 11})]) == 5
    assert prevailing_genre([row(1, genre={"id": 5}), row(2)]) is None


# --- anything at all ---


@given(document=JSON, count=JSON, per_page=JSON)
def test_no_document_whatever_raises_anything_else(document: object, count: object, per_page: object) -> None:
    for api in (document, {"results": document, "count": count, "per_page": per_page}):
        with contextlib.suppress(PageShapeChanged):
            assert_bounded(parse_api(api))
    queries = [{"queryKey": count, "state": {"data": document}}, document]
    with contextlib.suppress(PageShapeChanged):
        assert_bounded(parse_document({"props": {"pageProps": {"dehydratedState": {"queries": queries}}}}))


@given(text=st.text(st.sampled_from("<>/!-[]&#;='\" abscriptid__NEXT_DATA__\n"), max_size=200))
def test_no_page_whatever_raises_anything_else(text: str) -> None:
    for page_text in (text, f"<script id=__NEXT_DATA__>{text}</script>", f"<script {text}__NEXT_DATA__{text}>{text}</script>"):
        with contextlib.suppress(PageShapeChanged):
            next_data(page_text)


def test_a_script_that_only_mentions_the_data_is_not_taken_for_it() -> None:
    before = '<script src="/x?__NEXT_DATA__"></script><script>self.__NEXT_DATA__ = 1</script>'
    html = page(query({"results": rows(2)})).replace("<body>", f"<body>{before}")
    assert ids(html) == [1, 2]


def test_counts_beyond_any_number_are_no_counts() -> None:
    assert len(parse_api({"results": rows(3), "count": 10**400, "per_page": 10**400})) == 3
