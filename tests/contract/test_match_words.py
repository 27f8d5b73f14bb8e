"""Any sequence of a person's words and runs: each playlist holds what stands, once, and nothing that was ruled out."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from beatporter.records.match import Match
from beatporter.sync.overrides import forget_match, never_match, set_match
from beatporter.sync.workspace import Workspace
from sandbox.world import Options, Sandbox
from tests.contract.test_match_commands import Dj

WORDS = st.sampled_from(("set", "never", "forget", "run"))
STEPS = st.lists(st.tuples(WORDS, st.integers(0, 2), st.integers(0, 3)), min_size=2, max_size=7)
"""What is done, with which of three entries, and which of four tracks: two that no entry has, and two of the entries' own."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("dubstep",))) as running:
        yield running


@pytest.fixture
def start(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], Dj]:
    """Makes a person with a home and playlists of their own; what a first search found is not searched again."""
    decided: list[Match] = []

    def make() -> Dj:
        dj = Dj(sandbox, Path(tempfile.mkdtemp(dir=tmp_path)))
        for key, value in dj.environment.items():
            if key.startswith("BEATPORTER_"):
                monkeypatch.setenv(key, value)
        dj.ledger.matches.append(decided)
        chart = dj.morning()
        decided[:] = dj.ledger.matches.latest(chart).values()
        return dj

    return make


@given(steps=STEPS)
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow),
)
def test_playlists_follow_any_sequence_of_words(start: Callable[[], Dj], steps: list[tuple[str, int, int]]) -> None:
    dj = start()
    chart = dj.morning()
    taken = dj.taken(chart)[:3]
    own = {match.beatport_id: match.track_id for match in taken}
    strangers = dj.strangers(chart)
    tracks = [next(strangers), next(strangers), taken[0].track_id, taken[1].track_id]
    others = [track_id for track_id in dj.held() if track_id not in own.values()]
    stands: dict[int, str | None] = dict(own)
    with Workspace(dj.settings(), dj.ledger, run_key="words") as desk:
        for word, entry, track in [*steps, ("run", 0, 0)]:
            beatport_id = taken[entry].beatport_id
            if word == "set":
                stands[beatport_id] = set_match(desk, beatport_id, desk.spotify.track(tracks[track] or "")).track_id
            elif word == "never":
                stands[beatport_id] = never_match(desk, beatport_id).track_id
            elif word == "forget":
                forget_match(desk, beatport_id)
                stands[beatport_id] = own[beatport_id]
            else:
                dj.morning()
    held = dj.held()
    assert len(held) == len(set(held)), "a track stands there twice"
    assert {track_id for track_id in held if track_id not in others} == {track_id for track_id in stands.values() if track_id}
    assert [track_id for track_id in held if track_id in others] == others, "what nobody spoke of moved"
