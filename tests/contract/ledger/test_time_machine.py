"""The time machine: what a playlist or a chart held on a day, and what changed between two; from the ledger alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from beatporter.care.known_playlists import find_known
from beatporter.care.time_machine import (
    ListName,
    chart_diff,
    chart_on,
    chart_states,
    moment_of,
    playlist_diff,
    playlist_on,
    playlist_states,
)
from beatporter.errors import SettingsError
from beatporter.ledger.ledger import Ledger
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupRow, ListedPlaylist, RememberedPlaylist

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
P, Q = "4cOdK2wGLETKBW3PvgPWqT", "37i9dQZF1DXcBWIGoYBM5M"
HOUSE = ListName(5, "House")


@pytest.fixture
def past(ledger: Ledger) -> Ledger:
    """Three days of a playlist and of a chart."""
    for day, held in enumerate(("abc", "xab", "xb")):
        rows = [BackupRow(place, track_id, None, f"Title {track_id}", ("Ada",), T0) for place, track_id in enumerate(held)]
        ledger.backups.append(P, f"s{day}", T0 + day * DAY, rows)
        entries = tuple(ChartEntry(place, ord(one), f"Track {one}", ("Ada",)) for place, one in enumerate(held, 1))
        ledger.charts.append(Chart(5, entries, T0 + day * DAY))
    ledger.playlists.append(RememberedPlaylist(5, P, "House, old name", T0))
    ledger.playlists.append(RememberedPlaylist(5, P, "House", T0 + DAY))
    return ledger


def test_a_day_means_its_end_and_a_time_itself() -> None:
    assert moment_of("2026-11-20") == datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
    assert moment_of("2026-11-20T07:30") == datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
    assert moment_of("2026-11-20T07:30+02:00") == datetime(2026, 11, 20, 5, 30, tzinfo=UTC)
    with pytest.raises(SettingsError, match="not a day"):
        moment_of("yesterday")


def test_a_playlists_states_and_what_changed_in_each(past: Ledger) -> None:
    document = playlist_states(past, find_known(past, "House"), 30)
    assert [(one["entries"], one["came"], one["left"], one["moved"]) for one in document["states"]] == [
        (3, 3, 0, 0),
        (3, 1, 1, 0),
        (2, 0, 1, 0),
    ]
    assert document["older"] == 0
    fewer = playlist_states(past, find_known(past, "House"), 1)
    assert ([one["left"] for one in fewer["states"]], fewer["older"]) == ([1], 2)


def test_a_playlist_on_a_day_and_between_two(past: Ledger) -> None:
    playlist = find_known(past, P)
    on = playlist_on(past, playlist, moment_of("2026-11-21"))
    assert (on["at"], [one["track_id"] for one in on["entries"]]) == ("2026-11-21T06:30:00Z", ["x", "a", "b"])
    diff = playlist_diff(past, playlist, moment_of("2026-11-20"), moment_of("2026-11-22"))
    assert ([one["track_id"] for one in diff["came"]], [one["track_id"] for one in diff["left"]]) == (["x"], ["a", "c"])
    with pytest.raises(SettingsError, match="first backup of 'House' is of 2026-11-20 06:30"):
        playlist_on(past, playlist, moment_of("2026-11-19"))


def test_a_chart_on_a_day_and_between_two(past: Ledger) -> None:
    assert [one["beatport_id"] for one in chart_on(past, HOUSE, moment_of("2026-11-21"))["entries"]] == [ord(one) for one in "xab"]
    diff = chart_diff(past, HOUSE, moment_of("2026-11-20"), moment_of("2026-11-21"))
    assert [one["name"] for one in diff["entered"]] == ["Track x"]
    assert [one["name"] for one in diff["left"]] == ["Track c"]
    assert [(one["name"], one["was"], one["position"]) for one in diff["fell"]] == [("Track a", 1, 2), ("Track b", 2, 3)]
    assert [(one["entered"], one["left"]) for one in chart_states(past, HOUSE, 30)["states"]] == [(3, 0), (1, 1), (0, 1)]
    with pytest.raises(SettingsError, match="first chart of House was read on 2026-11-20"):
        chart_on(past, HOUSE, moment_of("2026-11-19"))
    with pytest.raises(SettingsError, match="No chart of Techno"):
        chart_on(past, ListName(6, "Techno"), T0)


def test_of_two_playlists_of_one_name_the_one_with_backups_is_meant(past: Ledger) -> None:
    past.listings.append("run", T0, [ListedPlaylist("run", Q, "House", "s", 0, "me", T0)])
    assert find_known(past, "House").playlist_id == P
    past.backups.append(Q, "s", T0, [])
    with pytest.raises(SettingsError, match="2 playlists are named 'House'"):
        find_known(past, "House")
