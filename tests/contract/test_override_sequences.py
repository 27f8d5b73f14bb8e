"""Any sequence of overrides and runs: each playlist holds the current matches, once each, and nothing that was ruled out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from beatporter.records.match import Match
from beatporter.sync.overrides import forget_match, never_match, set_match
from beatporter.sync.workspace import Workspace
from sandbox.world import Options, Sandbox
from tests.contract.conftest import use_settings
from tests.contract.dj import Dj

WORDS = st.sampled_from(("set", "never", "forget", "run"))
STEPS = st.lists(st.tuples(WORDS, st.integers(0, 2), st.integers(0, 3)), min_size=2, max_size=7)
"""What is done, with which of three entries, and which of four tracks: two that no entry has, and two of the entries' own."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("dubstep",))) as running:
        yield running


@pytest.fixture(scope="module")
def start(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Dj]]:
    """Creates a person with a home folder and playlists; the results of the first search are reused."""
    decided: list[Match] = []

    def make() -> Dj:
        dj = Dj(sandbox, tmp_path_factory.mktemp("dj"))
        use_settings(monkeypatch, dj.environment)
        dj.ledger.matches.append(decided)
        chart = dj.morning()
        decided[:] = dj.ledger.matches.latest(chart).values()
        return dj

    with pytest.MonkeyPatch.context() as monkeypatch:
        yield make


@pytest.mark.slow
@given(steps=STEPS)
@settings(max_examples=15, phases=(Phase.generate, Phase.shrink))  # a sequence takes seconds, explaining one much longer
def test_playlists_follow_any_sequence_of_overrides(start: Callable[[], Dj], steps: list[tuple[str, int, int]]) -> None:
    dj = start()
    chart = dj.morning()
    taken = dj.taken(chart)[:3]
    own = {match.beatport_id: match.track_id for match in taken}
    strangers = dj.strangers(chart)
    tracks = [next(strangers), next(strangers), taken[0].track_id, taken[1].track_id]
    others = [track_id for track_id in dj.held() if track_id not in own.values()]
    stands: dict[int, str | None] = dict(own)
    with Workspace(dj.settings(), dj.ledger, run_key="words") as workspace:
        for word, entry, track in [*steps, ("run", 0, 0)]:
            beatport_id = taken[entry].beatport_id
            if word == "set":
                stands[beatport_id] = set_match(workspace, beatport_id, workspace.spotify.track(tracks[track] or "")).track_id
            elif word == "never":
                stands[beatport_id] = never_match(workspace, beatport_id).track_id
            elif word == "forget":
                forget_match(workspace, beatport_id)
                stands[beatport_id] = own[beatport_id]
            else:
                dj.morning()
    held = dj.held()
    assert len(held) == len(set(held)), "a track is there twice"
    assert {track_id for track_id in held if track_id not in others} == {track_id for track_id in stands.values() if track_id}
    assert [track_id for track_id in held if track_id in others] == others, "an unrelated track moved"
