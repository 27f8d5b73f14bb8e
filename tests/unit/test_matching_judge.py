"""Verdicts on single candidates, as a DJ would give them."""

from __future__ import annotations

import pytest

from beatporter.matching import judge, weights
from beatporter.records.chart import ChartEntry
from beatporter.records.track import SpotifyTrack

ISRC = "DETO31900005"


def an_entry(
    name: str = "Return to Oz",
    mix_name: str | None = "Original Mix",
    artists: tuple[str, ...] = ("Monolink",),
    *,
    remixers: tuple[str, ...] = (),
    isrc: str | None = None,
    length_ms: int | None = 400_000,
) -> ChartEntry:
    return ChartEntry(1, 1, name, artists, mix_name, remixers, isrc, length_ms=length_ms)


def a_track(
    name: str = "Return to Oz",
    artists: tuple[str, ...] = ("Monolink",),
    *,
    isrc: str | None = None,
    duration_ms: int | None = 400_000,
) -> SpotifyTrack:
    return SpotifyTrack("t" * 22, name, artists, isrc=isrc, duration_ms=duration_ms)


@pytest.mark.parametrize(
    ("entry", "track"),
    [
        (an_entry(), a_track()),
        (an_entry(), a_track("Return to Oz - Original Mix")),
        (an_entry(mix_name=None), a_track()),
        (an_entry(length_ms=None), a_track()),
        (an_entry(mix_name="ARTBAT Remix"), a_track("Return to Oz - ARTBAT Remix", ("Monolink", "ARTBAT"))),
        (an_entry(mix_name="ARTBAT Extended Mix"), a_track("Return to Oz - ARTBAT Extended Remix", ("ARTBAT", "Monolink"))),
        (
            an_entry("Drown", "Massano Remix", ("Juan Hansen", "Øostil")),
            a_track("Drown - Massano Remix", ("Oostil", "Juan Hansen", "Massano")),
        ),
        (an_entry("L.I.F.E", None, ("&ME",)), a_track("L.I.F.E.", ("&ME",))),
        (an_entry("Adagio For Strings", artists=("Tiesto",)), a_track("Adagio for Strings", ("Tiësto",))),
        (an_entry("Feel My Needs", artists=("Weiss (UK)",)), a_track("Feel My Needs", ("WEISS",))),
        (
            an_entry("Only Now (feat. Tyler Graves) feat. Tyler Graves", artists=("Seven Lions", "Tyler Graves")),
            a_track("Only Now", ("Seven Lions",)),
        ),
        (
            an_entry("Alchemy feat. Zoe Johnston", artists=("Above & Beyond", "Zoe Johnston")),
            a_track("Alchemy", ("Above & Beyond", "Zoë Johnston")),
        ),
        (
            an_entry("Summertime Sadness", "Cedric Gervais Remix", ("Lana Del Rey",)),
            a_track("Summertime Sadness (Lana Del Rey vs. Cedric Gervais) - Cedric Gervais Remix", ("Lana Del Rey", "Cedric Gervais")),
        ),
        (
            an_entry("At Night", "Anyma x Layton Giordani Remix", ("Shakedown",)),
            a_track("At Night - Anyma & Layton Giordani Remix", ("Shakedown", "Anyma", "Layton Giordani")),
        ),
        (an_entry("Dreams", artists=("Prok x Fitch",)), a_track("Dreams", ("Fitch", "Prok"))),
        (an_entry("DNA", artists=("Adam Beyer", "GENESI (ITA)")), a_track("DNA - 2022 Remaster", ("Adam Beyer", "GENESI"))),
        (an_entry("じゃじゃ馬娘", artists=("Taeko Onuki",)), a_track("じゃじゃ馬娘", ("Taeko Onuki",))),
        (an_entry("Sunglass At Night", "Extended Mix", isrc=ISRC), a_track("Sunglasses At Night (Extended Mix)", isrc=ISRC)),
        (an_entry(mix_name="Extended Mix", isrc=ISRC), a_track(isrc=ISRC)),
        (an_entry(isrc=ISRC), a_track(isrc=ISRC, duration_ms=406_000)),
        (an_entry("Renamed Since", isrc=ISRC), a_track(isrc=ISRC)),
    ],
)
def test_the_same(entry: ChartEntry, track: SpotifyTrack) -> None:
    verdict = judge(entry, track)
    assert verdict.version == "same", verdict
    assert not verdict.rejected


@pytest.mark.parametrize(
    ("entry", "track"),
    [
        (an_entry(mix_name="Extended Mix"), a_track("Return to Oz - Radio Edit", duration_ms=200_000)),
        (an_entry(mix_name="Extended Mix"), a_track(duration_ms=200_000)),
        (an_entry(mix_name="Extended Mix"), a_track(duration_ms=402_000)),
        (an_entry(), a_track("Return to Oz - Extended Mix", duration_ms=460_000)),
        (an_entry(), a_track(duration_ms=408_200)),
        (an_entry(), a_track(duration_ms=210_000)),
        (an_entry(mix_name="ARTBAT Extended Remix"), a_track("Return to Oz - ARTBAT Remix", ("Monolink", "ARTBAT"), duration_ms=240_000)),
        (an_entry(mix_name="ARTBAT Remix"), a_track("Return to Oz - ARTBAT Remix / Radio Edit", duration_ms=200_000)),
        (an_entry(isrc=ISRC), a_track(isrc=ISRC, duration_ms=210_000)),
        (an_entry(mix_name="Extended Mix", isrc=ISRC), a_track("Return to Oz - Radio Edit", isrc=ISRC, duration_ms=392_000)),
    ],
)
def test_another_cut_is_a_substitute_at_best(entry: ChartEntry, track: SpotifyTrack) -> None:
    verdict = judge(entry, track)
    assert verdict.version == "substitute", verdict


@pytest.mark.parametrize(
    "name",
    [
        "Return to Oz - Instrumental",
        "Return to Oz (Acapella)",
        "Return to Oz - Live",
        "Return to Oz (Live at Printworks)",
        "Return to Oz (Karaoke Version)",
        "Return to Oz (Tribute to Monolink)",
        "Return to Oz - Sped Up",
        "Return to Oz (slowed + reverb)",
        "Return to Oz - VIP",
        "Return to Oz (Dub)",
        "Return to Oz - Mixed",
        "Return to Oz [ABGT396]",
        "Return to Oz - Acoustic",
        "Return to Oz (HARDSTYLE)",
        "Return to Oz - Demo",
        "Return to Oz - Reprise",
    ],
)
@pytest.mark.parametrize("isrc", [None, ISRC])
def test_other_words_of_version_rule_out_even_with_an_equal_isrc(name: str, isrc: str | None) -> None:
    verdict = judge(an_entry(isrc=isrc), a_track(name, isrc=isrc))
    assert verdict.version is None, verdict
    assert any("another version" in reason for reason in verdict.rejected)


@pytest.mark.parametrize(
    ("entry", "track", "reason"),
    [
        (an_entry(), a_track(artists=("Karaoke Stars",)), "another artist"),
        (an_entry(), a_track("Swallow"), "another title"),
        (an_entry("Shook Part 3"), a_track("Shook Part 2"), "another title"),
        (an_entry("Feel My Desire"), a_track("Feel My Energy"), "another title"),
        (an_entry("Horses"), a_track("Houses"), "another title"),
        (an_entry("Cannonball"), a_track("Cannonball (Earthquake)", duration_ms=200_000), "bracket"),
        (an_entry("Dancing"), a_track("Dancing (With You)", duration_ms=300_000), "not quite"),
        (an_entry(mix_name="Extended Mix"), a_track("Return to Oz - Radio Edit", duration_ms=480_000), "length"),
        (an_entry(mix_name="Extended Mix"), a_track("Return to Oz - Radio Edit", duration_ms=60_000), "length"),
        (
            an_entry(mix_name="Extended Mix", artists=("Inner City", "Joe Hunt")),
            a_track(artists=("Inner City",), duration_ms=396_000),
            "other artists",
        ),
        (an_entry(mix_name="ARTBAT Remix"), a_track(isrc=ISRC), "another version"),
        (an_entry("Swallow", isrc=ISRC), a_track(isrc=ISRC, duration_ms=300_000), "another title"),
        (an_entry(isrc=ISRC), a_track("Swallow", ("Somebody",), isrc=ISRC), "another title"),
        (
            an_entry(mix_name="ARTBAT Remix"),
            a_track("Return to Oz - ARTBAT Remix", ("Other", "ARTBAT"), duration_ms=300_000),
            "another artist",
        ),
        (an_entry(), a_track(artists=("Various Artists",), duration_ms=300_000), "another artist"),
    ],
)
def test_not_this_recording(entry: ChartEntry, track: SpotifyTrack, reason: str) -> None:
    verdict = judge(entry, track)
    assert verdict.version is None, verdict
    assert any(reason in said for said in verdict.rejected), verdict.rejected


def test_a_verdict_explains_itself_by_named_penalties() -> None:
    entry = an_entry(mix_name="Jerome Isma-Ae Remix", isrc=ISRC)
    verdict = judge(entry, a_track("Return to Oz - Jerome Isma Ae's Remix - 2022 Remaster", ("Monolink", "Guest"), isrc=ISRC))
    assert verdict.version == "same"
    assert dict(verdict.penalties) == {"artist added": 2.0, "remaster": 2.0}
    assert verdict.score == 96.0


def test_what_is_excused_one_by_one_may_be_too_much_together() -> None:
    entry = an_entry(artists=("Monolink", "Somebody"), isrc=ISRC)
    verdict = judge(entry, a_track("Swallow - Remix", ("Another", "Monolink"), isrc=ISRC))
    assert verdict.version is None
    assert verdict.score < weights.ACCEPT
    assert "points are too few" in verdict.rejected[0]


def test_a_version_that_only_one_side_names_needs_isrc_and_length() -> None:
    entry = an_entry(mix_name="ARTBAT Remix", isrc=ISRC)
    assert judge(entry, a_track(isrc=ISRC)).version == "same"
    assert judge(entry, a_track(isrc=ISRC, duration_ms=None)).version is None
    assert judge(entry, a_track()).version is None


def test_a_compilations_artist_is_no_artist() -> None:
    assert judge(an_entry(), a_track(artists=("Various Artists",))).version == "same"
    assert judge(an_entry(), a_track(artists=("Various Artists",), duration_ms=None)).version is None
    assert judge(an_entry(artists=("Various Artists",)), a_track()).version == "same"
    assert judge(an_entry(artists=("Various Artists",)), a_track(duration_ms=None)).version is None


def test_an_unnamed_remix_is_that_of_a_credited_artist_if_the_length_agrees() -> None:
    entry = an_entry(mix_name="ARTBAT Remix")
    assert judge(entry, a_track("Return to Oz - Remix", ("Monolink", "ARTBAT"))).version == "same"
    assert judge(entry, a_track("Return to Oz - Remix", ("Monolink", "ARTBAT"), duration_ms=300_000)).version is None
    assert judge(entry, a_track("Return to Oz - Remix", ("Monolink", "Lazza"))).version is None
    own = an_entry("Alchemy", "Above & Beyond Club Mix", ("Above & Beyond", "Zoe Johnston"))
    assert judge(own, a_track("Alchemy - Club Mix", ("Zoë Johnston", "Above & Beyond"))).version == "same"
