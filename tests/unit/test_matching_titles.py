"""Titles as the two services write them, taken apart."""

from __future__ import annotations

import pytest

from beatporter.matching.title import parse_entry_title, parse_title


@pytest.mark.parametrize(
    ("text", "base", "cut", "kinds", "names"),
    [
        ("Return to Oz - ARTBAT Remix", "return to oz", None, {"remix"}, {"artbat"}),
        ("Return to Oz (ARTBAT Extended Remix)", "return to oz", "extended", {"remix"}, {"artbat"}),
        ("We Are The People - ARTBAT Remix - Extended", "we are the people", "extended", {"remix"}, {"artbat"}),
        ("Move Your Body [Club Mix]", "move your body", None, {"remix"}, {"club"}),
        ("Apollo - Radio Edit", "apollo", "radio", set(), set()),
        ("Apollo - Radio-Edit", "apollo", "radio", set(), set()),
        ("Nanana - Edit", "nanana", "radio", set(), set()),
        ("Control - Original Mix", "control", "original", set(), set()),
        ("Afraid To Feel (Extended)", "afraid to feel", "extended", set(), set()),
        ("In Your Head (RL Grime Edit)", "in your head", None, {"edit"}, {"rl", "grime"}),
        ("Fool For Love - Chris Lake Extended Edit", "fool for love", "extended", {"edit"}, {"chris", "lake"}),
        ("Keep Moving - The Blessed Madonna remix / Edit", "keep moving", "radio", {"remix"}, {"blessed", "madonna"}),
        ("Eating Hooks - Siriusmo Remix - Solomun Edit", "eating hooks", None, {"remix", "edit"}, {"siriusmo", "solomun"}),
        ("Tommy's Theme (Noisia's 'Outer Edges' Remix)", "tommys theme", None, {"remix"}, {"noisia", "outer", "edges"}),
        ("Do My Thing - Dixon Rework", "do my thing", None, {"rework"}, {"dixon"}),
        ("Pleasure Peak (Dub)", "pleasure peak", None, {"dub"}, set()),
        ("Local - Full Vocal VIP", "local", None, {"vip"}, {"full", "vocal"}),
        ("House Shh - Instrumental Mix", "house shh", None, {"instrumental"}, set()),
        ("Free - Tiefschwarz Acapella", "free", None, {"acapella"}, {"tiefschwarz"}),
        (
            "Cold Heart (Originally Performed by Elton John) [Karaoke Version]",
            "cold heart",
            None,
            {"tribute", "karaoke"},
            {"elton", "john"},
        ),
        ("House Of The Rising Sun - Sped Up Version", "house of the rising sun", None, {"sped up"}, set()),
        ("Losing It (Slowed + Reverb)", "losing it", None, {"slowed"}, set()),
        ("Isla (Live at Printworks, London)", "isla", None, {"live"}, {"printworks", "london"}),
        ("Rocket Man - Live", "rocket man", None, {"live"}, set()),
        ("Playing With Fire [Mixed]", "playing with fire", None, {"mixed"}, set()),
        ("Gemini [ABGT396]", "gemini", None, {"mixed"}, {"abgt396"}),
        ("Cold Heart - Acoustic", "cold heart", None, {"acoustic"}, set()),
        ("Ferrari - Remix", "ferrari", None, {"remix"}, set()),
        ("Dare - 2012 Remaster", "dare", None, set(), set()),
        ('Try Everything - From "Zootropolis"', "try everything", None, set(), set()),
        ("Ghosts 'n' Stuff Extended Mix", "ghosts n stuff", "extended", set(), set()),
    ],
)
def test_a_spotify_title_comes_apart(text: str, base: str, cut: str | None, kinds: set[str], names: set[str]) -> None:
    title = parse_title(text)
    assert (title.base, title.version.cut, set(title.version.kinds), set(title.version.names)) == (base, cut, kinds, names)


@pytest.mark.parametrize(
    "text",
    [
        "Live Forever",
        "Free (Live Your Life)",
        "Dub Be Good To Me",
        "Cover Girl",
        "Where We Live",
        "Original Sin",
        "Remix",
        "Mixed Emotions",
        "Edit",
    ],
)
def test_words_of_a_title_are_no_version(text: str) -> None:
    version = parse_title(text).version
    assert not version.kinds
    assert version.cut is None


@pytest.mark.parametrize(
    ("text", "base", "featured"),
    [
        ("Alchemy (feat. Zoë Johnston)", "alchemy", ("Zoë Johnston",)),
        ("Contact feat. Noisia", "contact", ("Noisia",)),
        ("Only Now (feat. Tyler Graves) feat. Tyler Graves", "only now", ("Tyler Graves", "Tyler Graves")),
        ("Fine Fine Baby (with Kah-Lo)", "fine fine baby", ("Kah-Lo",)),
        ("Song ft. Deco (BE) - Extended Mix", "song", ("Deco",)),
        ("Stay (Don't Go Away) [feat. Raye]", "stay", ("Raye",)),
    ],
)
def test_featured_artists_are_taken_out(text: str, base: str, featured: tuple[str, ...]) -> None:
    title = parse_title(text)
    assert title.base == base
    assert sorted(title.featured) == sorted(featured)
    assert not [subtitle for subtitle in title.subtitles if subtitle == "be"]


def test_a_part_after_a_dash_belongs_to_the_title() -> None:
    assert parse_title("Dream 2 (entropy) - Pt. 4").full == "dream 2 entropy pt 4"


@pytest.mark.parametrize(
    ("name", "mix_name", "remixers", "cut", "kinds", "names"),
    [
        ("More Love", "Rampa &ME Remix", (), None, {"remix"}, {"rampa", "me"}),
        ("More Love  (Rampa &ME Remix)", None, ("&ME", "Rampa"), None, {"remix"}, {"rampa", "me"}),
        ("For a Feeling", "Adam Sellouk & Y do I Remix - Extended", (), "extended", {"remix"}, {"adam", "sellouk", "y", "do", "i"}),
        ("World Hold On", "Fisher Rework, Extended Mix", ("FISHER (OZ)",), "extended", {"rework"}, {"fisher"}),
        ("I Want Your Soul", "Prospa Remix DJ Edit", ("Prospa",), "extended", {"remix"}, {"prospa"}),
        ("Hectic (Extended Mix)", "Original Mix", (), "extended", set(), set()),
        ("Now U Do (Carlita Remix)", "Original Mix", ("Carlita",), "original", {"remix"}, {"carlita"}),
        ("Hello", "Remix", ("ARTBAT",), None, {"remix"}, {"artbat"}),
        ("Turn On The Lights again..", "feat. Future & Fred again..", ("Anyma",), None, {"remix"}, {"anyma"}),
        ("Crazy For It (feat. Vinson)", "feat. Vinson", (), None, set(), set()),
        ("Hideaway", "Extended Version", (), "extended", set(), set()),
        ("The House Of House (1994 Remix By Thomas Schumacher)", None, (), None, {"remix"}, {"1994", "thomas", "schumacher"}),
    ],
)
def test_beatports_fields_come_apart(
    name: str, mix_name: str | None, remixers: tuple[str, ...], cut: str | None, kinds: set[str], names: set[str]
) -> None:
    version = parse_entry_title(name, mix_name, remixers).version
    assert (version.cut, set(version.kinds), set(version.names)) == (cut, kinds, names)


def test_a_mix_name_without_a_version_is_a_subtitle() -> None:
    assert parse_entry_title("Cloudy Eyes", "(Dance Tonight)", ()).full == "cloudy eyes dance tonight"
