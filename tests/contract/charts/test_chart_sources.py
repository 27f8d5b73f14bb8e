"""The chain of sources with the sandbox: the first complete chart wins; after challenges a source rests for a growing time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from beatporter.beatport.sign_in import account_path
from beatporter.errors import ChallengeShown, ChartNotYet, ChartUnavailable, PageShapeChanged, SignInExpired, UpstreamDown
from beatporter.ledger.challenges import RESTS
from beatporter.sync.workspace import Workspace
from sandbox.world import Sandbox
from tests.contract.charts.reader import GENRE_ID, SLUG, START, Reader


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
