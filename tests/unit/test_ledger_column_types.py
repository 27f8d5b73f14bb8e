"""How values are stored: they come back as they went in, ids take 16 bytes, and text that databases reject does no harm."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beatporter.ledger.column_types import clean, fingerprint, key_of, packed_id, seconds, unpacked_id

base62 = st.text(string.digits + string.ascii_letters, min_size=22, max_size=22)
anything = st.text(st.characters(codec=None), max_size=40)


@given(base62)
@example("0" * 22)
@example("7N42dgm5tFLK9N8MT7fHC7")  # 2**128 - 1, the largest id
@example("7N42dgm5tFLK9N8MT7fHC8")  # one more, too large for 16 bytes
@example("z" * 22)
def test_an_id_of_22_letters_comes_back(text: str) -> None:
    assert unpacked_id(packed_id(text)) == text
    assert (len(packed_id(text)) == 16) is (_value(text) < 2**128)


@given(anything)
@example("")
@example("a" * 15)
@example("a" * 16)
@example("é" * 22)
@example("٣" * 22)  # digits, but not of base 62
@example("0" * 21)
@example("0" * 23)
def test_any_other_text_comes_back_as_the_database_accepts_it(text: str) -> None:
    assert unpacked_id(packed_id(text)) == clean(text)


@given(anything, anything)
@example("a" * 15, "\0" + "a" * 15)
def test_two_ids_are_never_one(one: str, other: str) -> None:
    assert (packed_id(one) == packed_id(other)) is (clean(one) == clean(other))


@given(anything)
def test_cleaned_text_is_accepted_by_every_database(text: str) -> None:
    assert "\0" not in clean(text)
    assert clean(text).encode().decode() == clean(text) == clean(clean(text))


@pytest.mark.parametrize("text", ["House", "Ünïcode ☃ 🎛", "", "a\u202eb"])
def test_ordinary_text_stays_unchanged(text: str) -> None:
    assert clean(text) == text


def test_keys_and_fingerprints_are_part_of_the_format() -> None:
    """Existing databases contain these numbers: with another hash none of their rows would be found."""
    assert key_of("0000000000000000103280") == 812845382
    assert key_of("artist|title 57096|") == -834272082
    assert key_of("") is key_of(None) is None
    assert fingerprint("a", None, 1, ("b",), 2.5) == -7467910637911063669


@given(st.lists(anything, max_size=4), st.lists(anything, max_size=4))
@example(["a", "b"], ["a', 'b"])
@example(["ab", ""], ["a", "b"])
def test_a_fingerprint_distinguishes_values(one: list[str], other: list[str]) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) is (one == other)


def test_a_time_is_whole_seconds_of_its_zone() -> None:
    assert seconds(datetime(1970, 1, 1, 2, 0, 1, 999_999, tzinfo=timezone(timedelta(hours=2)))) == 1
    assert seconds(datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC)) == -1
    with pytest.raises(ValueError, match="time zone"):
        seconds(datetime(2026, 1, 1))


def _value(text: str) -> int:
    letters, value = string.digits + string.ascii_letters, 0
    for letter in text:
        value = value * 62 + letters.index(letter)
    return value
