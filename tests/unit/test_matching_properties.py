"""Properties of the decision over generated names: irrelevant differences change nothing, relevant ones do."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from beatporter.matching import decide, judge, recording_key
from beatporter.records.chart import ChartEntry
from beatporter.records.track import SpotifyTrack

TITLES = (
    "Return to Oz",
    "L.I.F.E",
    "(It Goes Like) Nanana",
    "The Rapture Pt.III",
    "ΒΔΚ",
    "Didn't Miss You",
    "じゃじゃ馬娘",
    "You & Me",
    "B.O.T.A. (Baddest Of Them All)",
)
NAMES = ("Monolink", "&ME", "Øostil", "RÜFÜS DU SOL", "Above & Beyond", "TH;EN", "Fred again..", "Ultra Naté", "Weiss (UK)", "A.M.R", "紅")
REMIXERS = ("ARTBAT", "Massano", "Jerome Isma-Ae", "Adam Beyer & Layton Giordani", "M.O.S.", "Tiësto")
CUTS = ("Original Mix", "Extended Mix", "Radio Edit")
VERSIONS = (
    "Instrumental", "Acapella", "Live", "Karaoke Version", "Sped Up", "Slowed + Reverb", "VIP", "Dub", "RL Grime Edit", "Dixon Rework",
    "Mixed", "Acoustic", "Club Mix", *(f"{name} Remix" for name in REMIXERS),
)  # fmt: skip
LENGTHS = st.integers(min_value=120_000, max_value=600_000)


@dataclass(frozen=True)
class Recording:
    title: str
    artists: tuple[str, ...]
    remixer: str | None
    cut: str | None
    length_ms: int

    @property
    def mix_name(self) -> str | None:
        """The name on Beatport."""
        if self.remixer is None:
            return self.cut
        return f"{self.remixer} Remix" if self.cut in (None, "Original Mix") else f"{self.remixer} {self.cut.split()[0]} Remix"


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    artists = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    remixer = draw(st.none() | st.sampled_from(REMIXERS))
    cut = draw(st.sampled_from(("Original Mix", "Extended Mix") if remixer else (None, *CUTS)))
    return Recording(draw(st.sampled_from(TITLES)), tuple(artists), remixer, cut, draw(LENGTHS))


def entry_of(recording: Recording, isrc: str | None = None) -> ChartEntry:
    remixers = (recording.remixer,) if recording.remixer else ()
    return ChartEntry(1, 1, recording.title, recording.artists, recording.mix_name, remixers, isrc, length_ms=recording.length_ms)


def _dash(title: str, version: str) -> str:
    return f"{title} - {version}"


def _bracket(title: str, version: str) -> str:
    return f"{title} ({version})"


def _square(title: str, version: str) -> str:
    return f"{title} [{version}]"


FORMS: tuple[Callable[[str, str], str], ...] = (_dash, _bracket, _square)
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    str.lower,
    lambda text: text.replace("'", "’"),
    lambda text: text.replace(" & ", " and "),
    lambda text: text.replace("Ø", "O").replace("Ü", "U").replace("ë", "e").replace("é", "e"),
    lambda text: text.replace("(UK)", "").strip(),
    lambda text: f" {text}  ",
)


@st.composite
def track_of(draw: st.DrawFn, recording: Recording) -> SpotifyTrack:
    """The recording under one of its spellings on Spotify."""
    form, spell = draw(st.sampled_from(FORMS)), draw(st.sampled_from(SPELLINGS))
    silent = recording.remixer is None and recording.cut in (None, "Original Mix") and draw(st.booleans())
    version = None if silent else recording.mix_name
    name = form(recording.title, version) if version else recording.title
    artists = list(recording.artists)
    if recording.remixer and draw(st.booleans()):
        artists.append(recording.remixer)
    credits = [spell(artist) for artist in draw(st.permutations(artists))]
    return SpotifyTrack("own", spell(name), tuple(credits), duration_ms=recording.length_ms + draw(st.integers(-2000, 2000)))


@given(st.data())
def test_a_track_matches_itself_under_each_of_its_spellings(data: st.DataObject) -> None:
    recording = data.draw(recordings())
    track = data.draw(track_of(recording))
    verdict = judge(entry_of(recording), track)
    assert verdict.version == "same", verdict


@given(st.data())
def test_a_recording_has_one_key_under_each_of_its_spellings(data: st.DataObject) -> None:
    recording = data.draw(recordings())
    track = data.draw(track_of(recording))
    assert recording_key(recording.title, recording.artists, recording.mix_name) == recording_key(track.name, track.artists)


@given(st.data())
def test_no_verdict_is_same_across_different_version_words(data: st.DataObject) -> None:
    """Not even with an equal ISRC: it does not prove the length, and neither do lengths a few seconds apart."""
    one, other = data.draw(st.lists(st.sampled_from((*VERSIONS, *CUTS)), min_size=2, max_size=2, unique=True))
    recording = data.draw(recordings())
    isrc = data.draw(st.none() | st.just("DETO31900005"))
    entry = ChartEntry(1, 1, recording.title, recording.artists, one, (), isrc, length_ms=recording.length_ms)
    name = data.draw(st.sampled_from(FORMS))(recording.title, other)
    artists = data.draw(st.permutations([*recording.artists, *(name for name in REMIXERS if name in other)]))
    verdict = judge(entry, SpotifyTrack("x", name, tuple(artists), isrc=isrc, duration_ms=recording.length_ms + 4_000))
    assert verdict.version != "same", verdict
    if not {one, other} <= set(CUTS):
        assert verdict.version is None, verdict


@given(st.data())
def test_the_order_of_candidates_and_artists_does_not_matter(data: st.DataObject) -> None:
    recording = data.draw(recordings())
    entry = entry_of(recording, data.draw(st.none() | st.just("DETO31900005")))
    tracks = [data.draw(track_of(recording)) for _ in range(3)]
    tracks += [replace(tracks[0], name=f"{recording.title} - {data.draw(st.sampled_from(VERSIONS))}")]
    tracks = [
        replace(track, track_id=str(number), isrc=data.draw(st.sampled_from((None, "DETO31900005", "XX0000000000"))))
        for number, track in enumerate(tracks)
    ]
    first = decide(entry, tracks)
    shuffled = [replace(track, artists=track.artists) for track in tracks]
    random.Random(data.draw(st.integers())).shuffle(shuffled)
    assert decide(entry, shuffled) == first
    turned = replace(entry, artists=tuple(reversed(entry.artists)))
    best, turned_best = first.best, decide(turned, [replace(track, artists=tuple(reversed(track.artists))) for track in tracks]).best
    assert (best and best.track.track_id, best and best.version) == (
        turned_best and turned_best.track.track_id,
        turned_best and turned_best.version,
    )


@given(st.text(), st.lists(st.text(), min_size=1, max_size=3), st.none() | st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_no_text_makes_a_verdict_fail(
    name: str, artists: list[str], mix_name: str | None, track_name: str, track_artists: list[str]
) -> None:
    entry = ChartEntry(1, 1, name, tuple(artists), mix_name)
    verdict = judge(entry, SpotifyTrack("x", track_name, tuple(track_artists)))
    assert (verdict.version is None) == bool(verdict.rejected)
    assert 0 <= verdict.score <= 100


@given(st.text(min_size=1).filter(lambda text: bool(text.strip())), st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_any_title_is_the_same_as_itself(name: str, artists: list[str]) -> None:
    verdict = judge(
        ChartEntry(1, 1, name, tuple(artists), None, length_ms=300_000), SpotifyTrack("x", name, tuple(artists), duration_ms=300_000)
    )
    assert verdict.version == "same", verdict
