"""A fortnight with a signed-in person's API while the website shows only challenges, and one with the bookmarklet alone."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from beatporter.beatport.parser import next_data
from beatporter.sync import match
from beatporter.sync.inbox import Inbox, make_inbox
from cli.inbox_server import InboxServer
from sandbox.beatport import responses
from tests.campaign.chart_days import DAYS, FIRST_MORNING, GENRES, REFUSED_ON, ChartWorld, Fortnight, Mornings, play

COUNT = int(os.environ.get("CHART_DAYS_GENRES", "3"))
"""How many genres; `make test-chart-days` plays all 36."""


@pytest.fixture(scope="module")
def fortnight() -> Fortnight:
    return play(GENRES[:COUNT], budget=800 if len(GENRES) == COUNT else 60 * COUNT)


def test_every_list_is_synced_every_day_but_the_one_on_which_the_sign_in_is_refused(fortnight: Fortnight) -> None:
    assert fortnight.lists == COUNT + 5
    for number, morning in enumerate(fortnight.mornings, 1):
        if number == REFUSED_ON:
            assert morning.states == {"challenged": COUNT + 5}, "the last good charts stand in; labels go on with what is undecided"
        else:
            assert not morning.failures, f"day {number}"
            assert morning.sources == {"api": COUNT + 5}, f"day {number}"


def test_the_sign_in_is_renewed_every_morning_once(fortnight: Fortnight) -> None:
    renewals = [morning.renewals for morning in fortnight.mornings]
    assert renewals[0] == 0, "it was signed in just now"
    assert renewals[REFUSED_ON - 1] == 0
    assert fortnight.mornings[REFUSED_ON - 1].answers == 1, "one refusal, not one for each list"
    assert all(one == 1 for number, one in enumerate(renewals, 1) if number not in (1, REFUSED_ON))


def test_the_website_is_left_alone_for_longer_and_longer(fortnight: Fortnight) -> None:
    asked_on = [number for number, morning in enumerate(fortnight.mornings, 1) if morning.pages]
    assert asked_on == [1, 2, 3, 5, 9]
    assert all(morning.pages <= 1 for morning in fortnight.mornings), "one page, not one a genre"


def test_playlists_fill_without_a_track_twice_and_without_a_call_too_many(fortnight: Fortnight) -> None:
    assert len(fortnight.playlists) == COUNT + 5
    for name, held in fortnight.playlists.items():
        assert len(held) == len(set(held)), name
        assert len(held) >= 10, name
    assert "Beatport: Weekend - First 10" in fortnight.playlists
    budget = 800 if len(GENRES) == COUNT else 60 * COUNT
    assert all(morning.calls <= budget + 5 for morning in fortnight.mornings)
    assert sum(morning.added for morning in fortnight.mornings) >= sum(len(held) for held in fortnight.playlists.values())


def test_by_the_bookmarklet_alone_a_genre_is_synced_for_a_fortnight(tmp_path: Path) -> None:
    with patch.object(match, "SEARCHES_AT_ONCE", 1), ChartWorld(("dubstep",), seed=1, quota=800) as world:
        settings = world.chart_settings(tmp_path, 800).model_copy(update={"charts": {}, "labels": {}})
        make_inbox(settings)
        runs = Mornings(world, settings)
        with InboxServer(settings, Inbox(settings, runs.ledger, now=world.now), port=0) as server:
            for day in range(DAYS):
                world.clock.set(FIRST_MORNING + timedelta(days=day))
                if day:
                    world.next_day()
                genre = next(iter(world.beatport.genres.values()))
                page = responses.top_100_page(world.beatport, genre, genre.slug)  # as the person's browser shows it
                address = f"{world.beatport_url}/genre/{genre.slug}/{genre.genre_id}/top-100"
                sent = {"address": address, "data": json.dumps(next_data(page))}
                status, said = server.take(json.dumps(sent).encode())
                assert (status, said) == (200, "Dubstep, 100 entries, today.")
                world.clock.advance(1800)
                morning = runs.run()
                assert morning.sources == {"inbox": 1}
                assert morning.states == {"completed": 1}, f"day {day + 1}"
                chart = runs.ledger.charts.latest(genre.genre_id)
                assert chart is not None
                assert [entry.beatport_id for entry in chart.entries] == [track.track_id for track in world.calendar.chart("dubstep")]
        assert len(world.spotify.person.track_ids("Beatport: Dubstep - Top 100")) > 150
