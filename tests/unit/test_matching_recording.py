"""The key of a recording: equal under another id or spelling, different for another version."""

from __future__ import annotations

import pytest

from beatporter.matching import recording_key


@pytest.mark.parametrize(
    ("name", "artists", "mix_name", "track_name", "track_artists"),
    [
        ("Return to Oz", ("Monolink",), "ARTBAT Remix", "Return to Oz - ARTBAT Remix", ("Monolink", "ARTBAT")),
        ("Return to Oz", ("Monolink",), "ARTBAT Extended Remix", "Return to Oz (ARTBAT Remix) - Radio Edit", ("ARTBAT", "Monolink")),
        ("Drown", ("Juan Hansen", "Øostil"), "Extended Mix", "Drown", ("Oostil", "Juan Hansen")),
        (
            "Only Now (feat. Tyler Graves) feat. Tyler Graves",
            ("Seven Lions", "Tyler Graves"),
            "Original Mix",
            "Only Now",
            ("Tyler Graves", "Seven Lions"),
        ),
        ("Only Now feat. Tyler Graves", ("Seven Lions",), "Original Mix", "Only Now (feat. Tyler Graves)", ("Seven Lions", "Tyler Graves")),
        ("Dreams", ("Prok & Fitch",), "Original Mix", "Dreams", ("Fitch", "Prok")),
        ("Feel My Needs", ("Weiss (UK)",), "Original Mix", "Feel My Needs - Remastered 2019", ("WEISS",)),
        (
            "Summertime Sadness",
            ("Lana Del Rey",),
            "Cedric Gervais Remix",
            "Summertime Sadness (Lana Del Rey vs. Cedric Gervais) - Cedric Gervais Remix",
            ("Lana Del Rey", "Cedric Gervais"),
        ),
        ("ΒΔΚ", ("R136a1",), "Original Mix", "βδκ", ("R136A1",)),
    ],
)
def test_one_key(name: str, artists: tuple[str, ...], mix_name: str, track_name: str, track_artists: tuple[str, ...]) -> None:
    assert recording_key(name, artists, mix_name) == recording_key(track_name, track_artists)


@pytest.mark.parametrize(
    "other",
    [
        ("Return to Oz", ("Monolink",)),
        ("Return to Oz - Massano Remix", ("Monolink", "Massano")),
        ("Return to Oz - ARTBAT Remix - Instrumental", ("Monolink", "ARTBAT")),
        ("Return to Oz - ARTBAT Dub", ("Monolink", "ARTBAT")),
        ("Return to Oz - ARTBAT Remix", ("Somebody", "ARTBAT")),
        ("Swallow - ARTBAT Remix", ("Monolink", "ARTBAT")),
    ],
)
def test_another_recording_has_another_key(other: tuple[str, tuple[str, ...]]) -> None:
    assert recording_key(*other) != recording_key("Return to Oz", ("Monolink",), "ARTBAT Remix")


def test_the_key_can_be_read() -> None:
    assert recording_key("Return to Oz", ["Monolink"], "ARTBAT Extended Remix") == "monolink|return to oz|remix artbat"
    assert recording_key("Beside", ["Marsh"], "Extended Mix") == "marsh|beside|"
