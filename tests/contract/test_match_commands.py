"""`beatporter match` as a DJ uses it: the real command against the sandbox, and the effect of each override on the next run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from beatporter.errors import SettingsError
from beatporter.quota.estimate import MAX_SEARCHES_PER_ENTRY, SPARE_SEARCHES, searches_for
from beatporter.records.match import RunnerUp
from beatporter.sync import match as matching_step
from beatporter.sync import second_tries
from beatporter.sync.track_link import track_id_of
from sandbox.world import Options, Sandbox
from tests.contract.conftest import use_settings
from tests.contract.dj import GENRES, Dj
from tests.contract.pseudo_terminal import run_in_terminal

TRACK = "4uLU6hMCjMI75M1A2tKUQC"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=tuple(GENRES))) as running:
        yield running


@pytest.fixture
def dj(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dj:
    made = Dj(sandbox, tmp_path)
    use_settings(monkeypatch, made.environment)
    return made


def test_show_fits_80_columns_and_is_complete_in_a_pipe(dj: Dj) -> None:
    chart = dj.morning()
    shown = run_in_terminal(("match", "show", "dubstep"), dj.environment, dj.home)
    assert shown.code == 0, shown.text
    assert [line for line in shown.lines if cell_len(line) > 80] == []
    assert all(f"{beatport_id}  " in shown.text for beatport_id in chart)
    piped = dj.says("show", "dubstep")
    entries = dj.ledger.charts.latest(18)
    assert entries is not None
    for entry in entries.entries:
        name = " ".join(f"{', '.join(entry.artists)} – {entry.name} ({entry.mix_name})".split())
        assert name in piped or not entry.mix_name, f"{name} is not on one line"
    for match in dj.taken(chart):
        assert f"https://open.spotify.com/track/{match.track_id}" in piped


def test_show_as_json_and_only_doubtful_ones(dj: Dj) -> None:
    chart = dj.morning()
    everything: list[dict[str, Any]] = json.loads(dj.says("show", "dubstep", "--json"))
    assert [row["beatport_id"] for row in everything] == chart
    by_id = dj.ledger.matches.latest(chart)
    assert [row["track_id"] for row in everything] == [by_id[beatport_id].track_id for beatport_id in chart]
    assert {row["verdict"] for row in everything} <= {"same", "substitute", "not found"}
    weak = dj.taken(chart)[7]
    dj.doubt([weak])
    doubtful = json.loads(dj.says("show", "dubstep", "--json", "--doubtful"))
    assert weak.beatport_id in [row["beatport_id"] for row in doubtful]
    assert doubtful == [row for row in json.loads(dj.says("show", "dubstep", "--json")) if row.get("doubtful")]
    text = dj.says("show", "dubstep", "--doubtful")
    assert f"{weak.beatport_id}" in text
    assert not [row for row in everything if not row["doubtful"] and row["track_url"] and row["track_url"] in text and row["position"] != 8]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("show", "hous"), 2, "Did you mean"),
        (("show", "house"), 1, "No chart of house has been read yet. Run `beatporter sync house` first."),
        (("set", "12", TRACK), 2, "No chart read so far has the Beatport id 12."),
        (("never", "12"), 2, "No chart read so far has the Beatport id 12."),
        (("forget", "12"), 2, "`beatporter match show GENRE` lists the ids"),
        (("set", "twelve", TRACK), 2, "integer"),
        (("set", "12", "https://open.spotify.com/album/1ATL5GLyefJaxhQzSPVrLX?si=x"), 2, "address of a Spotify album, not of a track"),
        (("set", "12", "spotify:playlist:37i9dQZF1DX4JAvHpjipBk"), 2, "address of a Spotify playlist, not of a track"),
        (("set", "12", "https://www.beatport.com/track/body/12"), 2, "not a Spotify track"),
        (("review",), 2, "no terminal to answer on"),
        (("review", "hous"), 2, "no terminal to answer on"),
    ],
)
def test_impossible_arguments_are_reported_and_cost_no_call(dj: Dj, arguments: tuple[str, ...], code: int, says: str) -> None:
    before = dj.sandbox.requests.last_number
    done = dj.types(*arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert says in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert dj.sandbox.requests.last_number == before


def test_a_track_that_spotify_does_not_have_changes_nothing(dj: Dj) -> None:
    first = dj.taken(dj.morning())[0]
    done = dj.types("set", str(first.beatport_id), f"https://open.spotify.com/track/{TRACK}")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"Spotify has no track {TRACK}." in done.stderr
    assert dj.ledger.matches.latest([first.beatport_id])[first.beatport_id] == first


@pytest.mark.parametrize(
    "text",
    [
        TRACK,
        f" {TRACK}\n",
        f"spotify:track:{TRACK}",
        f"https://open.spotify.com/track/{TRACK}",
        f"http://open.spotify.com/track/{TRACK}/",
        f"open.spotify.com/track/{TRACK}",
        f"https://open.spotify.com/track/{TRACK}?si=0123456789abcdef&utm_source=copy-link",
        f"https://open.spotify.com/intl-de/track/{TRACK}?si=x",
        f"https://open.spotify.com/intl-pt-BR/track/{TRACK}",
        f"https://open.spotify.com/embed/track/{TRACK}#t=1",
        f"https://play.spotify.com/track/{TRACK}",
    ],
)
def test_a_track_may_be_given_in_any_form_that_spotify_copies(text: str) -> None:
    assert track_id_of(text) == TRACK


@pytest.mark.parametrize(
    "text", ["", TRACK[1:], TRACK + "x", "spotify:track:", f"spotify:artist:{TRACK}", f"https://evil.example/track/{TRACK}", "track"]
)
def test_other_links_are_not_mistaken_for_tracks(text: str) -> None:
    with pytest.raises(SettingsError):
        track_id_of(text)


def test_the_right_track_replaces_the_wrong_one_in_every_playlist_once(dj: Dj) -> None:
    chart = dj.morning()
    dj.morning("amapiano")
    wrong = dj.taken(chart)[5]
    dj.sandbox.spotify.person.add_track(dj.playlist_id("amapiano"), wrong.track_id or "", 2)
    dj.morning("amapiano")
    before, elsewhere = dj.held(), dj.held("amapiano")
    right = next(dj.strangers(chart))
    said = dj.says("set", str(wrong.beatport_id), f"https://open.spotify.com/intl-de/track/{right}?si=abc")
    assert f"{wrong.track_name}, the next run puts this in its place." in said
    for _ in range(2):
        dj.morning()
        dj.morning("amapiano")
        assert dj.held() == [right if track_id == wrong.track_id else track_id for track_id in before]
        assert dj.held("amapiano") == [right if track_id == wrong.track_id else track_id for track_id in elsewhere]


def test_never_removes_a_track_and_a_later_override_restores_it(dj: Dj) -> None:
    chart = dj.morning()
    one, other = dj.taken(chart)[3:5]
    before = dj.held()
    for match in (one, other):
        assert "the next run removes it" in dj.says("never", str(match.beatport_id))
    dj.morning()
    assert dj.held() == [track_id for track_id in before if track_id not in (one.track_id, other.track_id)]
    dj.says("set", str(one.beatport_id), one.track_id or "")
    dj.says("forget", str(other.beatport_id))
    dj.morning()
    assert sorted(dj.held()) == sorted(before), "both are back, by the override and by the rules"
    dj.sandbox.spotify.person.remove_track(dj.playlist_id(), one.track_id or "")
    for _ in range(2):
        dj.morning()
        assert one.track_id not in dj.held(), "what the person removes afterwards stays away"


def test_never_and_then_another_track(dj: Dj) -> None:
    chart = dj.morning()
    wrong, right = dj.taken(chart)[2], next(dj.strangers(chart))
    before = dj.held()
    dj.says("never", str(wrong.beatport_id))
    dj.says("set", str(wrong.beatport_id), right)
    dj.morning()
    assert dj.held() == [right if track_id == wrong.track_id else track_id for track_id in before]


def test_the_same_track_as_before_changes_no_playlist_and_becomes_an_override(dj: Dj) -> None:
    chart = dj.morning()
    match, before = dj.taken(chart)[0], dj.held()
    assert "It was already chosen" in dj.says("set", str(match.beatport_id), match.track_id or "")
    dj.morning()
    assert dj.held() == before
    assert dj.ledger.matches.latest([match.beatport_id])[match.beatport_id].method == "person"


def test_forgetting_a_decision_of_the_rules_searches_again_and_adds_nothing_twice(dj: Dj) -> None:
    chart = dj.morning()
    match, before = dj.taken(chart)[0], dj.held()
    assert "stays until another track is found" in dj.says("forget", str(match.beatport_id))
    searches = dj.sandbox.requests.count(kind="search")
    dj.morning()
    assert dj.sandbox.requests.count(kind="search") > searches
    assert dj.held() == before
    assert dj.ledger.matches.latest([match.beatport_id])[match.beatport_id].track_id == match.track_id


def test_forgetting_an_override_restores_the_track_of_the_rules(dj: Dj) -> None:
    chart = dj.morning()
    match, right, before = dj.taken(chart)[4], next(dj.strangers(chart)), dj.held()
    dj.says("set", str(match.beatport_id), right)
    dj.morning()
    assert right in dj.held()
    dj.says("forget", str(match.beatport_id))
    for _ in range(2):
        dj.morning()
        assert dj.held() == before


def test_a_recording_present_under_another_id_is_not_added_twice(dj: Dj) -> None:
    chart = dj.morning()
    taken, before = dj.taken(chart), dj.held()
    tracks = dj.sandbox.spotify.tracks
    there, twin = next(
        (match, track.track_id)
        for match in taken
        for track in tracks.values()
        if track.isrc and track.isrc == match.track_isrc and track.track_id != match.track_id
    )
    wrong = next(match for match in taken if match.track_id != there.track_id)
    dj.says("set", str(wrong.beatport_id), twin)
    dj.morning()
    assert dj.held() == [track_id for track_id in before if track_id != wrong.track_id]
    dj.says("set", str(there.beatport_id), twin)
    dj.morning()
    in_its_place = [twin if track_id == there.track_id else track_id for track_id in before if track_id != wrong.track_id]
    assert dj.held() == in_its_place, "the other id of the entry's own recording takes its place"


def test_a_track_that_is_right_for_another_entry_stays(dj: Dj) -> None:
    chart = dj.morning()
    one, other = dj.taken(chart)[1:3]
    before, right = dj.held(), next(dj.strangers(chart))
    dj.says("set", str(other.beatport_id), one.track_id or "")
    dj.morning()
    dj.says("set", str(one.beatport_id), right)
    dj.morning()
    assert dj.held() == [right, *(track_id for track_id in before if track_id != other.track_id)]


def test_an_entry_that_was_never_searched_can_be_set(dj: Dj) -> None:
    chart = dj.morning(max_searches=0)
    entry = chart[0]
    assert dj.ledger.matches.latest([entry]) == {}
    right = next(iter(dj.sandbox.spotify.tracks))
    assert "The next run adds it" in dj.says("set", str(entry), right)
    dj.morning(max_searches=0)
    assert dj.held() == [right]


def test_new_rules_try_old_misses_within_the_budget_and_change_no_hit_or_override(dj: Dj, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = dj.morning()
    ruled_out, chosen = dj.taken(chart)[:2]
    right = next(dj.strangers(chart))
    dj.says("never", str(ruled_out.beatport_id))
    dj.says("set", str(chosen.beatport_id), right)
    dj.morning()
    before, held = dj.ledger.matches.latest(chart), dj.held()
    missed = {match.beatport_id for match in dj.missed(chart)} - {ruled_out.beatport_id}
    assert len(missed) > 2
    for module in (matching_step, second_tries):
        monkeypatch.setattr(module, "RULES", "2099-01-1")
    asked = dj.sandbox.requests.count(kind="search")
    dj.morning(max_searches=searches_for(0) + SPARE_SEARCHES + MAX_SEARCHES_PER_ENTRY)
    assert 0 < dj.sandbox.requests.count(kind="search") - asked <= MAX_SEARCHES_PER_ENTRY
    after = dj.ledger.matches.latest(chart)
    tried = {beatport_id for beatport_id in chart if after[beatport_id] != before[beatport_id]}
    assert tried < missed, "only misses, and no more than the budget has searches for"
    dj.morning()
    after = dj.ledger.matches.latest(chart)
    assert {beatport_id for beatport_id in chart if after[beatport_id].rules == "2099-01-1"} == missed
    assert {beatport_id: match for beatport_id, match in after.items() if beatport_id not in missed} == {
        beatport_id: match for beatport_id, match in before.items() if beatport_id not in missed
    }
    assert dj.held() == held
    asked = dj.sandbox.requests.count(kind="search")
    dj.morning()
    assert dj.sandbox.requests.count(kind="search") == asked, "under the same rules they are not tried again at once"


def test_a_review_asks_until_it_is_answered_and_keeps_each_answer(dj: Dj) -> None:
    chart = dj.morning()
    taken, other = dj.taken(chart), list(dj.sandbox.spotify.tracks.values())[3]
    kept, chosen, pasted, never, skipped = taken[:5]
    runner_up = RunnerUp(other.track_id, other.name, other.artists, 60.0, "another title")
    dj.doubt([kept, replace(chosen, runners_up=(runner_up,)), pasted, never, skipped])
    right = next(dj.strangers(chart))
    doubts = len(json.loads(dj.says("show", "dubstep", "--json", "--doubtful")))
    answers = {
        kept.beatport_id: ["7\n", "x\n", "k\n"],
        chosen.beatport_id: ["1\n"],
        pasted.beatport_id: [f"https://open.spotify.com/album/{TRACK}\n", f"{TRACK}\n", f"https://open.spotify.com/track/{right}\n"],
        never.beatport_id: ["n\n"],
        skipped.beatport_id: ["s\n"],
    }
    order = [row["beatport_id"] for row in _in_review_order(json.loads(dj.says("show", "dubstep", "--json", "--doubtful")))]
    shown = dj.answers(*(answer for beatport_id in order for answer in answers.get(beatport_id, ["\n"])))
    assert shown.code == 0, shown.text
    assert [line for line in shown.lines if cell_len(line) > 80] == []
    assert "'7' is not one of the choices." in shown.text
    assert "is the address of a Spotify album" in " ".join(shown.text.split())
    assert f"Spotify has no track {TRACK}." in shown.text
    assert f"4 of {doubts} decided." in shown.text
    words = dj.ledger.matches.latest(chart)
    assert [words[match.beatport_id].method for match in (kept, chosen, pasted, never)] == ["person"] * 4
    assert words[kept.beatport_id].track_id == kept.track_id
    assert words[chosen.beatport_id].track_id == other.track_id
    assert words[pasted.beatport_id].track_id == right
    assert words[never.beatport_id].track_id is None
    assert words[skipped.beatport_id].method != "person"
    assert json.loads(dj.says("show", "dubstep", "--json", "--doubtful"))[0:1] != []


def _in_review_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The most probable yes first, as `review` walks: to what was taken, or to the nearest candidate."""

    def chance(row: dict[str, Any]) -> float:
        return float(row["score"] / 100 if row["track_id"] else max(other["chance"] for other in row["runners_up"]))

    return sorted(rows, key=lambda row: (-chance(row), row["position"]))


@pytest.mark.parametrize("how", ["\x03", "\x04", "q\n"], ids=["Ctrl-C", "Ctrl-D", "q"])
def test_a_review_that_is_stopped_keeps_what_was_answered(dj: Dj, how: str) -> None:
    chart = dj.morning()
    dj.doubt([replace(match, runners_up=()) for match in dj.taken(chart)[:3]])
    before = dj.ledger.matches.latest(chart)
    shown = dj.answers("n\n", how)
    assert shown.code == 0, shown.text
    assert "1 of " in shown.lines[-1], shown.text
    assert "Traceback" not in shown.text
    after = dj.ledger.matches.latest(chart)
    changed = [beatport_id for beatport_id in chart if after[beatport_id] != before[beatport_id]]
    assert len(changed) == 1
    assert (after[changed[0]].method, after[changed[0]].track_id) == ("person", None)


def test_a_review_without_doubts_says_so(dj: Dj) -> None:
    shown = dj.answers()
    assert (shown.code, shown.lines) == (0, ["Nothing is in doubt."])
