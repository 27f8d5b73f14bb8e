"""How a person names a chart or label, and what is derived from it: slug, number, playlist."""

from __future__ import annotations

import re
from datetime import date

import pytest

from beatporter.errors import SettingsError, UnknownChart, UnknownGenre
from beatporter.genres import all_genres
from beatporter.settings import load_settings
from beatporter.subscriptions import number_of, read_subscription

GENRES = all_genres()
FORMS = {
    "overall": ("overall", "overall", None, "Beatport: Overall - Top 100"),
    "https://www.beatport.com/top-100": ("overall", "overall", None, "Beatport: Overall - Top 100"),
    "hype": ("hype", "hype", None, "Beatport: Overall - Hype 100"),
    "hype:house": ("hype-house", "hype", 5, "Beatport: House - Hype 100"),
    "https://www.beatport.com/genre/anything/5/hype-100": ("hype-house", "hype", 5, "Beatport: House - Hype 100"),
    "chart:peak-hour/812345": ("chart-peak-hour-812345", "chart", 812345, "Beatport: Peak Hour"),
    "chart:812345": ("chart-812345", "chart", 812345, "Beatport: Chart 812345"),
    "https://www.beatport.com/de/chart/peak-hour/812345?x=1": ("chart-peak-hour-812345", "chart", 812345, "Beatport: Peak Hour"),
    "www.beatport.com/chart/peak-hour/812345": ("chart-peak-hour-812345", "chart", 812345, "Beatport: Peak Hour"),
    "chart:weekend-picks-%Y-week-%V": ("chart-weekend-picks-yyyy-week-ww", "chart", None, "Beatport: Weekend Picks"),
    "newest:ada-vale/77": ("newest-ada-vale-77", "newest", 77, "Beatport: Ada Vale"),
    "label:8bit/3248": ("label-8bit-3248", "label", 3248, "Beatport: 8Bit"),
    "https://www.beatport.com/label/8bit/3248/tracks": ("label-8bit-3248", "label", 3248, "Beatport: 8Bit"),
    "whole-label:8bit/3248": ("whole-label-8bit-3248", "whole-label", 3248, "Beatport: 8Bit"),
    "top-label:8bit/3248": ("top-label-8bit-3248", "top-label", 3248, "Beatport: 8Bit - Top 100"),
    "top-artist:https://www.beatport.com/artist/ada-vale/77": ("top-artist-ada-vale-77", "top-artist", 77, "Beatport: Ada Vale - Top 100"),
    "genre-house-first-10": ("genre-house-first-10", "genre", 5, "Beatport: House - Top 10"),
}


@pytest.mark.parametrize("text", FORMS)
def test_a_form_says_which_list_is_meant(text: str) -> None:
    found = read_subscription(text, GENRES)
    assert (found.slug, found.kind, found.beatport_id, found.playlist_name()) == FORMS[text]
    assert re.fullmatch(r"[a-z0-9-]+", found.slug), "Prefect's keys take nothing else"
    again = read_subscription(found.slug, GENRES)
    assert (again.slug, again.genre_id, again.kind, again.path) == (found.slug, found.genre_id, found.kind, found.path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("https://evil.example/chart/x/1", "not a Beatport address"),
        ("https://www.beatport.com.evil.example/chart/x/1", "not a Beatport address"),
        ("https://www.beatport.com/track/x/1", "not the page of a chart or label"),
        ("https://www.beatport.com/artist/x/1", "newest:ADDRESS"),
        ("https://www.beatport.com/genre/house/5/top-100", "is the genre itself"),
        ("https://[", "not a Beatport address"),
        ("label:8bit", "Write overall"),
        ("label:8bit/abc", "Write overall"),
        ("chart:../../x", "Write overall"),
        ("hype:no-such-genre", "Write overall"),
        ("x" * 600, "too long"),
        ("overall\x07", "too long"),
    ],
)
def test_an_invalid_list_gets_a_hint(text: str, says: str) -> None:
    with pytest.raises(UnknownChart, match=re.escape(says)):
        read_subscription(text, GENRES)


def test_numbers_are_negative_stable_and_of_the_list_alone() -> None:
    assert number_of("overall:") == -502040846, "a ledger that is out there knows it by this number"
    numbers = {read_subscription(text, GENRES).genre_id for text in FORMS}
    assert all(-(2**31) < number < 0 for number in numbers), "PostgreSQL's columns hold no other"
    same = read_subscription("label:8bit/3248", GENRES).genre_id
    assert read_subscription("label:another-name/3248", GENRES).genre_id == same, "the id decides"
    assert read_subscription("whole-label:8bit/3248", GENRES).genre_id == same, "both fill one playlist"
    assert read_subscription("top-label:8bit/3248", GENRES).genre_id != same
    assert read_subscription("overall", GENRES, top=10).genre_id != read_subscription("overall", GENRES).genre_id


def test_a_cut_list_is_another_one_and_knows_the_whole() -> None:
    cut = read_subscription("overall", GENRES, top=10)
    assert (cut.slug, cut.top, cut.playlist_name()) == ("overall-first-10", 10, "Beatport: Overall - Top 10")
    assert cut.whole == read_subscription("overall", GENRES)
    assert read_subscription("overall", GENRES, top=100).slug == "overall"
    for text, top in (("overall", 0), ("overall", 101), ("label:8bit/3248", 10)):
        with pytest.raises(UnknownChart):
            read_subscription(text, GENRES, top=top)


def test_a_name_with_a_date_is_looked_for_from_today_backwards() -> None:
    weekly = read_subscription("chart:weekend-picks-%Y-week-%V", GENRES)
    assert weekly.names_at(date(2026, 11, 2))[:2] == ["weekend-picks-2026-week-45", "weekend-picks-2026-week-44"]
    assert weekly.names_at(date(2026, 1, 1))[0] == "weekend-picks-2026-week-01"
    monthly = read_subscription("chart:best-of-%B-%Y", GENRES)
    assert monthly.names_at(date(2026, 3, 31))[:3] == ["best-of-march-2026", "best-of-february-2026", "best-of-january-2026"]
    assert len(weekly.names_at(date(2026, 11, 2))) == len(set(weekly.names_at(date(2026, 11, 2))))


def test_what_a_person_subscribed_to_is_found_by_name_slug_and_form() -> None:
    settings = load_settings(
        charts={"Weekend": "chart:weekend-picks-%Y-week-%V", "Ten": {"chart": "overall", "top": 10, "playlist": "Ten"}},
        labels={"8bit": {"label": "https://www.beatport.com/label/8bit/3248", "tracks": "all", "shuffle": True}},
    )
    assert list(settings.subscriptions()) == ["chart-weekend-picks-yyyy-week-ww", "overall-first-10", "whole-label-8bit-3248"]
    assert settings.enabled_lists()[-3:] == tuple(settings.subscriptions())
    for text in ("8bit", "whole-label-8bit-3248", "label:8bit/3248", "label:3248", "label-8bit-3248"):
        found = settings.find_list(text)
        assert (found.name, found.shuffle, found.kind) == ("8bit", True, "whole-label"), text  # type: ignore[attr-defined]
    assert settings.find_list("Ten").playlist_name() == "Ten"  # type: ignore[attr-defined]
    assert settings.find_list("house").genre_id == 5
    with pytest.raises(UnknownGenre, match="house"):
        settings.find_list("hous")
    with pytest.raises(UnknownChart):
        settings.find_list("label:")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"charts": {"a": "overall", "b": "https://www.beatport.com/top-100"}}, "[charts] 'b' and [charts] 'a' mean the same list"),
        ({"labels": {"a": "8bit/1", "b": {"label": "8bit/1", "tracks": "all"}}}, "mean the same list"),
        ({"charts": {"a": {"chart": "overall", "playlist": "beatport: HOUSE - Top 100"}}}, "the genre house mean the playlist"),
        ({"charts": {"a": {"chart": "overall", "playlist": "X"}, "b": {"chart": "hype", "playlist": "x"}}}, "mean the playlist"),
        ({"charts": {"a": "label:8bit/1"}}, "belongs under [labels]"),
        ({"labels": {"a": "chart:x/1"}}, "[labels] 'a'"),
        ({"charts": {"a": {"chart": "overall", "tops": 3}}}, "did you mean 'top'"),
        ({"charts": {"a": {"chart": "overall", "top": 0}}}, "a.top"),
        ({"charts": "nonsense"}, "must be JSON such as"),
    ],
)
def test_subscriptions_that_cannot_be_are_refused_in_words(given: dict[str, object], says: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(says)):
        load_settings(**given)


def test_the_environment_gives_them_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_CHARTS", '{"Weekend": "chart:weekend-picks-%Y-week-%V"}')
    monkeypatch.setenv("BEATPORTER_LABELS", '{"8bit": "8bit/3248"}')
    assert list(load_settings().subscriptions()) == ["chart-weekend-picks-yyyy-week-ww", "label-8bit-3248"]
