"""Spellings for which the rules of November refused right tracks; each with a similar spelling of another recording."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from beatporter.matching import decide, is_doubtful, judge, record_decision, recording_key, weights
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.records.track import SpotifyTrack

ISRC, OTHER_ISRC = "GB28K2100001", "US1112600001"
FORMS = ("{} - {}", "{} ({})", "{} [{}]")
NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)


def decided(
    entry: tuple[str, str | None, tuple[str, ...]],
    track: tuple[str, tuple[str, ...]],
    lengths_s: tuple[float | None, float | None] = (360, 360),
    *,
    remixers: tuple[str, ...] = (),
    isrcs: tuple[str | None, str | None] = (None, None),
) -> Match:
    """The decision for an entry (name, mix name, artists) with one candidate (name, artists)."""
    own_ms, track_ms = (None if seconds is None else round(seconds * 1000) for seconds in lengths_s)
    row = ChartEntry(1, 1, entry[0], entry[2], entry[1], remixers, isrcs[0], length_ms=own_ms)
    found = decide(row, [SpotifyTrack("t" * 22, track[0], track[1], isrc=isrcs[1], duration_ms=track_ms)])
    return record_decision(row, found, decided_at=NOW)


SHORT_CUTS = (
    *("FM Edit", '7" Edit', '7" Mix', "7'' Version", "7 Inch Mix", '7" Radio Edit', '7" Single Edit', "Spotify Version", "Single Version"),
    *("Single Edit", "Mix Edit", "Edit", "Radio", "Radio-Edit", "RadioEdit", "Main Radio Edit", "Original Radio Edit", "Video Version"),
    *("Streaming Edit", "Airplay Mix", "Clean Radio Edit", "Short Version", "Radio Edit - Remastered"),
)
LONG_CUTS = (
    *('12" Mix', '12" Version', "12 Inch Mix", '12" Extended Mix', '12" Edit', "Extended Edition", "Ext. Mix", "Full Length Mix"),
    *("Extended Original Mix", "Maxi Version", "DJ Edit", "DjEdit", "ExtendedMix", "12'' Extended", "Xtended Mix"),
)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cut", SHORT_CUTS)
def test_words_for_a_short_cut(cut: str, form: str) -> None:
    who = ("Veracocha",)
    assert decided(("Carte Blanche", "Extended Mix", who), (form.format("Carte Blanche", cut), who), (447, 213)).version == "substitute"
    name = form.format("Carte Blanche", f"Effy Remix {cut.removesuffix(' - Remastered')}")
    remix = ("Carte Blanche", "Effy Remix - Extended Edition", who)
    assert decided(remix, (name, (*who, "Effy")), (447, 213), remixers=("Effy (UK)",)).version == "substitute"
    assert decided(remix, (name.replace("Effy", "Dixon"), who), (447, 213), remixers=("Effy (UK)",)).version is None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cut", LONG_CUTS)
def test_words_for_a_long_cut(cut: str, form: str) -> None:
    who = ("Veracocha",)
    assert decided(("Carte Blanche", "Extended Mix", who), (form.format("Carte Blanche", cut), who), (447, 449)).version == "same"
    assert decided(("Carte Blanche", cut, who), ("Carte Blanche", who), (447, 213)).version == "substitute"


@pytest.mark.parametrize(
    "words",
    [
        *("FM Live Edit", "Radio Dub", "Sped Up Radio Edit", "Re-Recorded Radio Edit", "Massano Radio Edit", "2023 Version", "Club Dub"),
        *("Spotify Sessions", "Spotify Singles", "Spotify Acoustic Version", "Live From Spotify", "Album Intro Version", "7 Skies Mix"),
    ],
)
def test_a_cuts_word_beside_another_versions_is_no_cut(words: str) -> None:
    who = ("CamelPhat",)
    for form in FORMS:
        assert decided(("Cola", "Original Mix", who), (form.format("Cola", words), who), (415, 215)).version is None, words
        assert decided(("Cola", "Original Mix", who), (form.format("Cola", words), who), (415, 415)).version is None, words


@pytest.mark.parametrize("mix_name", ["Beatport Exclusive", "(Beatport Exclusive)", "Beatport Exclusive Version", "Traxsource Exclusive"])
def test_where_it_is_sold_is_no_version(mix_name: str) -> None:
    who = ("bradeazy",)
    for name in ("Need Your Body", f"Need Your Body ({mix_name.strip('()')})"):
        assert decided((name, mix_name, who), ("Need Your Body", who), (360, 362)).version == "same"
        assert decided((name, mix_name, who), ("Need Your Body", who), (360, 200)).version == "substitute"
        assert decided((name, mix_name, who), ("Need Your Body - Dub", who)).version is None
    assert decided(("Need Your Body", "Beatport Exclusive VIP", who), ("Need Your Body", who)).version is None


@pytest.mark.parametrize(
    ("mix_name", "remixers"),
    [
        ("James Juke's Extended Hot Take", ("James Juke",)),
        ("Gorgon City Special", ("Gorgon City",)),
        ("Tom & Collins Special Extended", ("Tom & Collins",)),
        ("Âme Take", ("Âme",)),
        ("Late Night Tale", ()),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_a_mix_name_without_a_word_of_version(mix_name: str, remixers: tuple[str, ...], form: str) -> None:
    who = ("Monsieur Van Pratt",)
    entry = ("Stimulation", mix_name, who)
    assert decided(entry, (form.format("Stimulation", mix_name), (*who, *remixers)), remixers=remixers).version == "same"
    shorter = mix_name.replace("Extended ", "").replace(" Extended", "")
    assert decided(entry, (form.format("Stimulation", shorter), who), (360, 210), remixers=remixers).version == "substitute"
    assert decided(entry, ("Stimulation", who), (360, 210), remixers=remixers).version is None
    assert decided(entry, (form.format("Stimulation", "Another Thing"), who), (360, 210), remixers=remixers).version is None


def test_the_remix_of_a_credited_remixer_may_have_a_name_of_its_own() -> None:
    entry, people = ("Deep Down", "James Juke's Hot Take", ("VC",)), ("VC", "James Juke")
    assert decided(entry, ("Deep Down - James Juke Remix", people), remixers=("James Juke",)).version == "same"
    assert decided(entry, ("Deep Down - James Juke Remix", people), (360, 200), remixers=("James Juke",)).version is None
    for other in ("James Juke Dub", "James Juke's Cold Take", "James Juke VIP", "Remix"):
        assert decided(entry, (f"Deep Down - {other}", ("VC",)), (360, 358), remixers=("James Juke",)).version is None, other


@pytest.mark.parametrize(
    ("name", "artists", "suffix"),
    [
        ("Illuminate", ("Sub Focus", "Wilkinson"), "Sub Focus & Wilkinson"),
        ("We Are Your Friends", ("Justice", "Simian"), "Justice Vs Simian"),
        ("Titanium", ("David Guetta", "Sia"), "David Guetta feat. Sia"),
        ("Titanium", ("David Guetta", "Sia"), "Sia"),
        ("Titanium", ("David Guetta", "Sia"), "David Guetta w/ Sia"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_a_suffix_that_only_names_the_artists(name: str, artists: tuple[str, ...], suffix: str, form: str) -> None:
    track = (form.format(name, suffix), artists)
    assert decided((name, "Original Mix", artists), track).version == "same"
    assert decided((name, "Extended Mix", artists), track, (360, 240)).version == "substitute"
    assert decided((track[0], "Original Mix", artists), (name, artists)).version == "same"
    assert decided((name, suffix, artists), (name, artists)).version == "same"
    assert decided((name, "ARTBAT Remix", artists), track).version is None
    assert recording_key(*track) == recording_key(name, artists)


@pytest.mark.parametrize("suffix", ["Metrik", "Sub Focus & Metrik", "Sub Focus VIP", "Wilkinson Remix", "Wilkin"])
@pytest.mark.parametrize("form", FORMS)
def test_a_suffix_that_names_somebody_else_may_be_a_version(suffix: str, form: str) -> None:
    people = ("Sub Focus", "Wilkinson")
    name = form.format("Illuminate", suffix)
    for track_artists in (people, (*people, "Metrik")):
        assert decided(("Illuminate", "Original Mix", people), (name, track_artists)).version is None


@pytest.mark.parametrize(
    "joiner", ["v", "V", "v.", "x", "vs", "vs.", "w/", "pres.", "presents", "&", "and", "+", "feat.", "/", "B2B", "meets"]
)
def test_joiners_of_names(joiner: str) -> None:
    apart, joined = ("Tiesto", "Diplo"), (f"Tiësto {joiner} Diplo",)
    assert decided(("C'mon", "Extended Mix", (*apart, "Busta")), ("C'Mon", (*joined, "Busta")), (320, 217)).version == "substitute"
    assert decided(("C'mon", "Extended Mix", joined), ("C'Mon", apart), (320, 217)).version == "substitute"
    assert decided(("C'mon", "Extended Mix", apart), ("C'Mon", (f"Tiësto {joiner} Moguai",)), (320, 217)).version is None


@pytest.mark.parametrize(
    ("remixer", "mix_name", "spotifys"),
    [
        ("VITO (UK)", "VITO (UK) Remix", "VITO Remix"),
        ("Kolter (Berlin)", "Kolter (Berlin) Remix", "Kolter Remix"),
        ("Lee (ofc)", "Lee (ofc) Extended Remix", "Lee Extended Remix"),
        ("[KRTM]", "[KRTM] Remix", "KRTM Remix"),
        ("(de)tune", "(de)tune Remix", "(de)tune Remix"),
        ("Max (SP)", "Max [SP] Remix", "Max Remix"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_brackets_inside_a_remixers_name(remixer: str, mix_name: str, spotifys: str, form: str) -> None:
    entry, who = ("In A Spell", mix_name, ("RSquared",)), ("RSquared",)
    for written in (mix_name, spotifys):
        for people in (who, (*who, remixer)):
            assert decided(entry, (form.format("In A Spell", written), people), (360, 362), remixers=(remixer,)).version == "same"
    assert decided(entry, (form.format("In A Spell", "Dixon Remix"), who), (360, 362), remixers=(remixer,)).version is None


def test_a_bracket_in_a_version_may_be_another_version() -> None:
    entry = ("Deep Down", "MK Remix", ("VC",))
    for name in ("Deep Down (MK Remix (VIP))", "Deep Down - MK Remix (Dub)", "Deep Down - MK (Dub) Remix", "Deep Down [MK Remix (VIP)]"):
        assert decided(entry, (name, ("VC", "MK")), remixers=("MK",)).version is None, name
    marked = ("Deep Down", "VITO (UK) Remix", ("VC",))
    assert decided(marked, ("Deep Down - VITO (US) Remix", ("VC", "VITO (US)")), remixers=("VITO (UK)",)).version is None


@pytest.mark.parametrize("mix_name", ["feat. Sia", None, "Original Mix", "Remix"])
def test_a_remixer_whom_only_the_field_for_remixers_names(mix_name: str | None) -> None:
    entry, people = ("Titanium (feat. Sia)", mix_name, ("David Guetta", "Sia")), ("David Guetta", "Sia", "MORTEN")
    for name in ("Titanium (feat. Sia) - David Guetta & MORTEN Future Rave Remix", "Titanium - MORTEN Remix", "Titanium (MORTEN Edit)"):
        assert decided(entry, (name, people), (360, 361), remixers=("MORTEN",), isrcs=(ISRC, ISRC)).version == "same", name
        assert decided(entry, (name, people), (360, 360.4), remixers=("MORTEN",)).version == "same", name
    for name in (
        "Titanium - Alesso Remix",
        "Titanium - MORTEN & Alesso Remix",
        "Titanium - Alesso x MORTEN Remix",
        "Titanium - MORTEN Dub",
    ):
        assert decided(entry, (name, ("David Guetta", "Sia")), remixers=("MORTEN",)).version is None, name


@pytest.mark.parametrize("name", ["The Creator Mateo! Remix", "The Creator - Mateo! Remix", "The Creator (Mateo! Remix)", "The Creator"])
@pytest.mark.parametrize("spotifys", ["The Creator - Mateo! Remix", "The Creator Mateo! Remix", "The Creator (Mateo! Remix)"])
def test_a_remix_that_nothing_sets_off(name: str, spotifys: str) -> None:
    entry, people = (name, "Mateo! Remix", ("Karim",)), ("Karim", "Mateo!")
    assert decided(entry, (spotifys, people), remixers=("Mateo!",)).version == "same"
    assert decided(entry, (spotifys, people), (360, 230), remixers=("Mateo!",)).version == "substitute"
    assert decided(entry, ("The Creator", ("Karim",)), remixers=("Mateo!",)).version is None
    assert decided(entry, ("The Creator - Mateo! Dub", people), remixers=("Mateo!",)).version is None
    assert decided(("The Creator", "Original Mix", ("Karim",)), (spotifys, people)).version is None
    assert recording_key(spotifys, people) == recording_key("The Creator", ("Karim",), "Mateo! Remix")


@pytest.mark.parametrize(
    ("name", "spotifys"),
    [
        ("Lady (Hear Me Tonight)", "Lady - Radio Edit"),
        ("Lady", "Lady (Hear Me Tonight) - Radio Edit"),
        ("Lady (Hear Me Tonight)", "Lady - Hear Me Tonight - Radio Edit"),
        ("B.O.T.A. (Baddest Of Them All)", "B.O.T.A. - Edit"),
        ("Nanana", "(It Goes Like) Nanana - Edit"),
    ],
)
def test_a_subtitle_on_one_side_with_another_cut(name: str, spotifys: str) -> None:
    who = ("Modjo",)
    found = decided((name, "Extended Mix", who), (spotifys, who), (400, 230))
    assert found.version == "substitute"
    if " - Hear" not in spotifys:
        assert is_doubtful(found)
        assert decided((name, "Extended Mix", who), (spotifys, (*who, "Somebody")), (400, 230)).version is None
        trio = ("Modjo", "Second", "Third")
        assert decided((name, "Extended Mix", trio), (spotifys, (*trio, "Somebody")), (400, 230)).version is None
    assert decided((name, "Extended Mix", who), (spotifys, ("Party Hits",)), (400, 230)).version is None


@pytest.mark.parametrize(
    ("name", "mix_name", "spotifys"),
    [
        ("Lady (Sunset Dub)", "Extended Mix", "Lady - Radio Edit"),
        ("Lady", "Sunset", "Lady - Radio Edit"),
        ("Lady", "Extended Mix", "Lady (Techno) - Radio Edit"),
        ("Lady (Hear Me Tonight Pt. 2)", "Extended Mix", "Lady - Radio Edit"),
        ("Lady (Hear Me Tonight)", "Extended Mix", "Lady - Live"),
    ],
)
def test_a_bracket_that_may_be_a_version_is_no_subtitle(name: str, mix_name: str, spotifys: str) -> None:
    assert decided((name, mix_name, ("Modjo",)), (spotifys, ("Modjo",)), (400, 230)).version is None


def test_a_group_and_its_members_on_another_cut() -> None:
    name, group = "Music Sounds Better With You", ("Stardust",)
    members = (*group, "Benjamin Diamond", "Alan Braxe", "Thomas Bangalter")
    entry = (name, "Original Mix", group)
    found = decided(entry, (f"{name} - Radio Edit", members), (403, 258))
    assert found.version == "substitute"
    assert is_doubtful(found)
    assert decided(entry, (f"{name} - Radio Edit", ("Tribute Band", *members)), (403, 258)).version is None, "somebody else leads"
    assert decided(entry, (name, members), (403, 258)).version is None, "it does not call itself another cut"
    assert decided(entry, (f"{name} - Radio Edit", members), (403, 500)).version is None, "it is longer"
    assert decided(entry, (f"{name} - Radio Edit", members), (403, 258), isrcs=(ISRC, OTHER_ISRC)).version is None


def test_a_line_up_that_differs_needs_the_same_named_remixer() -> None:
    entry, remixers = ("It's That Time (FISHER Remix)", "Extended Mix", ("Marlon", "FISHER (OZ)", "DJ Dad")), ("FISHER (OZ)",)
    track = ("It's That Time - FISHER Remix", ("Marlon", "FISHER"))
    assert decided(entry, track, (360, 230), remixers=remixers).version == "substitute"
    assert decided(entry, ("It's That Time - FISHER Remix", ("DJ Mum", "FISHER")), (360, 230), remixers=remixers).version is None
    assert decided(entry, ("It's That Time - Dixon Remix", ("Marlon", "Dixon")), (360, 230), remixers=remixers).version is None
    remake = ("Good Life", "Extended Mix", ("Inner City", "Joe Hunt"))
    found = decided(remake, ("Good Life - Radio Edit", ("Inner City",)), (400, 240))
    assert found.version is None, "the radio edit of an older recording"
    assert is_doubtful(found), "but perhaps only a guest is missing"


def test_isrcs_of_one_batch_tie_two_cuts_together() -> None:
    entry, track = ("Good Life", "Extended Mix", ("Inner City", "Joe Hunt")), ("Good Life - Radio Edit", ("Inner City",))
    assert decided(entry, track, (400, 240), isrcs=(ISRC, "GB28K2100002")).version == "substitute"
    for other in ("GB28K2100999", "GB28K2000002", "US28K2100002", "GB28K21A0002"):
        assert decided(entry, track, (400, 240), isrcs=(ISRC, other)).version is None, other


@pytest.mark.parametrize(("mix_name", "spotifys"), [("Original Mix", "Cola - Club Mix"), ("Club Mix", "Cola"), ("Extended Mix", "Cola")])
def test_an_equal_length_outweighs_a_word_for_the_cut(mix_name: str, spotifys: str) -> None:
    who = ("CamelPhat", "Elderbrook")
    entry = ("Cola", mix_name, who)
    assert decided(entry, (spotifys, who), (415.651, 415.651)).version == "same"
    assert decided(entry, (spotifys, who), (415.651, 419.9)).version != "same"
    assert decided(entry, (spotifys, (*who, "Somebody")), (415.651, 415.651)).version != "same"
    assert decided(entry, (spotifys, who), (415.651, 415.9), isrcs=(ISRC, OTHER_ISRC)).version != "same"


def test_an_equal_isrc_and_length_outweigh_the_suffix() -> None:
    who = ("CamelPhat",)
    for suffix in ("Future Rave Mix", "Whatever", "Massano Remix", "Radio Edit", "Club Mix"):
        assert decided(("Cola", "Original Mix", who), (f"Cola - {suffix}", who), isrcs=(ISRC, ISRC)).version == "same", suffix
        assert decided(("Cola", "Original Mix", who), (f"Cola - {suffix}", who), (360, 300), isrcs=(ISRC, ISRC)).version != "same", suffix
    for suffix in ("Instrumental", "Acapella", "Dub", "Live", "Karaoke Version", "Sped Up", "VIP", "Mixed", "Vocal Mix"):
        assert decided(("Cola", "Original Mix", who), (f"Cola - {suffix}", who), isrcs=(ISRC, ISRC)).version is None, suffix
    other = decided(("Cola", "ARTBAT Remix", who), ("Cola - Massano Remix", who), isrcs=(ISRC, ISRC))
    assert other.version is None
    assert "the chart's ISRC belongs to “Massano Remix”, another version" in other.runners_up[0].why


def test_an_isrc_with_a_slip_of_the_pen_is_named() -> None:
    found = decided(("Cola", "Original Mix", ("CamelPhat",)), ("Cola", ("CamelPhat",)), isrcs=(ISRC, "GB28K2100007"))
    assert found.version == "same"
    assert "ISRC differs in one character" in found.reasons


@pytest.mark.parametrize("track_artists", [("Adrian Lux", "Axwell"), ("Adrian Lux",), ("Adrian Lux", "Somebody Else")])
def test_one_title_by_two_line_ups_is_in_doubt(track_artists: tuple[str, ...]) -> None:
    own = ("Adrian Lux",) if len(track_artists) > 1 and "Axwell" in track_artists else ("Adrian Lux", "Axwell")
    entry = ("Teenage Crime", "Original Mix", own)
    found = decided(entry, ("Teenage Crime", track_artists), (200, 201.5), isrcs=(ISRC, OTHER_ISRC))
    assert found.version is None
    assert is_doubtful(found)
    assert decided(entry, ("Teenage Crime", own), (200, 201.5), isrcs=(ISRC, OTHER_ISRC)).version == "same"


def test_the_nearest_candidate_comes_first() -> None:
    entry = ChartEntry(1, 1, "Cola", ("CamelPhat", "Elderbrook"), "Extended Mix", length_ms=400_000)
    near = SpotifyTrack("near", "Cola - Radio Edit", ("CamelPhat",), duration_ms=230_000)
    dub = SpotifyTrack("dub", "Cola - Dub", ("CamelPhat", "Elderbrook"), duration_ms=380_000)
    other = SpotifyTrack("other", "Panic Room", ("CamelPhat",), duration_ms=240_000)
    verdicts = decide(entry, [other, dub, near]).others
    assert [verdict.track.track_id for verdict in verdicts] == ["near", "dub", "other"]
    assert [verdict.chance for verdict in verdicts] == sorted((verdict.chance for verdict in verdicts), reverse=True)
    assert judge(entry, near).chance >= weights.YES_SHOWN


def test_a_subtitle_after_a_dash_has_the_key_of_one_in_a_bracket() -> None:
    lady = recording_key("Lady (Hear Me Tonight)", ["Modjo"])
    assert lady == recording_key("Lady - Hear Me Tonight", ["Modjo"]) == recording_key("Lady - Hear Me Tonight - Radio Edit", ["Modjo"])
    assert lady != recording_key("Lady", ["Modjo"])
    assert recording_key("Carte Blanche - FM Edit", ["Veracocha"]) == recording_key("Carte Blanche", ["Veracocha"], "Original Mix")
    assert recording_key("Carte Blanche - Dub", ["Veracocha"]) != recording_key("Carte Blanche", ["Veracocha"])
