"""The invented catalogue: the same for the same seed, with right answers, and quirks as frequent as in real life."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from beatporter.genres import KNOWN
from beatporter.records.track import SpotifyTrack
from sandbox.catalogue import Catalogue, Truth, known_genre_ids, rates
from sandbox.catalogue.beatport_side import BeatportTrack
from sandbox.catalogue.compose import BACK_CATALOGUE
from sandbox.catalogue.ids import Key, beatport_id, isrc, read_beatport_id
from sandbox.catalogue.recording import Recording

GENRES = known_genre_ids()


@dataclass(frozen=True)
class Row:
    """A chart row and everything known about it."""

    track: BeatportTrack
    recording: Recording
    truth: Truth


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(seed=1)


@pytest.fixture(scope="module")
def rows(catalogue: Catalogue) -> list[Row]:
    """Every row of day 0, without repeats."""
    tracks = {track.track_id: track for genre_id in GENRES for track in catalogue.chart(genre_id, 0)}
    return [Row(track, catalogue.recording(number), catalogue.truth(number)) for number, track in tracks.items()]


@pytest.fixture(scope="module")
def first_day(catalogue: Catalogue) -> list[SpotifyTrack]:
    """Every track that is on Spotify on day 0."""
    return catalogue.spotify_tracks(GENRES, 0)


@pytest.fixture(scope="module")
def spotify(catalogue: Catalogue) -> dict[str, SpotifyTrack]:
    return {track.track_id: track for track in catalogue.spotify_tracks(GENRES, 20)}


def test_one_seed_is_one_catalogue(catalogue: Catalogue) -> None:
    again = Catalogue(seed=1)
    backwards = again.chart(11, 3), again.chart(11, 0)  # in another order
    assert (catalogue.chart(11, 0), catalogue.chart(11, 3)) == backwards[::-1]
    assert again.spotify_tracks([11], 3) == catalogue.spotify_tracks([11], 3)
    truths = [catalogue.truth(track.track_id) for track in catalogue.chart(11, 0)]
    assert truths == [again.truth(track.track_id) for track in catalogue.chart(11, 0)]


def test_another_seed_is_another_catalogue(catalogue: Catalogue) -> None:
    other = Catalogue(seed=2)
    ids = {track.track_id for track in catalogue.chart(5, 0)}
    assert not ids & {track.track_id for track in other.chart(5, 0)}
    assert [track.name for track in other.chart(5, 0)] != [track.name for track in catalogue.chart(5, 0)]


def test_ids_look_real_and_no_two_are_alike(rows: list[Row], first_day: list[SpotifyTrack]) -> None:
    tracks = first_day
    assert len({track.track_id for track in tracks}) == len(tracks)
    assert all(re.fullmatch(r"[0-9A-Za-z]{22}", track.track_id) for track in tracks)
    assert all(re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}\d{7}", track.isrc or "") for track in tracks)
    assert all(10_000_000 <= row.track.track_id < 100_000_000 for row in rows)
    assert len({row.track.track_id for row in rows}) == len(rows)


@pytest.mark.parametrize("seed", [0, 1, 27, 28, 12345])
def test_a_beatport_id_leads_back_to_its_recording(seed: int) -> None:
    places = [(order, number) for order in (0, 17, 35, 36, 44, 72) for number in (0, 1, 4321, 34_000)]
    assert [read_beatport_id(beatport_id(*place, seed), seed) for place in places] == places
    assert len({beatport_id(order, number, seed) for order in range(72) for number in range(200)}) == 72 * 200
    assert read_beatport_id(beatport_id(0, 0, seed) + 1, seed) is None


def test_no_two_isrcs_of_a_registrant_are_alike() -> None:
    assert len({isrc(10_000, serial) for serial in range(0, 1_000_000, 997)}) == len(range(0, 1_000_000, 997))
    assert isrc(46_655, 99_999)[2:5] == "ZZZ"


def test_truth_names_tracks_that_are_there(rows: list[Row], spotify: dict[str, SpotifyTrack]) -> None:
    named = {track_id for row in rows for track_id in row.truth.same | row.truth.substitutes}
    assert named <= set(spotify)


def test_the_same_cut_has_the_cut_s_isrc_and_length(rows: list[Row], spotify: dict[str, SpotifyTrack]) -> None:
    for row in rows:
        for track_id in row.truth.same:
            track = spotify[track_id]
            assert track.isrc == row.recording.chart_cut.isrc, (row.track, track)
            assert abs((track.duration_ms or 0) - row.track.length_ms) <= 1900, (row.track, track)


def test_a_substitute_is_another_cut_of_the_same_recording(rows: list[Row], spotify: dict[str, SpotifyTrack]) -> None:
    for row in rows:
        other_isrcs = {cut.isrc for cut in row.recording.cuts[1:]}
        assert {spotify[track_id].isrc for track_id in row.truth.substitutes} <= other_isrcs
        assert not row.truth.same & row.truth.substitutes


def test_a_right_track_is_right_for_only_one_entry(rows: list[Row]) -> None:
    owners: dict[str, set[Key]] = defaultdict(set)
    for row in rows:
        for track_id in row.truth.same | row.truth.substitutes:
            owners[track_id].add(row.recording.key)
    assert all(len(keys) == 1 for keys in owners.values())


def test_truth_shares_the_title_s_letters_with_the_row(rows: list[Row], spotify: dict[str, SpotifyTrack]) -> None:
    """Whatever the spelling, a person recognises the title."""
    for row in rows:
        for track_id in row.truth.same | row.truth.substitutes:
            assert _letters(row.recording.song.title) in _letters(spotify[track_id].name), (row.track, spotify[track_id])


def test_some_artist_of_the_row_is_on_every_right_track(rows: list[Row], spotify: dict[str, SpotifyTrack]) -> None:
    for row in rows:
        known = [_letters(artist.name) for artist in (*row.recording.song.artists, *row.recording.song.guests, *row.recording.remixers)]
        for track_id in row.truth.same | row.truth.substitutes:
            assert any(name in known for name in map(_letters, spotify[track_id].artists)), (row.track, spotify[track_id])


def test_no_artist_has_two_songs_of_one_title(catalogue: Catalogue) -> None:
    """Otherwise only the ISRC could distinguish them, and the right answer would be a matter of luck."""
    songs: dict[tuple[str, str], set[Key]] = defaultdict(set)
    for genre_id in GENRES[::3]:
        for key in catalogue.days.charted_through(genre_id, 30):
            song = catalogue.composer.recording(key).song
            for artist in song.artists:
                songs[_letters(artist.name), _letters(song.title)].add(song.key)
    assert not {names: keys for names, keys in songs.items() if len(keys) > 1}


def test_a_late_recording_is_not_on_spotify_until_its_day(catalogue: Catalogue, rows: list[Row]) -> None:
    late = [row for row in rows if row.recording.spotify_late_days and row.truth.same | row.truth.substitutes]
    assert late, "no late recording in the charts of day 0"
    for row in late:
        there_from = catalogue.days.entry_day(row.recording.key) + row.recording.spotify_late_days
        assert catalogue.truth(row.track.track_id, there_from) == row.truth
        assert catalogue.truth(row.track.track_id, there_from - 1) == Truth(frozenset(), frozenset())
        before = {track.track_id for track in catalogue.spotify_tracks_of([row.recording.key], there_from - 1)}
        assert not before & (row.truth.same | row.truth.substitutes)


def test_an_unknown_beatport_id_has_no_truth(catalogue: Catalogue) -> None:
    with pytest.raises(KeyError):
        catalogue.truth(12_345_678)


def test_labels_have_more_than_charts_show(catalogue: Catalogue) -> None:
    big = catalogue.composer.scene(5).labels[0]
    keys = catalogue.label_keys(big, 0)
    assert len(keys) > 300
    assert len(set(keys)) == len(keys)
    assert {catalogue.composer.recording(key).song.label for key in keys} == {big}
    dates = [catalogue.came_out(key) for key in keys]
    assert dates == sorted(dates, reverse=True)
    assert catalogue.label(big.label_id) == big
    old = next(key for key in keys if key.number >= BACK_CATALOGUE)
    assert catalogue.key_of(catalogue.beatport_track(old).track_id) == old


def test_every_distractor_is_nobody_s_truth(first_day: list[SpotifyTrack], rows: list[Row]) -> None:
    right = {track_id for row in rows for track_id in row.truth.same | row.truth.substitutes}
    beside = {track.track_id for track in first_day} - right
    assert len(beside) > 1.5 * len(rows), "too few tracks that must not be taken"


@pytest.mark.parametrize(
    "word", ["Remix", "Live", "Instrumental", "Karaoke", "Tribute", "VIP", "Dub", "Acapella", "Mixed", "Edit", "Cover", "Acoustic", "Intro"]
)
def test_every_kind_of_wrong_version_is_on_spotify(spotify: dict[str, SpotifyTrack], word: str) -> None:
    assert sum(word in track.name for track in spotify.values()) >= 20


# --- how often ---------------------------------------------------------------------------------------------------

SUFFIX = re.compile(r"\((UK|BE|DE|IT|FR|NL|ofc|ITA|BR)\)$")


def _is_remix(row: Row) -> bool:
    return row.recording.version == "remix"


def _all(row: Row) -> bool:
    return True


QUIRKS: list[tuple[str, Callable[[Row], bool], Callable[[Row], bool], float]] = [
    ("no ISRC", _all, lambda row: row.track.isrc is None, rates.NULL_ISRC),
    ("another's ISRC", _all, lambda row: row.track.isrc not in (None, row.recording.chart_cut.isrc), rates.WRONG_ISRC),
    ("no bpm", _all, lambda row: row.track.bpm is None, rates.NULL_BPM),
    ("no key", _all, lambda row: row.track.key is None, rates.NULL_KEY),
    ("no length", _all, lambda row: not row.track.says_length, rates.NULL_LENGTH),
    ("no date", _all, lambda row: not row.track.says_publish_date, rates.NULL_PUBLISH_DATE),
    ("no catalogue number", _all, lambda row: row.track.catalog_number is None, rates.NULL_CATALOG_NUMBER),
    ("no picture", _all, lambda row: not row.track.has_image, rates.NULL_IMAGE),
    ("name ends in a blank", _all, lambda row: row.track.name.endswith(" "), rates.TRAILING_BLANK),
    ("no mix_name", _all, lambda row: row.track.mix_name is None, rates.VERSION_IN_NAME),
    ("some Extended mix", _all, lambda row: "Extended" in (row.recording.mix_name), 0.395 + 0.155 * 0.6),
    ("Original Mix", _all, lambda row: row.recording.mix_name == "Original Mix", 0.385),
    ("a remix", _all, _is_remix, rates.CHART_VERSIONS["remix"]),
    ("remixer only in mix_name", _is_remix, lambda row: not row.track.remixers, rates.REMIXER_ONLY_IN_MIX),
    ("one artist", _all, lambda row: len(row.recording.song.artists) + len(row.recording.song.guests) == 1, rates.ARTIST_COUNTS[1] * 0.93),
    ("a guest", _all, lambda row: bool(row.recording.song.guests), rates.FEATURED + rates.WITH_IN_TITLE),
    ("not on Spotify", _all, lambda row: not row.truth.same | row.truth.substitutes, rates.NOT_ON_SPOTIFY),
    ("only another cut on Spotify", _all, lambda row: bool(row.truth.substitutes) and not row.truth.same, 0.2),
    ("on several albums", lambda row: bool(row.truth.same), lambda row: len(row.truth.same) > 1, 0.43),
]


@pytest.mark.parametrize(("quirk", "among", "has", "expected"), QUIRKS, ids=[quirk[0] for quirk in QUIRKS])
def test_a_quirk_is_as_frequent_as_it_should_be(
    rows: list[Row], quirk: str, among: Callable[[Row], bool], has: Callable[[Row], bool], expected: float
) -> None:
    asked = [row for row in rows if among(row)]
    found = sum(has(row) for row in asked) / len(asked)
    spread = 5 * math.sqrt(expected * (1 - expected) / len(asked)) + 0.1 * expected
    assert abs(found - expected) <= spread, f"{quirk}: {found:.2%} of {len(asked)} rows, not {expected:.2%} ± {spread:.2%}"


def test_names_have_what_real_names_have(rows: list[Row], spotify: dict[str, SpotifyTrack]) -> None:
    credits = Counter[str]()
    for row in rows:
        for credit in row.track.artists:
            credits["all"] += 1
            credits["suffix"] += bool(SUFFIX.search(credit.name))
            credits["ampersand"] += " & " in credit.name
            credits["joined"] += any(joint in credit.name for joint in (" x ", " vs ", " pres. "))
            credits["marked"] += any(unicodedata.combining(letter) for letter in unicodedata.normalize("NFD", credit.name))
            credits["other script"] += not any("LATIN" in unicodedata.name(letter, "") for letter in credit.name if letter.isalpha())
    for what in credits:
        assert credits[what] >= 0.002 * credits["all"], f"too few artist names of the kind: {what}"
    names = [track.name for track in spotify.values()]
    assert sum("’" in name for name in names) > 100, "no typographic apostrophes"
    assert sum("(feat. " in name for name in names) > 100, "no guests in titles"
    assert not any(SUFFIX.search(artist) for track in spotify.values() for artist in track.artists), "Spotify writes no (UK)"


def test_one_isrc_is_on_a_single_and_on_compilations(spotify: dict[str, SpotifyTrack]) -> None:
    kinds: dict[str, set[str]] = defaultdict(set)
    for track in spotify.values():
        kinds[track.isrc or ""].add(track.album_type or "")
    assert sum({"single", "compilation"} <= found for found in kinds.values()) > 100


def test_an_unplayable_duplicate_never_stands_alone(rows: list[Row]) -> None:
    assert any(row.truth.unplayable for row in rows)
    assert all((row.truth.same | row.truth.substitutes) - row.truth.unplayable for row in rows if row.truth.same | row.truth.substitutes)


def test_the_catalogue_knows_every_genre_of_the_product() -> None:
    assert set(GENRES) == {genre.genre_id for genre in KNOWN}


def _letters(text: str) -> str:
    """Only letters and digits, without diacritics, in lower case; "and" counts as "&"."""
    replaced = text.replace("ł", "l").replace("ø", "o").replace("Ł", "L").replace("Ø", "O").replace(" and ", " & ").casefold()
    return "".join(letter for letter in unicodedata.normalize("NFKD", replaced) if letter.isalnum())
