"""One spelling of ISRCs for both services, and nothing else accepted."""

from __future__ import annotations

import pytest

from beatporter.isrc import clean_isrc


@pytest.mark.parametrize(
    ("given_isrc", "expected"),
    [
        ("US39N2687077", "US39N2687077"),
        ("us-39n-26-87077", "US39N2687077"),
        (" US 39N 26 87077 ", "US39N2687077"),
        ("US\u201039N\u201526\u201387077", "US39N2687077"),
        ("US39N268707", None),
        ("US39N26870777", None),
        ("ÜS39N2687077", None),
        ("US39N26870٣7", None),
        ("", None),
        (None, None),
        (12, None),
    ],
)
def test_an_isrc_is_twelve_plain_characters_or_none(given_isrc: object, expected: str | None) -> None:
    assert clean_isrc(given_isrc) == expected
