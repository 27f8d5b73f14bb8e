"""Real chart rows under every usual Spotify spelling: is each taken, and is each refused for the other rows of its artists?

    python -m bench.matching_spellings [--errors N]

The rows (2,421 of January 2026) have neither lengths nor ISRCs; lengths are drawn from the row's id. What is written here are spellings
that we have seen; a spelling that nobody thought of is not in these figures.
"""

from __future__ import annotations

import argparse
import re
import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from beatporter.matching import judge, recording_key
from beatporter.matching.intervals import wilson
from beatporter.matching.title import parse_entry_title
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Verdict
from beatporter.records.track import SpotifyTrack
from bench.matching_sets import REAL, lines_of

ROWS = "beatport-chart-rows-2026-01.jsonl"
_GUEST = re.compile(r"\s*[(\[]?\b(?:feat|ft|featuring)\b\.?\s+(?P<guest>[^()\[\]]+)[)\]]?", re.IGNORECASE)
_MARK = re.compile(r"\s+\((?:[A-Z]{2,3}|ofc)\)")
_EXTENDED = re.compile(r"\bextended\b(?: edition)?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spelling:
    """A row as Spotify may write it.

    Attributes:
        how: the rule that wrote it.
        same_cut: whether it is the row's own cut.
    """

    how: str
    track: SpotifyTrack
    same_cut: bool = True


def rows() -> list[ChartEntry]:
    """The rows as chart entries, each with a length of its own."""
    return [_entry(row) for row in lines_of(ROWS)]


def _entry(row: dict[str, Any]) -> ChartEntry:
    length_ms = Random(row["beatport_id"]).randrange(180_000, 480_000)
    return ChartEntry(
        1, row["beatport_id"], row["name"].strip(), tuple(row["artists"]), row["mix_name"], tuple(row["remixers"]), length_ms=length_ms
    )


def spellings(entry: ChartEntry) -> Iterator[Spelling]:
    """Every usual spelling of a row."""
    mix = entry.mix_name or "Original Mix"
    credited = tuple(dict.fromkeys((*entry.artists, *entry.remixers)))
    plain = mix.strip() in ("Original Mix", "Original", "Main Mix")
    for how, form in (("dash", "{} - {}"), ("bracket", "{} ({})"), ("square bracket", "{} [{}]")):
        yield _spelled(how, entry, form.format(entry.name, mix), credited)
        if entry.remixers:
            yield _spelled(f"{how}, remixer not credited", entry, form.format(entry.name, mix), entry.artists)
    if plain:
        yield _spelled("no word for the original", entry, entry.name, credited)
    if guest := _GUEST.search(entry.name):
        yield from _with_guest(entry, guest, mix, plain)
    yield from _other_cut(entry, mix, credited, plain)
    yield from _typed_otherwise(_spelled("", entry, f"{entry.name} - {mix}", credited))


def _spelled(how: str, entry: ChartEntry, name: str, artists: tuple[str, ...]) -> Spelling:
    return Spelling(how, SpotifyTrack(f"{entry.beatport_id:022}", name, artists, duration_ms=entry.length_ms))


def _with_guest(entry: ChartEntry, guest: re.Match[str], mix: str, plain: bool) -> Iterator[Spelling]:
    title, name = _GUEST.sub("", entry.name).strip(), guest["guest"].strip()
    end = "" if plain else f" - {mix}"
    others = tuple(artist for artist in entry.artists if artist.casefold() != name.casefold()) or entry.artists
    yield _spelled("guest in a bracket", entry, f"{title} (feat. {name}){end}", entry.artists)
    yield _spelled("guest after ft.", entry, f"{title} ft. {name}{end}", entry.artists)
    yield _spelled("guest after with", entry, f"{title} (with {name}){end}", (*others, name))
    yield _spelled("guest among the artists only", entry, f"{title}{end}", (*others, name))


def _other_cut(entry: ChartEntry, mix: str, credited: tuple[str, ...], plain: bool) -> Iterator[Spelling]:
    """Another cut, with a length that fits."""
    length_ms = entry.length_ms or 1
    if _EXTENDED.search(mix):
        shorter = " ".join(_EXTENDED.sub("", mix).split())
        name = entry.name if shorter.lower() in ("mix", "version", "edit", "") else f"{entry.name} - {shorter}"
        yield _cut("Extended dropped", entry, name, credited, length_ms * 6 // 10)
    elif plain:
        yield _cut("Extended added", entry, f"{entry.name} - Extended Mix", credited, length_ms * 15 // 10)
    edit = "Radio Edit" if plain or mix.lower().startswith("extended") else f"{' '.join(_EXTENDED.sub('', mix).split())} - Radio Edit"
    yield _cut("Radio Edit", entry, f"{entry.name} - {edit}", credited, length_ms * 6 // 10)


def _cut(how: str, entry: ChartEntry, name: str, artists: tuple[str, ...], length_ms: int) -> Spelling:
    return Spelling(how, SpotifyTrack(f"{entry.beatport_id:022}", name, artists, duration_ms=length_ms), same_cut=False)


def _typed_otherwise(usual: Spelling) -> Iterator[Spelling]:
    track = usual.track
    ways = {
        "upper case": str.upper,
        "lower case": str.lower,
        "no accents": _without_accents,
        "and for &": lambda text: text.replace(" & ", " and "),
        "& for and": lambda text: text.replace(" and ", " & "),
        "typographic apostrophe": lambda text: text.replace("'", "’"),
        "no marks of namesakes": lambda text: _MARK.sub("", text),
    }
    for how, way in ways.items():
        changed = replace(track, name=way(track.name), artists=tuple(way(artist) for artist in track.artists))
        if changed != track:
            yield Spelling(how, changed)


def _without_accents(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


def others(entries: list[ChartEntry]) -> Iterator[tuple[ChartEntry, SpotifyTrack]]:
    """Each row with the tracks of every other row that shares an artist, in that one's length and in its own; other cuts left out."""
    by_artist: dict[str, list[ChartEntry]] = defaultdict(list)
    for entry in entries:
        for artist in entry.artists:
            by_artist[artist].append(entry)
    keys = {entry.beatport_id: _key(entry) for entry in entries}
    for entry in entries:
        for other in {one.beatport_id: one for artist in entry.artists for one in by_artist[artist]}.values():
            if other.beatport_id == entry.beatport_id or keys[other.beatport_id] == keys[entry.beatport_id]:
                continue
            name = f"{other.name} - {other.mix_name}" if other.mix_name else other.name
            artists = tuple(dict.fromkeys((*other.artists, *other.remixers)))
            for length_ms in (other.length_ms, entry.length_ms):
                yield entry, SpotifyTrack(f"{other.beatport_id:022}", name, artists, duration_ms=length_ms)


def _key(entry: ChartEntry) -> str:
    """The recording in any cut, even if the row has its remixer in a separate field."""
    version = parse_entry_title(entry.name, entry.mix_name, entry.remixers).version
    return recording_key(entry.name, entry.artists, entry.mix_name) + "|" + " ".join(sorted(version.names))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--errors", type=int, default=40, help="how many failures of each kind to print")
    options = parser.parse_args()
    if not REAL.exists():
        print(f"left out: {REAL.name}/ is not there")
        return
    entries = rows()
    asked: Counter[str] = Counter()
    failed: list[tuple[str, ChartEntry, Verdict]] = []
    started = time.process_time()
    for entry in entries:
        for one in spellings(entry):
            asked[one.how] += 1
            verdict = judge(entry, one.track)
            if verdict.version is None or (one.same_cut and verdict.version != "same"):
                failed.append((one.how, entry, verdict))
    seconds = time.process_time() - started
    count = sum(asked.values())
    print(f"spellings: {len(entries)} rows, {count} spellings, taken {wilson(count - len(failed), count)}, not taken {len(failed)}")
    print(f"  {1000 * seconds / count:.2f} ms a candidate")
    misses = Counter(how for how, _, _ in failed)
    print("  " + ", ".join(f"{how} {asked[how] - misses[how]} of {asked[how]}" for how in sorted(asked)))
    for how, entry, verdict in failed[: options.errors]:
        print(_line(how, entry, verdict))
    pairs = [(entry, judge(entry, track)) for entry, track in others(entries)]
    taken = [(entry, verdict) for entry, verdict in pairs if verdict.version]
    print(f"others of the same artists: {len(pairs)} pairs, refused {wilson(len(pairs) - len(taken), len(pairs))}, taken {len(taken)}")
    for entry, verdict in taken[: options.errors]:
        print(_line("taken", entry, verdict))


def _line(how: str, entry: ChartEntry, verdict: Verdict) -> str:
    track = verdict.track
    said = "; ".join(verdict.rejected) or f"{verdict.version}, {verdict.score:g} points"
    asked = f"{', '.join(entry.artists)} – {entry.name} [{entry.mix_name}] {entry.remixers}"
    return f"  {how}: {asked}\n      {', '.join(track.artists)} – {track.name}: {said}"


if __name__ == "__main__":
    main()
