"""The contract of fields: real rows meet it, and every deviation is found, as harmless or harmful."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from beatporter.beatport.bad_copies import REMOVED, without_personal
from beatporter.beatport.contract import check_rows, contract
from beatporter.beatport.parser import RowList, api_rows, next_data, page_rows
from beatporter.genres import Genre, all_genres

REAL = Path(__file__).parents[3] / "shared" / "real"
HOUSE = all_genres()["house"]


def row(number: int = 1, **changes: Any) -> dict[str, Any]:
    made = {
        "id": number,
        "name": f"Title {number}",
        "artists": [{"id": 1, "name": "Ada Vale"}],
        "mix_name": "Original Mix",
        "remixers": [],
        "genre": {"id": 5, "name": "House"},
        "isrc": f"XXABC26{number:05d}",
        "length_ms": 300_000,
        "bpm": 125,
        "key": {"name": "A Minor"},
        "publish_date": "2026-11-01",
        "release": {"name": "EP"},
    }
    return {key: value for key, value in {**made, **changes}.items() if value != "GONE"}


def findings(rows: list[Any], chart: Genre = HOUSE, **around: Any) -> list[tuple[str, bool]]:
    found = check_rows(RowList(rows, {"results": rows, **around}, ""), "api", chart)
    return [(finding.what, finding.harmful) for finding in found]


def rows(**changes: Any) -> list[dict[str, Any]]:
    return [row(number, **changes) for number in range(1, 21)]


def test_rows_as_they_are_find_nothing() -> None:
    assert findings(rows(), count=20, per_page=100, page=1) == []


@pytest.mark.skipif(not REAL.exists(), reason="the shared folder of real files is not here")
def test_real_rows_of_three_years_find_nothing() -> None:
    page = page_rows(next_data((REAL / "beatport-top100-house-2023-10.html").read_bytes()))
    assert check_rows(page, "website", HOUSE) == []
    for name, slug in (("beatport-top100-melodic-2026-05.json", "melodic-house-techno"), ("beatport-catalog-tracks-2026-09.json", "rock")):
        answer = api_rows(json.loads((REAL / name).read_text()))
        assert check_rows(answer, "api", all_genres()[slug]) == []


@pytest.mark.parametrize("field", [field for field in contract() if field.needed], ids=lambda field: field.name)
@pytest.mark.parametrize("value", ["GONE", None, {"a": 1}], ids=["missing", "null", "another type"])
def test_a_needed_field_that_most_rows_lack_is_harmful(field: Any, value: Any) -> None:
    assert any(harmful for _, harmful in findings(rows(**{field.name: value})))
    few = [*rows()[:15], *(row(number, **{field.name: value}) for number in range(16, 21))]
    said = findings(few)
    assert said, "a few such rows are told"
    assert not any(harmful for _, harmful in said), "and the others are used"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mood": "dark"}, "New fields in Beatport's rows: mood."),
        ({"isrc": "GONE"}, "isrc is missing in 20 of 20 rows."),
        ({"isrc": None}, "isrc is empty in 20 of 20 rows, usually in 20% at most."),
        ({"bpm": "125"}, "bpm is str instead of int in 20 of 20 rows."),
        ({"bpm": 9_000}, "bpm is out of range in 20 of 20 rows, such as 9000."),
        ({"length_ms": True}, "length_ms is bool instead of int in 20 of 20 rows."),
        ({"is_dj_version": 1}, "is_dj_version is int instead of bool in 20 of 20 rows."),
        ({"genre": {"id": 5, "name": "Home"}}, "Beatport calls genre 5 'Home' now, and Beatporter 'House'."),
    ],
)
def test_what_does_no_harm_is_told(changes: dict[str, Any], says: str) -> None:
    assert findings(rows(**changes)) == [(says, False)]


def test_names_differ_by_their_letters_only() -> None:
    assert findings(rows(genre={"id": 5, "name": "HOUSE "})) == []


def test_fields_that_come_and_go_are_not_missed() -> None:
    assert findings(rows(sub_genre=None, is_dj_version=False, slug="x")) == []


def test_another_genres_rows_are_harmful() -> None:
    assert findings(rows(genre={"id": 11, "name": "Tech House"})) == [("Most rows are of genre 11, not of House (5).", True)]
    guests = [*rows()[:12], *(row(number, genre={"id": 11, "name": "Tech House"}) for number in range(13, 21))]
    assert findings(guests) == []
    assert findings(rows(genre={"id": 11, "name": "Tech House"}), Genre("overall", -5, "Overall")) == []


def test_missing_rows_and_gaps_are_told() -> None:
    assert findings(rows(), count=21, per_page=100, page=1) == [("Beatport counts 21 tracks and gave 20.", False)]
    gap = [*rows()[:3], {"id": None}, *rows()[4:]]
    assert ("Positions 4 of the chart are missing: no id, name or artists there.", False) in findings(gap)
    placed = [{**one, "position": place} for one, place in zip(rows()[:3], (1, 2, 5), strict=True)]
    assert ("The chart's own positions have gaps: 3, 4.", False) in findings(placed)


def test_rows_by_other_names_and_few_rows_are_not_held_against_it() -> None:
    assert findings([{"track_id": 1, "track_name": "A", "artists": [{"artist_name": "B"}]}]) == []
    assert findings([row(isrc="GONE", bpm=None)]) == []
    assert findings([]) == []


def test_rows_that_are_no_objects_are_harmful_when_they_are_most() -> None:
    assert findings(["x", "y", row()])[-1] == ("2 of 3 rows are not objects.", True)
    assert findings(["x", row(), row(2)])[-1] == ("1 of 3 rows are not objects.", False)


def test_a_copy_keeps_the_shape_and_nothing_personal() -> None:
    copy = without_personal(
        {
            "results": [{"name": "words " * 100, "isrc": None}] * 30,
            "user": {"name": "Ada"},
            "sessionToken": "abc",
            "customer_email": None,
            "said": "write to ada@example.org",
            "key": {"name": "A Minor"},
            "deep": [[[[[[[[[[[[[["x"]]]]]]]]]]]]]],
        }
    )
    assert len(copy["results"]) == 6
    assert copy["results"][5] == "(25 more)"
    assert len(copy["results"][0]["name"]) == 200
    assert (copy["user"], copy["sessionToken"], copy["said"]) == (REMOVED, REMOVED, REMOVED)
    assert copy["customer_email"] is None
    assert copy["key"] == {"name": "A Minor"}
    assert "x" not in json.dumps(copy["deep"])
