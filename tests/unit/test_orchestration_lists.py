"""Which flow runs a list, and the slug in a run's parameters."""

from __future__ import annotations

from typing import Any

import pytest

from beatporter.errors import SettingsError, UnknownChart
from flows.sync_chart import sync_chart
from flows.sync_genre import sync_genre
from flows.sync_genres import sync_genres
from flows.sync_label import sync_label
from orchestration.lists import LIST_FLOWS, PARENT_FLOW, chart_slug, chosen_kinds, label_slug, parameter_of, slug_of


@pytest.fixture(autouse=True)
def subscribed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_CHARTS", '{"Ten": {"chart": "overall", "top": 10}}')
    monkeypatch.setenv("BEATPORTER_LABELS", '{"8bit": {"label": "8bit/3248", "tracks": "all"}}')


@pytest.mark.parametrize(
    ("slug", "parameter"),
    [
        ("house", "genre"),
        ("overall", "chart"),
        ("overall-first-10", "chart"),
        ("chart-x-1", "chart"),
        ("whole-label-8bit-3248", "label"),
        ("label-other-7", "label"),
        ("nobody-knows-it", "genre"),
    ],
)
def test_a_slug_says_which_flow_runs_it(slug: str, parameter: str) -> None:
    assert parameter_of(slug) == parameter


@pytest.mark.parametrize(
    ("text", "top", "slug"),
    [
        ("overall", None, "overall"),
        ("overall", 10, "overall-first-10"),
        ("Ten", None, "overall-first-10"),
        ("house", 10, "genre-house-first-10"),
        ("https://www.beatport.com/chart/peak/81", 5, "chart-peak-81-first-5"),
    ],
)
def test_a_chart_is_named_in_any_form_and_cut(text: str, top: int | None, slug: str) -> None:
    assert chart_slug(text, top) == slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("8bit", "whole-label-8bit-3248"),
        ("8bit/3248", "whole-label-8bit-3248"),
        ("label:8bit/3248", "whole-label-8bit-3248"),
        ("other/7", "label-other-7"),
        ("https://www.beatport.com/label/other/7/tracks", "label-other-7"),
        ("whole-label:other/7", "whole-label-other-7"),
        ("label-other-7", "label-other-7"),
    ],
)
def test_a_label_is_named_in_any_form_and_a_subscription_goes_first(text: str, slug: str) -> None:
    assert label_slug(text) == slug


def test_an_invalid_label_is_reported() -> None:
    with pytest.raises(UnknownChart):
        label_slug("8 bit")


@pytest.mark.parametrize(
    ("parameters", "slug"),
    [
        ({"genre": "house"}, "house"),
        ({"chart": "overall", "top": 10}, "overall-first-10"),
        ({"label": "8bit"}, "whole-label-8bit-3248"),
        ({"chart": "https://evil.example/"}, ""),
        ({}, ""),
    ],
)
def test_a_runs_parameters_say_its_slug(parameters: dict[str, Any], slug: str) -> None:
    assert slug_of(parameters) == slug


def test_every_flow_that_calls_spotify_is_named() -> None:
    """They share the rate, and are what a retry and a bug report look for."""
    flows = {flow.name for flow in (sync_genre, sync_chart, sync_label)}
    assert set(LIST_FLOWS) == flows
    assert sync_genres.name == PARENT_FLOW


def test_a_run_updates_the_kinds_of_the_settings_or_those_that_the_person_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_PLAYLIST_KINDS", "daily,collect")
    assert chosen_kinds("house", None) == chosen_kinds("house", []) == ("collect", "daily")
    assert chosen_kinds("house", ["mirror", "daily"]) == ("daily", "mirror"), "in the order of a run"
    assert chosen_kinds("whole-label-8bit-3248", ["mirror"]) == ("mirror",)


def test_a_kind_that_would_take_another_kinds_playlist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_MIRROR_NAME", "Beatport: {genre} - Top 100")
    with pytest.raises(SettingsError, match="both named 'Beatport: House - Top 100'"):
        chosen_kinds("house", ["mirror"])
