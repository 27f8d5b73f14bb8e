"""Labels: a run takes what is new, or the next part of all; while the sources refuse, it goes on with what is undecided."""

from __future__ import annotations

from datetime import timedelta

import pytest

from beatporter.clock import utc_now
from beatporter.errors import BeatporterError, ChallengeShown, ChartUnavailable
from beatporter.records.match import Match
from beatporter.settings import load_settings
from sandbox.world import Sandbox
from tests.contract.charts.reader import START, Reader


def decide_all(read: Reader, beatport_ids: list[int]) -> None:
    """Record every track as searched and not found."""
    read.ledger.matches.append(
        [Match(number, None, None, "search", 0.0, None, "1", utc_now(), utc_now() + timedelta(days=9), ()) for number in beatport_ids]
    )


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


def test_while_the_sources_refuse_a_label_goes_on_with_what_is_undecided(read: Reader, sandbox: Sandbox) -> None:
    slug = f"label:any/{label_of(sandbox, 300)}"
    first = read(slug)
    decide_all(read, first[:-20])
    sandbox.beatport.challenges = True
    read.now += timedelta(days=1)
    with pytest.raises(ChallengeShown):
        read(slug)
    assert read(slug, stale_chart_days=3) == first[-20:]
    assert read.steps == ["challenged"]
    assert read.said[0].startswith(
        "The 20 undecided tracks of earlier runs are used, the last of 2026-11-02 07:00 UTC, because the label could not"
    )
    assert "website: " in read.said[0]
    row = read.ledger.chart_reads.latest(load_settings().find_list(slug).genre_id)
    assert row is not None
    assert row.at == START, "nothing was read"
    read.now += timedelta(days=3)
    with pytest.raises(ChallengeShown):
        read(slug, stale_chart_days=3)


def test_a_label_that_was_never_read_has_nothing_to_go_on_with(read: Reader, sandbox: Sandbox) -> None:
    sandbox.beatport.challenges = True
    with pytest.raises(ChallengeShown):
        read(f"label:any/{label_of(sandbox)}", stale_chart_days=3)
