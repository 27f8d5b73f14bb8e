"""Real names of both services, labelled by eye. The files are beside the repository and not part of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from beatporter.matching import judge, recording_key
from beatporter.records.chart import ChartEntry
from beatporter.records.track import SpotifyTrack

REAL = Path(__file__).parents[2] / ".." / "shared" / "real"
pytestmark = pytest.mark.skipif(not REAL.exists(), reason="the real data set is not beside the repository")


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (REAL / name).read_text(encoding="utf-8").splitlines()]


def entry(row: dict[str, Any], *, isrc: bool = True) -> ChartEntry:
    artists, remixers = tuple(row["artists"]), tuple(row["remixers"])
    return ChartEntry(
        1, row["id"] or 0, row["name"], artists, row["mix_name"], remixers, row["isrc"] if isrc else None, length_ms=row["length_ms"]
    )


def track(row: dict[str, Any]) -> SpotifyTrack:
    return SpotifyTrack(row["id"], row["name"], tuple(row["artists"]), row["album"], None, row["isrc"], row["duration_ms"])


@pytest.mark.parametrize("isrc", [True, False])
def test_every_real_pair_is_the_same(isrc: bool) -> None:
    verdicts = [judge(entry(pair["beatport"], isrc=isrc), track(pair["spotify"])) for pair in rows("matching-pairs.jsonl")]
    assert [verdict for verdict in verdicts if verdict.version != "same"] == []


def test_no_near_miss_is_the_same() -> None:
    verdicts = [judge(entry(pair["beatport"]), track(pair["spotify"])) for pair in rows("matching-near-misses.jsonl")]
    assert [verdict for verdict in verdicts if verdict.version == "same"] == []


def test_a_near_miss_that_is_a_substitute_has_the_title_of_the_entry() -> None:
    for pair in rows("matching-near-misses.jsonl"):
        row, other = pair["beatport"], pair["spotify"]
        if not pair["spotify_artists_truncated"] and judge(entry(row), track(other)).version == "substitute":
            own = recording_key(row["name"], row["artists"], row["mix_name"]).split("|")[1]
            assert recording_key(other["name"], other["artists"]).split("|")[1] == own


def test_every_real_title_is_the_same_as_itself() -> None:
    for row in rows("spotify-tracks-edm.jsonl")[::10]:
        if not row["duration_ms"]:
            continue
        own = replace(track(row), album=None)  # a DJ mix's piece is not what a chart asks for, see test_matching_adversary
        name, _, mix_name = own.name.partition(" - ")
        verdict = judge(ChartEntry(1, 1, name, own.artists, mix_name or None, length_ms=own.duration_ms), own)
        assert verdict.version == "same", verdict
