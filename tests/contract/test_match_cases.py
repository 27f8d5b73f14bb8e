"""`beatporter match case`, `try`, `replay`, `learn` and `audit`: the real commands with a real ledger, without a call to Spotify."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from beatporter.matching import RULES
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.match import Match
from beatporter.records.track import SpotifyTrack
from beatporter.sync.audit import result
from beatporter.sync.overrides import never_match, set_match
from beatporter.sync.workspace import Workspace
from sandbox.world import Options, Sandbox
from tests.contract.dj import Dj
from tests.contract.pseudo_terminal import CTRL_C, run_in_terminal

FIELDS = ["take", "version", "score", "why", "shown_in_review"]
CASE: dict[str, Any] = {
    "entry": {"name": "Carte Blanche", "mix_name": "Original Mix", "artists": ["Veracocha"], "isrc": None, "length_ms": 447000},
    "tracks": [{"id": "x", "name": "Carte Blanche - FM Edit", "artists": ["Veracocha"], "duration_ms": 213000}],
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("dubstep",))) as running:
        yield running


@pytest.fixture
def dj(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dj:
    made = Dj(sandbox, tmp_path)
    for key, value in made.environment.items():
        if key.startswith("BEATPORTER_"):
            monkeypatch.setenv(key, value)
    return made


def tried(dj: Dj, *lines: object, code: int = 0) -> list[dict[str, Any]]:
    file = dj.home / "cases.jsonl"
    file.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), encoding="utf-8")
    done = dj.types("try", str(file))
    assert done.returncode == code, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_case_may_lack_all_but_names(dj: Dj) -> None:
    bare = {
        "entry": {"name": "Carte Blanche", "artists": ["Veracocha"]},
        "tracks": [{"id": "y", "name": "Carte Blanche", "artists": ["Veracocha"]}],
    }
    nothing = {"entry": {**CASE["entry"], "remixers": None, "unknown": 1}, "tracks": [], "version_order": None, "right": {"take": []}}
    radio_first = {**CASE, "version_order": ["original", "extended"]}
    wrapped = {"id": "c", "input": CASE, "right": {"take": ["x"]}}
    first, second, third, fourth, fifth = tried(dj, CASE, bare, nothing, radio_first, wrapped)
    assert list(first) == FIELDS
    assert (first["take"], first["version"], first["shown_in_review"]) == ("x", "substitute", False)
    assert "substitute: radio edit instead of the original mix, 3:54 shorter" in first["why"]
    assert (second["take"], second["version"], second["score"]) == ("y", "same", 100.0)
    assert third == {"take": None, "version": None, "score": 0.0, "why": ["Spotify found nothing"], "shown_in_review": False}
    assert fourth["take"] is None, "that order leaves radio edits out"
    assert fifth == first


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no json", "not JSON"),
        ([1], "the line is not an object"),
        ({"entry": {}, "tracks": []}, "entry.name is missing"),
        ({"entry": {"name": "A", "artists": [1]}, "tracks": []}, "entry.artists is not a list of texts"),
        ({"entry": {"name": "A"}, "tracks": [{"name": "A", "duration_ms": "5"}]}, "tracks[0].duration_ms is not a number"),
        ({"entry": {"name": "A"}, "tracks": {}}, "tracks is not a list"),
        ({"entry": {"name": "A"}, "tracks": [], "version_order": ["long"]}, "version_order has 'long'"),
    ],
)
def test_an_invalid_case_is_reported_and_the_others_are_judged(dj: Dj, line: object, said: str) -> None:
    wrong, right = tried(dj, line, CASE, code=1)
    assert wrong["error"].startswith("line 1: ")
    assert said in wrong["error"]
    assert right["take"] == "x"


def test_a_missing_file_is_reported(dj: Dj) -> None:
    done = dj.types("try", "nowhere.jsonl")
    assert done.returncode == 2
    assert "nowhere.jsonl cannot be read" in done.stderr


def test_a_decision_as_a_case_is_decided_alike(dj: Dj) -> None:
    chart = dj.morning()
    matches = dj.ledger.matches.latest(chart)
    since = matches[chart[0]].decided_at - timedelta(days=1)
    calls = dj.ledger.calls.made_since(since)
    lines = [json.loads(dj.says("case", str(beatport_id))) for beatport_id in chart[:6]]
    assert list(lines[0]) == ["entry", "tracks", "version_order"]
    assert list(lines[0]["entry"]) == ["name", "mix_name", "artists", "remixers", "isrc", "length_ms"]
    kept = next(line["tracks"][0] for line in lines if line["tracks"])
    assert list(kept) == ["id", "name", "artists", "album", "album_type", "isrc", "duration_ms", "is_playable", "release_date"]
    for beatport_id, answer in zip(chart, tried(dj, *lines), strict=False):
        assert (answer["take"], answer["version"]) == (matches[beatport_id].track_id, matches[beatport_id].version)
    done = dj.types("case", "12")
    assert (done.returncode, "No chart that was read has the Beatport id 12." in done.stderr) == (2, True)
    assert dj.ledger.calls.made_since(since) == calls, "no call was made"


def test_a_replay_lists_what_other_rules_would_change(dj: Dj) -> None:
    chart = dj.morning()
    same = json.loads(dj.says("replay", "--json"))
    assert same == {"judged": same["judged"], "without_candidates": 0, "changes": []}
    assert same["judged"] >= len(dj.taken(chart))
    assert "none would change" in dj.says("replay")
    wrong = dj.taken(chart)[3]
    dj.ledger.matches.append(
        [replace(wrong, version="substitute" if wrong.version == "same" else "same", rules="old", decided_at=later(wrong))]
    )
    changes = json.loads(dj.says("replay", "--json", "--rules", "old"))["changes"]
    assert [change["beatport_id"] for change in changes] == [wrong.beatport_id]
    assert changes[0]["after"] == {"track_id": wrong.track_id, "version": wrong.version, "name": wrong.track_name}
    assert json.loads(dj.says("replay", "--json", "--rules", RULES))["changes"] == []
    assert f"would be {wrong.version} instead of" in dj.says("replay")


def test_a_decision_without_kept_candidates_is_left_out(dj: Dj) -> None:
    chart = dj.morning()
    miss = dj.missed(chart)[0]
    old = tuple(replace(other, chance=None, isrc=None, duration_ms=None) for other in dj.taken(chart)[0].runners_up) or miss.runners_up
    dj.ledger.matches.append([replace(miss, runners_up=tuple(replace(one, chance=None) for one in old), decided_at=later(miss))])
    document = json.loads(dj.says("replay", "--json"))
    assert document["changes"] == []


def test_lessons_from_overrides(dj: Dj) -> None:
    entries = (
        ChartEntry(1, 11, "Beside", ("Marsh",), "Extended Mix", length_ms=378_000),
        ChartEntry(2, 12, "Swallow", ("Marsh",), "Extended Mix", length_ms=378_000),
        ChartEntry(3, 13, "Lailonie", ("Marsh",), "Extended Mix", length_ms=378_000),
    )
    now = dj_now(dj)
    dj.ledger.charts.append(Chart(18, entries, now))
    dj.ledger.matches.append([Match(number, None, None, "search", 0.0, None, RULES, now, None) for number in (11, 12)])
    taken = SpotifyTrack("w" * 22, "Lailonie", ("Marsh",), duration_ms=220_000)
    dj.ledger.matches.append(
        [
            Match(
                13,
                None,
                taken.track_id,
                "search",
                96.0,
                "substitute",
                RULES,
                now,
                None,
                (),
                taken.name,
                taken.artists,
                None,
                0,
                (),
                220_000,
            )
        ]
    )
    assert json.loads(dj.says("learn", "--json")) == []
    assert "No single word" in dj.says("learn")
    with Workspace(dj.settings(), dj.ledger, run_key="words") as workspace:
        for number, name in ((11, "Beside"), (12, "Swallow")):
            set_match(workspace, number, SpotifyTrack(f"{number:022}", f"{name} - Sunrise Edit", ("Marsh",), duration_ms=200_000))
        never_match(workspace, 13)
    found = json.loads(dj.says("learn", "--json"))
    best = found[0]
    assert best["settles"] == [11, 12]
    assert (best["word_list"], best["phrase"]) in {
        ("CUTS", "sunrise edit"),
        ("NOTES", "sunrise"),
        ("NOTES", "sunrise edit"),
        ("CUTS", "sunrise"),
    }
    assert best["changes"] == []
    shown = dj.says("learn")
    assert "settles Marsh – Beside (Extended Mix)" in shown
    assert "none was applied" in shown
    assert (
        tried(dj, {"entry": {"name": "B", "artists": ["M"]}, "tracks": [{"name": "B - Sunrise Edit", "artists": ["M"]}]})[0]["take"] is None
    )


def test_an_audit_asks_keeps_and_computes(dj: Dj) -> None:
    ids = dj.morning()
    done = dj.types("audit")
    assert (done.returncode, "there is no terminal" in done.stderr) == (2, True)
    empty = json.loads(dj.says("audit", "--json"))
    assert (empty["answers"], empty["precision"], empty["recall"]) == (0, None, None)
    shown = audited(dj, "--sample", "4", "--seed", "7", answers=("y", "maybe", "n", "c", CTRL_C))
    assert "'maybe' is not one of the answers." in shown
    rows = dj.ledger.audits.all()
    assert [row.answer for row in rows] == ["yes", "no", "unknown"]
    assert {row.rules for row in rows} == {RULES}
    assert f"From 3 answers about the rules {RULES}, 1 of them “cannot tell”" in shown
    document = json.loads(dj.says("audit", "--json"))
    assert (document["answers"], document["cannot_tell"]) == (3, 1)
    found = result(rows)
    assert (document["precision"] or {}).get("value") == (found.precision.value if found.precision else None)
    asked_about = {row.beatport_id for row in rows}
    dj.says("never", str(next(number for number in ids if number not in asked_about)))
    again = audited(dj, "--sample", "100", "--seed", "7", answers=("y", "q"))
    assert "1 of 96" in again, "what was answered, or decided by a person, is not asked again"
    assert len(dj.ledger.audits.all()) == 4


def audited(dj: Dj, *options: str, answers: tuple[str, ...]) -> str:
    command = ("match", "audit", "dubstep", *options)
    typed = [("> ", answer if answer == CTRL_C else f"{answer}\n") for answer in answers]
    shown = run_in_terminal(command, dj.environment, dj.home, typed)
    assert shown.code == 0, shown.text
    return " ".join(shown.text.split())


def later(match: Match) -> Any:
    return match.decided_at + timedelta(seconds=1)


def dj_now(dj: Dj) -> Any:
    with Workspace(dj.settings(), dj.ledger, run_key="now") as workspace:
        return workspace.now().replace(microsecond=0)
