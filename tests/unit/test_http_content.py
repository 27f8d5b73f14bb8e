"""Content from outside: no control characters, and within bounds."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatporter.http.content import clean_text, decode_json
from beatporter.http.limits import MAX_JSON_DEPTH, MAX_TEXT_LENGTH

TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
NASTY = st.text(
    st.sampled_from("ab \t\r\n\x00\x1b\x7f\x80\x85\x9b\u202e\u2066\u2028\u2029é\U0001f3b5\ud800") | st.characters(), max_size=60
)


@given(NASTY)
def test_no_control_characters_or_direction_overrides_are_left(text: str) -> None:
    clean = clean_text(text)
    assert not [
        char for char in clean if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in TURNING
    ]
    assert len(clean.splitlines()) <= 1
    assert clean.encode("utf-8").decode("utf-8") == clean
    assert clean_text(clean) == clean


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp", "Cf")), max_size=60))
def test_ordinary_text_stays_unchanged(text: str) -> None:
    assert clean_text(text) == text


def test_lines_become_one_and_marks_that_names_need_stay() -> None:
    assert clean_text("One\nTwo\u2028Three") == "One Two Three"
    assert clean_text("a\x1b[31mred\x9b0m") == "a[31mred0m"
    assert clean_text("می\u200cخواهم \u200f!") == "می\u200cخواهم \u200f!"
    assert len(clean_text("x" * 9_999)) == MAX_TEXT_LENGTH


@pytest.mark.parametrize(
    "text", ["{", "", "NaN", "[Infinity]", "[-Infinity]", "[" * 100_000, b"\xff", b'"\xed\xa0\x80"', "9" * 5_000, "{} {}"]
)
def test_invalid_json_is_reported(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_json(text)


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_json_may_nest_only_to_the_limit(opens: str, closes: str) -> None:
    deepest = MAX_JSON_DEPTH - 1
    assert decode_json(f"{opens * deepest}1{closes * deepest}")
    for levels in (MAX_JSON_DEPTH, 900, 100_000):
        with pytest.raises(ValueError, match="nested deeper"):
            decode_json(f"{opens * levels}1{closes * levels}")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(JSON)
def test_json_is_read_unchanged(document: Any) -> None:
    text = json.dumps(document)
    assert decode_json(text) == decode_json(text.encode()) == decode_json(b"\xef\xbb\xbf" + text.encode()) == document
