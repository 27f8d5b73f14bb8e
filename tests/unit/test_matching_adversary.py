"""Pairs that want a wrong track taken: how Beatport and Spotify really name things, and what a DJ would say of each.

Unless a pair says otherwise both sides have the same artist and, to the millisecond, the same length: the hardest case, since what is made
from one arrangement (instrumental, dub, vocals only) has its length.
"""

from __future__ import annotations

import pytest

from beatporter.matching import judge, weights
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Verdict
from beatporter.records.track import SpotifyTrack

ISRC = "GBABC2600001"
WHO = ("Vintage Culture",)
WITH_MK = ("Vintage Culture", "MK")


def verdict(
    mix_name: str | None,
    track_name: str,
    track_artists: tuple[str, ...] = WHO,
    *,
    name: str = "Deep Down",
    artists: tuple[str, ...] = WHO,
    remixers: tuple[str, ...] = (),
    isrcs: tuple[str | None, str | None] = (None, None),
    lengths_s: tuple[int | None, int | None] = (360, 360),
    album: str | None = None,
) -> Verdict:
    own_ms, track_ms = (None if seconds is None else seconds * 1000 for seconds in lengths_s)
    entry = ChartEntry(1, 1, name, artists, mix_name, remixers, isrcs[0], length_ms=own_ms)
    return judge(entry, SpotifyTrack("t" * 22, track_name, track_artists, album, None, isrcs[1], track_ms))


OTHER_VERSIONS = (
    *("VIP", "VIP Mix", "Vintage Culture VIP", "Dub", "Dub Mix", "Dubapella", "MK's 4AM Dub", "Bootleg", "Mashup"),
    *("Live", "Live from Tomorrowland", "Cercle Live Version", "Live Edit", "Unplugged", "Acoustic", "Piano Version", "Demo", "Reprise"),
    *("Acapella", "A Cappella", "Percapella", "Vox", "Vocals Only", "No Vocals", "Instrumental", "Extended Instrumental", "Vocal Mix"),
    *("Sped Up", "Super Slowed", "Ultra Slowed", "Slowed & Reverb", "Nightcore", "8D Audio", "Lofi Version", "Bass Boosted", "Pitched"),
    *("Phonk", "Hardstyle Remix", "Mixed", "Mix Cut", "ABGT450", "ASOT 1100", "Continuous Mix", "Intro Mix", "Intro Edit", "Interlude"),
    *("DJ Tool", "Drum Tool"),
    *("Bonus Beats", "Loop", "Stripped", "Redux", "Revisited", "Henrik Schwarz Interpretation", "Innellea Reconstruction"),
    *("Dixon Treatment", "German Version", "Re-Recorded", "Re-Recorded Version"),
    *("Karaoke Version", "Cover", "In the Style of Vintage Culture", "Originally by Vintage Culture (Cover)", "Tribute Mix", "Commentary"),
)  # fmt: skip
"""Not even with an equal ISRC: either made from the original's arrangement, and so of its length, or another performance."""

OTHER_ARRANGEMENTS = (
    *("Rework", "Adriatique Rework", "Dombresky Edit", "Edit by Dombresky", "Dombresky's Edit", "MK Remix", "Remixed by MK", "Remix"),
    *("2024 Mix", "2024 Edit", "2024 Version", "20th Anniversary Mix", "Festival Mix", "Rave Mix", "Afterhours Mix", "Tech House Edit"),
    *("Frenchcore Remix", "Workout Remix 128 BPM", "TikTok Version", "DnB Edit", "Chill Mix", "Ambient Mix"),
    *("Dixon Version", "Taylor's Version", "Alternate Mix"),
)
"""Their lengths differ from the original's, so an equal ISRC and an equal length together outweigh the words."""


@pytest.mark.parametrize("isrc", [None, ISRC], ids=["no ISRC", "equal ISRC"])
@pytest.mark.parametrize("form", ["{} - {}", "{} ({})", "{} [{}]"])
@pytest.mark.parametrize("version", OTHER_VERSIONS)
def test_another_version_is_refused_however_it_is_written(version: str, form: str, isrc: str | None) -> None:
    found = verdict("Original Mix" if isrc else None, form.format("Deep Down", version), isrcs=(isrc, isrc))
    assert found.version is None, found


@pytest.mark.parametrize("form", ["{} - {}", "{} ({})", "{} [{}]"])
@pytest.mark.parametrize("version", OTHER_ARRANGEMENTS)
def test_another_arrangement_needs_an_equal_isrc_and_an_equal_length(version: str, form: str) -> None:
    name = form.format("Deep Down", version)
    assert verdict(None, name).version is None
    assert verdict("Original Mix", name).version is None
    assert verdict("Original Mix", name, isrcs=(ISRC, ISRC), lengths_s=(360, 340)).version is None
    assert verdict("Original Mix", name, isrcs=(ISRC, ISRC), lengths_s=(360, None)).version is None
    found = verdict("Original Mix", name, isrcs=(ISRC, ISRC))
    assert found.version == "same"
    assert weights.ACCEPT <= found.score < weights.DOUBT, "a person is shown it"


@pytest.mark.parametrize(
    "bracket",
    [
        "Techno",
        "Afro House",
        "Hypertechno",
        "Chillout",
        "Sunset",
        "Spanish",
        "Ame Take",
        "Yotto Perspective",
        "Warehouse",
        "Vocal",
        "MK Remode",
    ],
)
def test_a_short_bracket_that_only_the_track_has_needs_the_isrc(bracket: str) -> None:
    assert verdict("Original Mix", f"Deep Down ({bracket})").version is None
    assert verdict("Original Mix", f"Deep Down ({bracket})", isrcs=(ISRC, ISRC)).version == "same"


@pytest.mark.parametrize(
    ("mix_name", "track_name"),
    [
        ("VIP Mix", "Deep Down"),
        ("Extended Mix", "Deep Down - VIP Extended Mix"),
        ("Extended Mix", "Deep Down - Extended Intro Mix"),
        ("Extended Mix", "Deep Down - Radio Dub"),
        ("Extended Mix", "Deep Down (Extended Mix) [Mixed]"),
        ("Extended Mix", "Deep Down - Extended Mix Mixed"),
        ("Dub Mix", "Deep Down - Club Mix"),
        ("Day Mix", "Deep Down - Night Mix"),
        ("Sunset Mix", "Deep Down - Sunrise Mix"),
        ("Vocal Mix", "Deep Down - Instrumental Mix"),
        ("Acapella", "Deep Down"),
        ("MK Remix", "Deep Down"),
        ("MK Remix", "Deep Down - MK Dub"),
        ("MK Remix", "Deep Down - MK Club Mix"),
        ("MK Remix", "Deep Down - MK Remix Instrumental"),
        ("MK Remix", "Deep Down (MK Remix Acapella)"),
        ("MK Remix", "Deep Down - MK Remix (Dombresky Edit)"),
        ("MK Remix", "Deep Down (MK Remix) (Mixed)"),
        ("MK Remix", "Deep Down - MK Remix [MIXED]"),
        ("MK Remix", "Deep Down - Remix"),
        ("MK Extended Mix", "Deep Down - MK Extended Dub"),
        ("MK Extended Mix", "Deep Down - MK VIP"),
        ("MK 2023 Remix", "Deep Down - MK 2024 Remix"),
        ("Anyma Remix", "Deep Down - Anyma & Argy Remix"),
        ("Anyma & Argy Remix", "Deep Down - Anyma Remix"),
        ("Adam Port Remix", "Deep Down - Adam Beyer Remix"),
        ("Brian Remix", "Deep Down - Brina Remix"),
    ],
)
def test_one_version_is_not_another(mix_name: str, track_name: str) -> None:
    """Even if the track credits everybody whom its title names."""
    people = tuple(name for name in ("MK", "Anyma", "Argy", "Adam Beyer", "Dombresky") if name in track_name)
    assert verdict(mix_name, track_name, (*WHO, *people), lengths_s=(360, 352)).version is None
    if "Brina" not in track_name:  # a remixer's name may have a typo if the lengths are equal
        assert verdict(mix_name, track_name, (*WHO, *people)).version is None


def test_an_unnamed_remix_by_somebody_else_is_not_taken() -> None:
    """The entry's own remixer says nothing about whose remix the track is."""
    assert verdict("ARTBAT Remix", "Deep Down - Remix", ("Vintage Culture", "Lazza"), remixers=("ARTBAT",)).version is None
    assert verdict("ARTBAT Remix", "Deep Down - Remix", WHO, remixers=("ARTBAT",)).version is None
    assert verdict("ARTBAT Remix", "Deep Down - Remix", ("Vintage Culture", "ARTBAT"), remixers=("ARTBAT",)).version == "same"


def test_a_remixer_credited_among_the_artists_only_needs_isrc_and_length() -> None:
    assert verdict("MK Remix", "Deep Down", WITH_MK, remixers=("MK",)).version is None
    assert verdict("MK Remix", "Deep Down", WITH_MK, remixers=("MK",), isrcs=(ISRC, ISRC)).version == "same"
    assert verdict("Original Mix", "Deep Down", WITH_MK, lengths_s=(360, 200)).version is None, "another line-up and another length"


@pytest.mark.parametrize(
    ("name", "track_name"),
    [
        ("Deep Down, Pt. 2", "Deep Down, Pt. 1"),
        ("Deep Down Pt. 2", "Deep Down"),
        ("Deep Down (Pt. 2)", "Deep Down"),
        ("Deep Down", "Deep Down (Part II)"),
        ("Deep Down (Part One)", "Deep Down (Part Two)"),
        ("Deep Down (Chapter 1)", "Deep Down (Chapter 2)"),
        ("Deep Down II", "Deep Down"),
        ("Deep Down II", "Deep Down III"),
        ("Deep Down 2", "Deep Down"),
        ("Deep Down 2.0", "Deep Down"),
        ("Deep Down #1", "Deep Down #2"),
        ("Deep Down 1998", "Deep Down"),
        ("Deep Down", "Deep Down - 140"),
        ("Untitled A", "Untitled B"),
        ("A1", "A2"),
        ("Body", "Body Language"),
        ("Move", "Move Your Body"),
        ("Deep Down", "Deep Down / Body"),
        ("Deep Down", "Deep Down x Body"),
        ("Light", "Night"),
        ("Lovers", "Lover"),
        ("Stranger", "Stronger"),
        ("Fire", "Fires"),
        ("Forever Young", "Forever Yours"),
        ("Вечер", "Ветер"),
        ("мой", "мои"),
        ("서울", "서울역"),
        ("Deep Down", "Deep Down Live at Cercle"),
        ("Deep Down", "deep down sped up"),
    ],
)
def test_one_title_is_not_another(name: str, track_name: str) -> None:
    assert verdict("Original Mix", track_name, name=name).version is None


@pytest.mark.parametrize(
    ("artists", "track_artists"),
    [
        (("John Summit",), ("Donna Summit",)),
        (("Chris Lake",), ("Lake",)),
        (("Loud Luxury",), ("Russ Millions", "Tion Wayne")),
        (("Fisher",), ("Fish",)),
        (("Fisher (OZ)",), ("Fisher (UK)",)),
        (("Above & Beyond",), ("Beyond",)),
        (("Various Artists",), ("Russ",)),
        (("Kölsch",), ("Kelsch",)),
        (("Chris Lake", "Fisher"), ("Chris Lake", "Solardo")),
        (("Vintage Culture",), ("Party Covers",)),
    ],
)
def test_one_word_titles_need_the_artist(artists: tuple[str, ...], track_artists: tuple[str, ...]) -> None:
    assert verdict("Extended Mix", "Body", track_artists, name="Body", artists=artists, lengths_s=(360, 200)).version is None
    if artists != ("Above & Beyond",):  # half of a joint name is accepted if the lengths agree
        assert verdict("Original Mix", "Body", track_artists, name="Body", artists=artists, lengths_s=(360, 358)).version is None


@pytest.mark.parametrize("lengths_s", [(None, 360), (360, None), (None, None), (360, 200)])
def test_what_does_not_quite_agree_needs_the_length(lengths_s: tuple[int | None, int | None]) -> None:
    assert verdict(None, "House Music", name="Mouse Music", lengths_s=lengths_s).version is None
    assert verdict(None, "Nanana", name="(It Goes Like) Nanana", lengths_s=lengths_s).version is None
    assert verdict(None, "Body", ("Kelsch",), name="Body", artists=("Kölsch",), lengths_s=lengths_s).version is None
    assert verdict(None, "Body (feat. Bob)", name="Body feat. Ann", lengths_s=lengths_s).version is None


@pytest.mark.parametrize(
    ("name", "artists", "track_name", "track_artists"),
    [
        ("Mouse Music", WHO, "House Music", WHO),
        ("(It Goes Like) Nanana", WHO, "Nanana", WHO),
        ("Body", ("Kölsch",), "Body", ("Kelsch",)),
        ("Body feat. Ann", WHO, "Body (feat. Bob)", WHO),
    ],
)
def test_what_only_the_length_backs_is_shown_to_the_person(
    name: str, artists: tuple[str, ...], track_name: str, track_artists: tuple[str, ...]
) -> None:
    found = verdict(None, track_name, track_artists, name=name, artists=artists)
    assert found.version == "same"
    assert weights.ACCEPT <= found.score < weights.DOUBT, found


@pytest.mark.parametrize("album", ["Defected Ibiza 2024 (DJ Mix)", "Toolroom Ibiza 2024 (Mixed)", "Anjunadeep 15 (Continuous Mix)"])
def test_a_track_of_a_dj_mix_that_does_not_say_so_is_a_piece_of_it(album: str) -> None:
    assert verdict("Extended Mix", "Deep Down", album=album, lengths_s=(400, 200)).version is None
    assert verdict("Extended Mix", "Deep Down", album=album, isrcs=(ISRC, ISRC), lengths_s=(400, 200)).version is None
    assert verdict("Original Mix", "Deep Down", album=album, isrcs=(ISRC, ISRC)).version == "same", "whole, and the very recording"
    for harmless in ("Mixed Emotions", "Deep Down (Remixes)", "Deep Down (Extended Mix)", "In The Mix"):
        assert verdict("Original Mix", "Deep Down", album=harmless).version == "same", harmless


@pytest.mark.parametrize(
    ("name", "mix_name", "artists", "track_name", "track_artists"),
    [
        ("Deep Down", "VIP Mix", WHO, "Deep Down - VIP", WHO),
        ("Deep Down", "Vintage Culture VIP", WHO, "Deep Down - VIP", WHO),
        ("Deep Down", "Dub Mix", WHO, "Deep Down - Dub", WHO),
        ("Deep Down", "Main Mix", WHO, "Deep Down", WHO),
        ("Deep Down", '12" Version', WHO, "Deep Down - Extended Version", WHO),
        ("Deep Down", "2024 Mix", WHO, "Deep Down - 2024 Mix", WHO),
        ("Deep Down", "Original Mix", WHO, "Deep Down - 2024 Remaster", WHO),
        ("Deep Down", "Extended Mix", WHO, "Deep Down - Extended Mix / Remastered 2024", WHO),
        ("Deep Down", "MK Extended Remix", WHO, "Deep Down - MK Remix - Extended", WITH_MK),
        ("Deep Down (MK Remix)", "Extended Mix", WHO, "Deep Down - MK Extended Remix", WITH_MK),
        ("Deep Down", "MK Mix", WHO, "Deep Down - MK Remix", WITH_MK),
        ("Deep Down II", "Original Mix", WHO, "Deep Down 2", WHO),
        ("Deep Down Pt. II", "Original Mix", WHO, "Deep Down, Pt. 2", WHO),
        ("Deep Down - Part 2", "Original Mix", WHO, "Deep Down, Pt. 2", WHO),
        ("Deep Down (Part One)", "Original Mix", WHO, "Deep Down, Pt. 1", WHO),
        ("Deep Down (feat. Ann)", "Original Mix", WHO, "Deep Down", (*WHO, "Ann")),
        ("Body", "Original Mix", ("Armin van Buuren pres. Rising Star",), "Body", ("Rising Star", "Armin van Buuren")),
        ("Body", "Original Mix", ("Armin van Buuren vs Vini Vici",), "Body", ("Armin van Buuren", "Vini Vici")),
        ("Body", "Original Mix", ("Ferry Corsten", "Gouryella"), "Body", ("Ferry Corsten presents Gouryella",)),
        ("Body", "Original Mix", ("DJ Koze",), "Body", ("Koze",)),
        ("Café del Mar", "Three 'N One Remix", ("Energy 52",), "Cafe Del Mar - Three N One Mix", ("Energy 52",)),
        ("Δάκρυα", "Original Mix", ("Άννα",), "ΔΑΚΡΥΑ", ("ΑΝΝΑ",)),
        ("Ёлка", "Original Mix", ("Кино",), "Елка", ("Кино",)),
        ("Straße", "Original Mix", ("Paul",), "Strasse", ("Paul",)),
    ],
)
def test_the_same_recording_is_taken(
    name: str, mix_name: str, artists: tuple[str, ...], track_name: str, track_artists: tuple[str, ...]
) -> None:
    found = verdict(mix_name, track_name, track_artists, name=name, artists=artists)
    assert found.version == "same", found


def test_an_original_mix_as_long_as_a_radio_edit_is_a_substitute() -> None:
    found = verdict("Original Mix", "Deep Down - Original Mix", lengths_s=(380, 185))
    assert found.version == "substitute"
    assert ("length unlike the named cut", weights.PENALTY["length unlike the named cut"]) in found.penalties


def test_a_release_under_another_isrc_is_the_same_if_all_else_agrees() -> None:
    assert verdict("Original Mix", "Deep Down", isrcs=(ISRC, "US1112600001")).version == "same"
    assert verdict("Original Mix", "Deep Down", ("Nobody",), isrcs=(ISRC, ISRC), lengths_s=(360, 200)).version is None
