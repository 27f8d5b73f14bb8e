"""One row of a chart: the values read from it, and the defaults for missing ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatporter.beatport.rows import read_row
from beatporter.records.chart import ChartEntry
from tests.unit.untrusted_json import JSON, KEYS, assert_bounded

CERTAIN = {"id": 7, "name": "Jealous", "artists": [{"name": "Mochakk"}]}
FIELDS = ["mix_name", "remixers", "isrc", "release", "label", "length_ms", "length", "bpm", "key", "publish_date", "new_release_date"]


def entry(**fields: object) -> ChartEntry:
    read = read_row({**CERTAIN, **fields}, 1)
    assert read is not None, f"a row with id, name and artists was dropped for {fields}"
    return read


def test_a_row_with_only_the_certain_fields_is_an_entry_without_the_others() -> None:
    assert read_row(CERTAIN, 4) == ChartEntry(position=4, beatport_id=7, name="Jealous", artists=("Mochakk",))


@pytest.mark.parametrize("field", ["id", "name", "artists"])
@pytest.mark.parametrize("value", [None, "", [], "  "])
def test_a_row_without_id_name_or_artists_is_no_entry(field: str, value: object) -> None:
    assert read_row({**CERTAIN, field: value}, 1) is None


@pytest.mark.parametrize("row", [None, "Jealous", 3, [], [CERTAIN]])
def test_what_is_no_object_is_no_entry(row: object) -> None:
    assert read_row(row, 1) is None


@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_no_value_of_an_uncertain_field_drops_the_row_or_breaks_its_types(fields: dict[str, object]) -> None:
    read = entry(**fields)
    texts = (read.mix_name, read.isrc, read.release, read.label, read.key, read.publish_date, *read.remixers)
    for text in texts:
        assert text is None or (isinstance(text, str) and text and text == text.strip())
        assert text is None or text.encode("utf-8")
    for number in (read.length_ms, read.bpm):
        assert number is None or (type(number) is int and 0 < number < 2**31)


@given(JSON | st.dictionaries(st.sampled_from(KEYS), JSON), st.integers(1, 100))
def test_any_json_at_all_is_read_without_an_error_and_leaves_nothing_wild(row: object, position: int) -> None:
    read = read_row(row, position)
    assert read is None or read.position == position
    assert_bounded(read)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"length_ms": 336097, "length": "5:36"}, 336097),
        ({"length": "5:36"}, 336000),
        ({"length_ms": None, "length": "1:02:03"}, 3723000),
        ({"length_ms": 0, "length": "0:45"}, 45000),
        ({"length": 336097}, 336097),
        ({"length": "336097"}, 336097),
        ({"length": "5.36"}, None),
        ({"length_ms": -1}, None),
        ({"length_ms": True}, None),
        ({"length_ms": 2**31}, None),
        ({}, None),
    ],
)
def test_length_is_in_milliseconds_whatever_it_comes_as(fields: dict[str, object], expected: int | None) -> None:
    assert entry(**fields).length_ms == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(128, 128), ("128", 128), (127.6, 128), (0, None), (-3, None), ("fast", None), (float("nan"), None), (1000, None)],
)
def test_bpm_is_a_sensible_whole_number_or_none(value: object, expected: int | None) -> None:
    assert entry(bpm=value).bpm == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"publish_date": "2026-05-01"}, "2026-05-01"),
        ({"publish_date": "2026-05-01T00:00:00"}, "2026-05-01"),
        ({"publish_date": None, "new_release_date": "2026-04-30"}, "2026-04-30"),
        ({"publish_date": "May 2026"}, None),
        ({"publish_date": "2026-02-30"}, None),
    ],
)
def test_publish_date_is_an_iso_date_or_none(fields: dict[str, object], expected: str | None) -> None:
    assert entry(**fields).publish_date == expected


def test_texts_lose_outer_blanks_and_what_no_file_takes() -> None:
    read = entry(name="  Hot\x00 Sauce\u00a0", mix_name=" ", artists=[{"name": " GLZ "}, {"name": ""}, {"name": "Y\ud800ou"}])
    assert (read.name, read.mix_name, read.artists) == ("Hot Sauce", None, ("GLZ", "You"))


def test_release_label_and_key_are_read_as_objects_and_as_text() -> None:
    nested = entry(release={"name": "R", "label": {"name": "L"}}, key={"name": "E Minor"})
    flat = entry(release="R", label="L", key="E Minor")
    assert (nested.release, nested.label, nested.key) == (flat.release, flat.label, flat.key) == ("R", "L", "E Minor")


def test_the_field_names_of_search_pages_are_understood() -> None:
    row = {
        "track_id": 28525970,
        "track_name": "Hot Sauce ",
        "mix_name": "Someone Remix",
        "artists": [
            {"artist_id": 1, "artist_name": "Kapuchon", "artist_type_name": "Artist"},
            {"artist_id": 2, "artist_name": "Someone", "artist_type_name": "Remixer"},
        ],
        "release": {"release_id": 3, "release_name": "Hot Sauce"},
        "label": {"label_id": 4, "label_name": "AETERNA Records"},
        "length": 336097,
        "key_name": "Gb Major",
        "bpm": 129,
        "isrc": "US39N2687077",
        "publish_date": "2026-05-01T00:00:00",
    }
    assert read_row(row, 3) == ChartEntry(
        position=3,
        beatport_id=28525970,
        name="Hot Sauce",
        artists=("Kapuchon",),
        mix_name="Someone Remix",
        remixers=("Someone",),
        isrc="US39N2687077",
        release="Hot Sauce",
        label="AETERNA Records",
        length_ms=336097,
        bpm=129,
        key="Gb Major",
        publish_date="2026-05-01",
    )


def test_texts_lose_what_steers_a_terminal() -> None:
    read = entry(name="Hot\x1b[2J\u202eSauce\nII", artists=[{"name": "G\x9bLZ"}], mix_name="\x07")
    assert (read.name, read.artists, read.mix_name) == ("Hot[2JSauce II", ("GLZ",), None)
