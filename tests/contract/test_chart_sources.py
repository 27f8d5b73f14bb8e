"""The chain of sources with the sandbox: the first complete chart wins; after challenges a source rests for a growing time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from beatporter.beatport.sign_in import AccountFile, account_path, read_pasted
from beatporter.clock import utc_now
from beatporter.errors import BeatporterError, ChallengeShown, ChartNotYet, ChartUnavailable, PageShapeChanged, SignInExpired, UpstreamDown
from beatporter.ledger.challenges import RESTS
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.progress import Progress, listening
from beatporter.settings import Settings, load_settings
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.beatport.account import CLIENT_ID
from sandbox.world import Options, Sandbox

SLUG, GENRE_ID = "dubstep", 18
START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)


class Reader:
    """Reads the sandbox's charts, with its own clock.

    Attributes:
        said: notes of the last read.
    """

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox, self.home, self.now = sandbox, home, START
        self.said: list[str] = []
        self.steps: list[str] = []

    def settings(self, **more: Any) -> Settings:
        values: dict[str, Any] = {
            "home": self.home,
            "beatport_url": self.sandbox.beatport_url,
            "beatport_api_url": self.sandbox.beatport_api_url,
            "beatport_interval_s": 0,
        }
        return load_settings(**{**values, **more})

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.home / "beatporter.db")

    def __call__(self, slug: str = SLUG, **more: Any) -> list[int]:
        settings = self.settings(**more)
        told: list[Progress] = []
        with (
            listening(told.append),
            Workspace(settings, self.ledger, run_key=f"{self.now}", slug=slug, now=lambda: self.now, sleep=lambda _: None) as workspace,
        ):
            try:
                return scrape_chart(workspace, settings.find_list(slug).slug)
            finally:
                self.said = [one.note for one in told if one.note]
                self.steps = [one.step for one in told if one.note]

    def sign_in(self) -> None:
        """The person signs in at the documentation page, and pastes what it received."""
        pasted = self.sandbox.beatport.account.sign_in()
        sign_in = read_pasted(json.dumps(pasted), CLIENT_ID, self.now)
        AccountFile(account_path(self.settings())).save(sign_in)

    def asked(self, kind: str) -> int:
        return self.sandbox.requests.count(kind=kind)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=(SLUG, "house"))) as running:
        yield running


@pytest.fixture
def read(sandbox: Sandbox, tmp_path: Path) -> Reader:
    return Reader(sandbox, tmp_path)


def ids(sandbox: Sandbox, slug: str = SLUG) -> list[int]:
    return [track.track_id for track in sandbox.world.chart(slug)]


def test_the_first_source_with_a_complete_chart_wins(read: Reader, sandbox: Sandbox) -> None:
    assert read() == ids(sandbox)
    assert read.said == [], "nothing refused, so there is nothing to say"
    row = read.ledger.chart_reads.latest(GENRE_ID)
    assert row is not None
    assert (row.source, row.entries, row.at) == ("website", 100, START)
    assert read.asked("api-genre-top-100") == 0


def test_after_a_challenge_the_api_gives_the_chart_and_the_page_says_so(read: Reader, sandbox: Sandbox) -> None:
    read.sign_in()
    sandbox.beatport.challenges = True
    assert read() == ids(sandbox)
    assert len(read.said) == 1
    assert read.said[0].startswith("The source website gave no chart: Beatport asked for proof of a human")
    assert "left alone until 2026-11-02 13:00 UTC" in read.said[0]
    assert read.said[0].endswith("It came from api.")
    assert read("house") == ids(sandbox, "house")
    assert read.asked("genre-top-100") == 1, "the website is asked once, not once a genre"


def test_each_challenge_in_a_row_makes_the_rest_longer_and_an_answer_ends_that(read: Reader, sandbox: Sandbox) -> None:
    read.sign_in()
    sandbox.beatport.challenges = True
    rests = []
    for _ in range(len(RESTS) + 1):
        read()
        row = read.ledger.challenges.latest("website")
        assert row is not None
        assert row.until is not None
        rests.append(row.until - row.at)
        read.now = row.until - timedelta(seconds=1)
        before = read.asked("genre-top-100")
        read()
        assert read.asked("genre-top-100") == before, "it was asked before its rest was over"
        read.now = row.until
        read.sandbox.beatport.account.sign_in()
        read.sign_in()
    assert rests == [*RESTS, RESTS[-1]]
    assert rests[0] < rests[1] < rests[2] < rests[3]
    sandbox.beatport.challenges = False
    read()
    row = read.ledger.challenges.latest("website")
    assert row is not None
    assert (row.in_a_row, row.until) == (0, None)
    sandbox.beatport.challenges = True
    sandbox.next_day()
    read()
    latest = read.ledger.challenges.latest("website")
    assert latest is not None
    assert latest.in_a_row == 1, "the count begins again"


def test_genres_that_meet_one_challenge_at_once_count_it_once(read: Reader) -> None:
    table = read.ledger.challenges
    assert {table.note_challenge("website", START + timedelta(seconds=second)) for second in range(3)} == {START + RESTS[0]}
    latest = table.latest("website")
    assert latest is not None
    assert latest.in_a_row == 1


def test_without_any_source_the_last_good_chart_is_used_as_challenged(read: Reader, sandbox: Sandbox) -> None:
    chart = read()
    sandbox.beatport.challenges = True
    sandbox.next_day()
    read.now += timedelta(days=1)
    assert read(stale_chart_days=3) == chart
    assert read.steps == ["challenged"]
    assert "2026-11-02 07:00 UTC is used" in read.said[0]
    for source in ("website: ", "api: Nobody is signed in", "inbox: Nobody handed Dubstep over today"):
        assert source in read.said[0]
    with pytest.raises(ChallengeShown, match="inbox: Nobody handed"):
        read()
    read.now += timedelta(days=3)
    with pytest.raises(ChallengeShown):
        read(stale_chart_days=3)


def test_a_half_page_gives_way_to_the_next_source(read: Reader, sandbox: Sandbox) -> None:
    read.sign_in()
    sandbox.beatport.short_charts[GENRE_ID] = 40
    with pytest.raises(PageShapeChanged, match="incomplete"):
        read(chart_source="website")
    sandbox.faults.add(kind="genre-top-100", fault="half_page", count=None)
    sandbox.beatport.short_charts.clear()
    assert read() == ids(sandbox)
    assert read.said[0].endswith("It came from api.")


def test_what_all_said_is_told_and_the_kind_of_error_is_that_of_what_matters_most(read: Reader, sandbox: Sandbox) -> None:
    read.sign_in()
    sandbox.beatport.challenges = True
    sandbox.faults.add(kind="api-genre-top-100", fault="server_error", status=503, count=None)
    with pytest.raises(UpstreamDown) as down:
        read()
    assert "website: " in str(down.value)
    assert "api: " in str(down.value)
    sandbox.faults.clear()
    sandbox.beatport.account.end_access()
    sandbox.beatport.account.refuses = True
    with pytest.raises(ChallengeShown, match="api: Beatport does not renew"):
        read()
    with pytest.raises(SignInExpired, match="beatporter login beatport"):
        read(chart_source="api")


def test_a_single_source_gives_its_own_message(read: Reader, sandbox: Sandbox) -> None:
    sandbox.beatport.empty_charts.add(GENRE_ID)
    with pytest.raises(ChartUnavailable, match=r"^Beatport's chart of Dubstep is empty\."):
        read(chart_source="website")


def test_a_retired_genre_is_explained(read: Reader) -> None:
    with pytest.raises(ChartUnavailable, match=r"retired 79, Big Room\. Its tracks are now in mainstage"):
        read("big-room", genre_ids={"big-room": 79})


# --- every kind of chart ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["website", "api"])
@pytest.mark.parametrize("form", ["overall", "hype", "hype:house", "chart:any/800050", "label", "overall-first-10", "genre-house-first-10"])
def test_every_kind_of_chart_is_read_by_both(form: str, source: str, read: Reader, sandbox: Sandbox) -> None:
    read.sign_in()
    state = sandbox.beatport
    label = state.labels(5)[1].label_id
    expected = {
        "overall": lambda: state.overall_top_100().tracks,
        "hype": lambda: state.hype_100().tracks,
        "hype:house": lambda: state.hype_100(5).tracks,
        "chart:any/800050": lambda: state.dj_chart(800_050)[1].tracks,
        "overall-first-10": lambda: state.overall_top_100().tracks[:10],
        "genre-house-first-10": lambda: state.top_100(5).tracks[:10],
        "label": lambda: state.label_tracks(label, 1, 150)[1].tracks,
    }[form]()
    found = read(f"label:any/{label}" if form == "label" else form, chart_source=source)
    assert found == [track.track_id for track in expected][: len(found)]
    assert len(found) == (len(expected) if form != "label" else len(found))
    assert len(found) >= 10


def test_a_labels_and_an_artists_top_100_come_from_the_api(read: Reader, sandbox: Sandbox) -> None:
    read.sign_in()
    track = sandbox.world.chart("house")[0]
    assert track.track_id in read(f"top-label:any/{track.label.label_id}")
    assert track.track_id in read(f"top-artist:any/{track.artists[0].artist_id}")
    assert "The website has no page" in read.said[0]


def test_a_weekly_chart_is_found_by_its_name_and_waited_for(read: Reader, sandbox: Sandbox) -> None:
    read.sign_in()
    form = "chart:weekend-picks-%Y-week-%V"
    day = lambda: datetime.combine(sandbox.world.date, datetime.min.time(), UTC)  # noqa: E731 - the sandbox's day as the run sees it
    sandbox.clock.set(day() + timedelta(hours=7))
    read.now = day() + timedelta(hours=7)
    read.sign_in()
    with_last_weeks = read(form)
    assert "is not out yet" in read.said[-1]
    sandbox.clock.set(day() + timedelta(hours=13))
    this_weeks = read(form)
    assert this_weeks != with_last_weeks
    assert not any("is not out yet" in note for note in read.said)
    sandbox.beatport.weekly = "other-picks"
    with pytest.raises(ChartNotYet, match="weekend-picks-"):
        read(form)
    with pytest.raises(ChartUnavailable, match="There is no chart named nowhere"):
        read("chart:nowhere", chart_source="api")


def test_a_curators_newest_chart_is_read(read: Reader, sandbox: Sandbox) -> None:
    read.sign_in()
    newest = sandbox.beatport.charts_like(None, 777_001)[0]
    assert read("newest:weekend-desk/777001") == [track.track_id for track in sandbox.beatport.dj_chart(newest.chart_id)[1].tracks]
    with pytest.raises(ChartUnavailable, match="published no chart"):
        read("newest:nobody/1", chart_source="api")


# --- labels ----------------------------------------------------------------------------------------------------------


def label_of(sandbox: Sandbox, extra: int = 0) -> int:
    label_id = sandbox.beatport.labels(5)[0].label_id
    sandbox.beatport.label_extra[label_id] = extra
    return label_id


def all_of(sandbox: Sandbox, label_id: int) -> list[int]:
    listing = sandbox.beatport.label_tracks(label_id, 1, 20_000)[1]
    return [track.track_id for track in listing.tracks]


def test_of_a_label_only_what_came_out_since_the_last_run_is_taken(read: Reader, sandbox: Sandbox) -> None:
    label_id = label_of(sandbox, 300)
    slug = f"label:any/{label_id}"
    first = read(slug)
    assert first == all_of(sandbox, label_id)[:150], "the newest page, as a beginning"
    decide_all(read, first)
    assert read(slug) == []
    before = set(all_of(sandbox, label_id))
    sandbox.next_day(10)
    new = [track_id for track_id in all_of(sandbox, label_id) if track_id not in before]
    assert new, "nothing came out in ten days"
    read.now += timedelta(days=10)
    assert read(slug) == new


@pytest.mark.slow
def test_a_label_that_is_wanted_whole_is_read_part_by_part_to_its_last_page(read: Reader, sandbox: Sandbox) -> None:
    label_id = label_of(sandbox, 1_300)
    read.sign_in()
    for source in ("website", "api"):
        read.home = read.home / source
        read.sign_in()
        read.now = START
        taken: list[int] = []
        for _morning in range(8):
            part = read(f"whole-label:any/{label_id}", chart_source=source)
            assert len(part) < 700, "a run takes a part only"
            assert not set(part) & set(taken)
            taken += part
            decide_all(read, part)
            read.now += timedelta(hours=1)
            if not part:
                break
        assert sorted(taken) == sorted(all_of(sandbox, label_id)), f"{source}: the last page is missing, or a track"
        assert not part, "eight runs do not read it to its end"
        row = read.ledger.chart_reads.latest(load_settings().find_list(f"label:{label_id}").genre_id)
        assert row is not None
        assert row.total is None


def test_it_does_not_go_on_before_what_it_took_is_decided_and_looks_after_that(read: Reader, sandbox: Sandbox) -> None:
    label_id = label_of(sandbox, 1_300)
    slug = f"whole-label:any/{label_id}"
    first = read(slug)
    assert any("tracks were read so far" in note for note in read.said)
    for _ in range(3):
        read.now += timedelta(days=6)
        assert sorted(read(slug)) == sorted(first), "undecided tracks are kept in the chart, beyond a week too"
    decide_all(read, first[:-20])
    second = read(slug)
    assert set(first[-20:]) < set(second)
    assert len(second) > 400


@pytest.mark.slow
def test_a_label_of_more_than_10000_tracks_is_read_to_its_end_although_the_api_counts_to_10000(read: Reader, sandbox: Sandbox) -> None:
    label_id = label_of(sandbox, 10_300)
    read.sign_in()
    taken = 0
    for _ in range(40):
        part = read(f"whole-label:any/{label_id}", chart_source="api")
        if not part:
            break
        taken += len(part)
        decide_all(read, part)
    assert taken == len(all_of(sandbox, label_id)) > 10_200


def test_an_empty_label_and_one_that_is_not_there_are_told_apart(read: Reader, sandbox: Sandbox) -> None:
    with pytest.raises(BeatporterError, match=r"no chart at .*404"):
        read("label:nobody/1", chart_source="website")
    sandbox.beatport.account.sign_in()
    label = sandbox.beatport.labels(5)[23]
    sandbox.catalogue.label_keys = lambda *_: ()  # type: ignore[method-assign]
    read.sign_in()
    with pytest.raises(ChartUnavailable, match="has no tracks on Beatport"):
        read(f"label:any/{label.label_id}", chart_source="api")


def test_a_shuffled_label_is_the_same_tracks_in_another_order(read: Reader, sandbox: Sandbox) -> None:
    label_id = label_of(sandbox, 100)
    found = read("Mixed", labels={"Mixed": {"label": f"any/{label_id}", "shuffle": True}})
    assert found != all_of(sandbox, label_id)[: len(found)]
    assert sorted(found) == sorted(all_of(sandbox, label_id)[: len(found)])


def decide_all(read: Reader, beatport_ids: list[int]) -> None:
    """Record every track as searched and not found."""
    from beatporter.records.match import Match

    read.ledger.matches.append(
        [Match(number, None, None, "search", 0.0, None, "1", utc_now(), utc_now() + timedelta(days=9), ()) for number in beatport_ids]
    )


# --- drift -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["website", "api"])
def test_a_new_field_is_a_note_and_the_chart_is_used(source: str, read: Reader, sandbox: Sandbox) -> None:
    read.sign_in()
    sandbox.beatport.dripped = {"mood": "dark"}
    assert read(chart_source=source) == ids(sandbox)
    assert read.said == ["New fields in Beatport's rows: mood."]


@pytest.mark.parametrize("source", ["website", "api"])
def test_a_needed_field_that_goes_fails_the_chart_and_leaves_a_copy_without_anything_personal(
    source: str, read: Reader, sandbox: Sandbox
) -> None:
    read.sign_in()
    sandbox.beatport.left_out = {"mix_name"}
    sandbox.beatport.dripped = {"user_email": "ada@example.org", "session_token": "eyJhbGciOiJIUzI1NiJ9.secret"}
    with pytest.raises(PageShapeChanged, match="mix_name is missing in 100 of 100 rows"):
        read(chart_source=source)
    copy = next((read.home / "bad-charts").glob("*.json")).read_text()
    assert "mix_name is missing" in copy
    assert '"artists"' in copy
    assert "ada@example.org" not in copy
    assert "eyJ" not in copy
    assert len(copy) < 60_000


def test_a_fixed_token_still_works(read: Reader, sandbox: Sandbox) -> None:
    assert read(chart_source="api", beatport_token=SecretStr(sandbox.beatport.token)) == ids(sandbox)


def test_genres_are_read_from_the_api_else_from_the_website(read: Reader, sandbox: Sandbox) -> None:
    def genres() -> tuple[str, bool, set[int]]:
        with Workspace(read.settings(), read.ledger, run_key="genres", now=lambda: read.now, sleep=lambda _: None) as workspace:
            found = workspace.source.read_genres()
            return found.source, found.whole, set(found.names)

    source, whole, shown = genres()
    assert (source, whole) == ("website", False), "nobody is signed in"
    assert {GENRE_ID, 5} <= shown < set(range(112)), "those that the overall Top 100 shows"
    read.sign_in()
    source, whole, shown = genres()
    assert (source, whole) == ("api", True)
    assert {GENRE_ID, 5, 109} <= shown
    sandbox.beatport.challenges = True
    account_path(read.settings()).unlink()
    with pytest.raises(ChallengeShown, match="No source gave the list of genres"):
        genres()
