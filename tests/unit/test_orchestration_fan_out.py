"""A parent's genres: each is run, no failure stops another, and every failure is reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelled, Completed, Crashed, Failed

from beatporter.errors import BeatporterError, SignInExpired, UnknownGenre
from beatporter.progress import Progress, listening
from beatporter.quota.allocation import QuotaAllocator
from beatporter.sync.outcome import Outcome, keep_outcome
from orchestration import fan_out as module
from orchestration.fan_out import REPORT_WITHIN_S, chosen_genres, genre_result, leave_missing_reports, run_deployments, run_inline
from orchestration.genre_runs import EndedRun
from orchestration.lists import DEPLOYMENTS
from orchestration.parameters import ChosenKinds
from orchestration.run_key import run_key
from orchestration.workspace import open_workspace
from tests.unit.prefect_fakes import FakeClient, FakeClock, at_work

EXPIRED = SignInExpired("Spotify no longer accepts the sign-in.", "Run `beatporter login`.")
DONE = Outcome("completed", chart=100, matched=90, added=10, spotify_calls=12)


@pytest.fixture(autouse=True)
def run(tmp_path: Path) -> Iterator[FlowRun]:
    with at_work(tmp_path) as made:
        yield made


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Each update of the progress artifact."""
    moves: list[int] = []

    @contextmanager
    def progress_shown(total: int) -> Iterator[Callable[[], None]]:
        yield lambda: moves.append(total)

    monkeypatch.setattr(module, "progress_shown", progress_shown)
    return moves


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, BeatporterError, str, UUID, bool]]:
    """The failures that the parent itself reported."""
    calls: list[tuple[str, BeatporterError, str, UUID, bool]] = []

    def leave(genre: str, error: BeatporterError, key: str, run_id: UUID, *, dry_run: bool) -> None:
        calls.append((genre, error, key, run_id, dry_run))

    monkeypatch.setattr(module, "leave_genre_failure", leave)
    return calls


def allot(monkeypatch: pytest.MonkeyPatch, calls: int, **needs: int) -> None:
    monkeypatch.setattr(module, "open_allocator", lambda _workspace, slugs: QuotaAllocator(calls, {slug: needs[slug] for slug in slugs}))


def test_the_chosen_genres_are_known_and_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_genres(["house", "techno-peak-time-driving", "house"]) == ["house", "techno-peak-time-driving"]
    monkeypatch.setenv("BEATPORTER_GENRES", "dubstep,house")
    assert chosen_genres(None) == chosen_genres([]) == ["dubstep", "house"]
    with pytest.raises(UnknownGenre, match="house"):
        chosen_genres(["hous"])


def test_inline_each_genre_is_run_with_its_share_also_after_one_failed(monkeypatch: pytest.MonkeyPatch, shown: list[int]) -> None:
    allot(monkeypatch, 100, house=60, techno=20, trance=40)
    ran: list[dict[str, Any]] = []

    def genre_flow(**parameters: Any) -> State[Any]:
        assert parameters.pop("return_state"), "a failure would be raised, and end the others"
        ran.append(parameters)
        return Failed(data=EXPIRED) if parameters["genre"] == "trance" else Completed(data=asdict(DONE))

    outcomes = run_inline({"genre": genre_flow}, ["house", "techno", "trance"], kinds=["daily"], dry_run=True)
    assert list(outcomes) == ["house", "techno", "trance"], "in the order in which they were named"
    assert [one["genre"] for one in ran] == ["techno", "trance", "house"], "the genre that needs least is first"
    assert [one["max_searches"] for one in ran] == [20, 40, 88], "unused calls go to the next genre"
    assert all(one["dry_run"] and one["kinds"] == ["daily"] for one in ran)
    assert outcomes["house"] == DONE
    assert (outcomes["trance"].state, outcomes["trance"].error) == ("failed", str(EXPIRED))
    assert shown == [3, 3, 3]


class FakeRuns:
    """Genres' runs that end the second time they are polled; records the largest number running at once."""

    most = 0
    made: FakeRuns
    first_ends: Mapping[str, State[Any]] = {"trance": Cancelled()}
    second_ends: Mapping[str, State[Any]] = {}

    def __init__(self, client: FakeClient, deployments: Mapping[str, tuple[str, str]], key: str) -> None:
        FakeRuns.made = self
        self.about = (dict(deployments), key)
        self.at_work: list[str] = []
        self.started: dict[str, tuple[int, bool]] = {}
        self.kinds: list[ChosenKinds] = []
        self.retried: list[str] = []
        self._asked: dict[str, int] = {}
        self.ends = dict(self.first_ends)
        self.ids = {slug: uuid4() for slug in deployments}

    def start(self, slug: str, *, kinds: ChosenKinds, max_searches: int, dry_run: bool) -> None:
        self.kinds.append(kinds)
        self.started[slug] = (max_searches, dry_run)
        self.at_work.append(slug)
        self.most = max(self.most, len(self.at_work))

    def retry(self, run: EndedRun) -> None:
        self.retried.append(run.slug)
        self.at_work.append(run.slug)
        self._asked[run.slug] = 0
        self.ends[run.slug] = self.second_ends.get(run.slug, Completed(data=asdict(DONE)))

    def ended(self) -> Iterator[EndedRun]:
        for slug in list(self.at_work):
            self._asked[slug] = self._asked.get(slug, 0) + 1
            if self._asked[slug] == 2:
                self.at_work.remove(slug)
                yield EndedRun(slug, self.ids[slug], self.ends.get(slug, Completed(data=asdict(DONE))))


@pytest.mark.parametrize("max_concurrent", [1, 2, 5])
def test_deployed_genres_run_a_few_at_a_time_and_all_are_waited_for(
    max_concurrent: int,
    monkeypatch: pytest.MonkeyPatch,
    run: FlowRun,
    shown: list[int],
    left: list[tuple[str, BeatporterError, str, UUID, bool]],
) -> None:
    allot(monkeypatch, 100, house=60, techno=20, trance=40)
    client, clock = FakeClient(), FakeClock()
    monkeypatch.setattr(module, "GenreRuns", FakeRuns)
    monkeypatch.setattr(module, "get_client", lambda **_: client)
    monkeypatch.setattr(module.time, "sleep", clock.sleep)
    monkeypatch.setattr(module, "REPORT_WITHIN_S", 0.0)
    told: list[Progress] = []
    with listening(told.append):
        outcomes = run_deployments(
            DEPLOYMENTS, ["house", "techno", "trance"], max_concurrent=max_concurrent, kinds=["mirror"], dry_run=False
        )
    made = FakeRuns.made
    assert made.about == (dict.fromkeys(["house", "techno", "trance"], ("sync-genre/sync-genre", "genre")), str(run.id))
    assert made.most == min(max_concurrent, 3)
    assert made.kinds == [["mirror"]] * 3
    assert {slug: outcome.state for slug, outcome in outcomes.items()} == {"house": "completed", "techno": "completed", "trance": "failed"}
    assert {(one.genre, one.step) for one in told} == {("house", "done"), ("techno", "done"), ("trance", "failed")}
    assert shown == [3, 3, 3]
    assert [(genre, key, run_id, dry) for genre, _, key, run_id, dry in left] == [("trance", str(run.id), made.ids["trance"], False)]
    if max_concurrent == 1:
        assert made.started == {"techno": (20, False), "trance": (40, False), "house": (88, False)}, "unused calls are passed on"


@pytest.mark.parametrize(
    ("first", "given_up", "second", "retried", "ended"),
    [
        (Crashed(message="out of memory"), False, Completed(data=asdict(DONE)), ["house"], "completed"),
        (Crashed(message="out of memory"), False, Crashed(message="again"), ["house"], "failed"),
        (Crashed(message="overdue"), True, Completed(), [], "failed"),
        (Failed(data=EXPIRED), False, Completed(), [], "failed"),
        (Cancelled(), False, Completed(), [], "failed"),
    ],
    ids=["then completed", "twice", "given up", "failed", "cancelled"],
)
def test_only_a_run_that_died_is_retried_and_once(
    first: State[Any],
    given_up: bool,
    second: State[Any],
    retried: list[str],
    ended: str,
    monkeypatch: pytest.MonkeyPatch,
    left: list[tuple[str, BeatporterError, str, UUID, bool]],
) -> None:
    class Runs(FakeRuns):
        first_ends: Mapping[str, State[Any]] = {"house": first}
        second_ends: Mapping[str, State[Any]] = {"house": second}

        def ended(self) -> Iterator[EndedRun]:
            for run in super().ended():
                yield replace(run, given_up=given_up)

    allot(monkeypatch, 100, house=60)
    clock = FakeClock()
    monkeypatch.setattr(module, "GenreRuns", Runs)
    monkeypatch.setattr(module, "get_client", lambda **_: FakeClient())
    monkeypatch.setattr(module.time, "sleep", clock.sleep)
    monkeypatch.setattr(module, "REPORT_WITHIN_S", 0.0)
    outcomes = run_deployments(DEPLOYMENTS, ["house"], max_concurrent=1, dry_run=False)
    made = FakeRuns.made
    assert isinstance(made, Runs)
    assert (made.retried, outcomes["house"].state) == (retried, ended)
    assert len(left) == (ended == "failed"), "a failure that was mended is not the parent's to report"


def test_a_completed_genres_outcome_is_its_result() -> None:
    assert genre_result(Completed(data=asdict(DONE)), "house") == DONE
    assert genre_result(Completed(name="Deferred", data=asdict(DONE)), "house") == DONE
    playlists = {"collect": {"name": "House", "url": None, "added": 3}}
    with open_workspace(run_key(), "house") as workspace:
        keep_outcome(workspace, "house", DONE)
    assert genre_result(Completed(data=asdict(replace(DONE, playlists=playlists))), "house").playlists == playlists
    assert genre_result(Completed(), "house") == DONE, "its result is out of reach; the ledger knows the figures"


def test_a_completed_genre_whose_result_is_out_of_reach_is_no_success() -> None:
    outcome = genre_result(Completed(), "house")
    assert outcome.state == "failed"
    assert "BEATPORTER_DATABASE" in str(outcome.error)


def test_a_failed_genres_outcome_says_why() -> None:
    assert genre_result(Failed(data=EXPIRED), "house") == Outcome("failed", error=str(EXPIRED))
    assert "KeyError: 'x'" in str(genre_result(Failed(data=KeyError("x")), "house").error)


def test_a_ledger_that_cannot_be_read_does_not_end_the_parent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("BEATPORTER_DATABASE", str(tmp_path / "file" / "beatporter.db"))
    assert genre_result(Failed(data=EXPIRED), "house") == Outcome("failed", error=str(EXPIRED))


OLD, NEW = uuid4(), uuid4()
KEY = "sync-house"


def missing(
    client: FakeClient, state: State[Any], before: dict[str, UUID], *, dry_run: bool = False, clock: FakeClock | None = None
) -> UUID:
    clock = clock or FakeClock()
    run_id = uuid4()
    leave_missing_reports(client, [EndedRun("house", run_id, state)], before, dry_run=dry_run, sleep=clock.sleep, clock=clock)  # type: ignore[arg-type]
    return run_id


Left = list[tuple[str, BeatporterError, str, UUID, bool]]


def test_a_run_that_said_why_it_failed_is_left_alone(left: Left) -> None:
    client = FakeClient()
    client.artifacts = {KEY: NEW}
    missing(client, Failed(), {KEY: OLD})
    missing(client, Failed(), {})
    assert not left


def test_a_run_that_could_not_say_it_is_spoken_for_by_its_parent(left: Left, run: FlowRun) -> None:
    client = FakeClient()
    client.artifacts = {KEY: OLD}
    run_id = missing(client, Crashed(message="No worker took the run up."), {KEY: OLD}, dry_run=True)
    ((genre, error, key, about, dry_run),) = left
    assert (genre, key, about, dry_run) == ("house", str(run.id), run_id, True)
    assert error.what == "Crashed: No worker took the run up."


def test_also_when_the_genre_never_had_an_artifact(left: Left) -> None:
    missing(FakeClient(), Cancelled(), {})
    assert len(left) == 1


def test_a_hook_that_is_still_at_work_is_waited_for(left: Left) -> None:
    client, clock = FakeClient(), FakeClock()
    client.artifacts = {KEY: [OLD, OLD, OLD, NEW]}
    missing(client, Crashed(), {KEY: OLD}, clock=clock)
    assert not left
    assert clock.now_s - 1000 < REPORT_WITHIN_S


def test_the_wait_for_it_has_an_end_also_when_the_server_is_away(left: Left) -> None:
    client, clock = FakeClient(), FakeClock()
    client.away = True
    missing(client, Crashed(), {KEY: OLD}, clock=clock)
    assert len(left) == 1
    assert REPORT_WITHIN_S <= clock.now_s - 1000 < REPORT_WITHIN_S + 5


def test_without_failures_nobody_is_asked() -> None:
    client = FakeClient()
    leave_missing_reports(client, [], {}, dry_run=False)  # type: ignore[arg-type]
    assert client.asked == 0
