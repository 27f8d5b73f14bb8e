"""The Beatport stand-in over real HTTP, held against the stored real page and API answer and against the product's own reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import requests

from beatporter.beatport.parser import next_data, parse_api, parse_document
from beatporter.beatport.sources import fetch_chart, open_source
from beatporter.errors import (
    BeatporterError,
    ChallengeShown,
    ChartUnavailable,
    PageShapeChanged,
    RequestRefused,
    SignInExpired,
    UpstreamDown,
)
from beatporter.genres import FURTHER, KNOWN
from beatporter.records.chart import ChartEntry
from beatporter.settings import load_settings
from sandbox.beatport.models import BeatportState
from sandbox.beatport.routes import HOOKS, BeatportRoutes, vendor_error
from sandbox.catalogue import Catalogue
from sandbox.clock import SandboxClock
from sandbox.http import Server
from tests.timeouts import TIMEOUT_S

REAL = Path(__file__).parents[2] / ".." / "shared" / "real"
HOUSE = next(genre for genre in KNOWN if genre.slug == "house")
PAGE = "/genre/house/5/top-100"
API_CHART = "/v4/catalog/genres/5/top/100/?per_page=100"
STAMPED = datetime(2026, 11, 2, 6, tzinfo=UTC)


def parse_page(html: str) -> list[ChartEntry]:
    return parse_document(next_data(html))


class Beatport:
    """The stand-in with a day that the test sets."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.day = 0
        self.clock = SandboxClock(STAMPED, manual=True)
        self.labels_shown: list[int] = []
        self.state = BeatportState(
            catalogue, day=lambda: self.day, clock=self.clock, on_label=lambda label: self.labels_shown.append(label.label_id)
        )
        self.server = Server("beatport", BeatportRoutes(self.state).routes(), clock=self.clock, vendor_error=vendor_error, hooks=HOOKS)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.server.url + path, headers=headers, timeout=TIMEOUT_S)

    def api(self, path: str) -> requests.Response:
        return self.get(path, Authorization=f"Bearer {self.state.token}")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(seed=1)


@pytest.fixture
def beatport(catalogue: Catalogue) -> Iterator[Beatport]:
    made = Beatport(catalogue)
    with made.server:
        yield made


def _next_data(page: str) -> dict[str, Any]:
    """The page's JSON, found as a browser would."""

    class Finder(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.inside = False
            self.text = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.inside = tag == "script" and ("id", "__NEXT_DATA__") in attrs and ("type", "application/json") in attrs

        def handle_data(self, data: str) -> None:
            self.text += data if self.inside else ""

        def handle_endtag(self, tag: str) -> None:
            self.inside = False

    finder = Finder()
    finder.feed(page)
    return dict(json.loads(finder.text))


def _queries(page: str) -> list[dict[str, Any]]:
    return list(_next_data(page)["props"]["pageProps"]["dehydratedState"]["queries"])


def _real(name: str) -> str:
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the repository")
    return path.read_text(encoding="utf-8")


def _shape(value: Any) -> Any:
    """Keys all the way down; of a list its first item."""
    if isinstance(value, dict):
        return {key: _shape(item) for key, item in value.items()}
    return [_shape(value[0])] if isinstance(value, list) and value else None


def _lacks(real: Any, ours: Any, path: str = "") -> list[str]:
    """Keys that the real one has and ours has not."""
    if isinstance(real, dict) and isinstance(ours, dict):
        missing = [f"{path}.{key}" for key in real if key not in ours]
        return missing + [lack for key in real if key in ours for lack in _lacks(real[key], ours[key], f"{path}.{key}")]
    return _lacks(real[0], ours[0], f"{path}[]") if isinstance(real, list) and isinstance(ours, list) and real and ours else []


# --- against the real files --------------------------------------------------------------------------------------


def test_a_page_has_every_key_of_the_real_page(beatport: Beatport) -> None:
    real = _queries(_real("beatport-top100-house-2023-10.html"))
    ours = _queries(beatport.get(PAGE).text)
    # The page's own second query lists sub-genres, which the invented genres have none of.
    assert _lacks(_shape(real), _shape(ours)) == []
    assert [query["queryKey"] for query in ours] == [query["queryKey"] for query in real], "same queries in the same order"


def test_every_row_has_every_key_of_the_real_rows(beatport: Beatport) -> None:
    real = json.loads(_real("beatport-top100-melodic-2026-05.json"))
    answer = beatport.api("/v4/catalog/genres/90/top/100/?per_page=100").json()
    assert _lacks(_shape(real), _shape(answer)) == []
    for row in answer["results"]:
        assert set(row) == set(real["results"][0])
        assert set(row["release"]) == set(real["results"][0]["release"])


def test_row_values_are_of_the_real_rows_types(beatport: Beatport) -> None:
    real: dict[str, set[str]] = {}
    for row in json.loads(_real("beatport-top100-melodic-2026-05.json"))["results"]:
        for key, value in row.items():
            real.setdefault(key, {"NoneType"}).add(type(value).__name__)
    for row in beatport.api(API_CHART).json()["results"]:
        wrong = {key: value for key, value in row.items() if type(value).__name__ not in real[key]}
        assert not wrong


# --- pages -------------------------------------------------------------------------------------------------------


def test_a_genre_page_is_read_to_its_hundred_rows(beatport: Beatport, catalogue: Catalogue) -> None:
    entries = parse_page(beatport.get(PAGE).text)
    chart = catalogue.chart(5, 0)
    assert [entry.beatport_id for entry in entries] == [track.track_id for track in chart]
    for entry, track in zip(entries, chart, strict=True):
        assert entry.name == track.name.strip()
        assert entry.mix_name == track.mix_name
        assert entry.artists == tuple(credit.name for credit in track.artists)
        assert entry.remixers == tuple(credit.name for credit in track.remixers)
        assert (entry.isrc, entry.bpm, entry.key) == (track.isrc, track.bpm, track.key)
        assert (entry.release, entry.label) == (track.release, track.label.name)
        assert entry.length_ms == (track.length_ms if track.says_length else track.length_ms // 1000 * 1000)


def test_the_id_decides_and_the_slug_is_decoration(beatport: Beatport) -> None:
    assert parse_page(beatport.get("/genre/whatever/5/top-100").text) == parse_page(beatport.get(PAGE).text)


def test_the_next_day_is_another_chart(beatport: Beatport, catalogue: Catalogue) -> None:
    before = {entry.beatport_id for entry in parse_page(beatport.get(PAGE).text)}
    beatport.day = 1
    after = {entry.beatport_id for entry in parse_page(beatport.get(PAGE).text)}
    assert 0 < len(after - before) < 25
    assert after == {track.track_id for track in catalogue.chart(5, 1)}


def test_the_overall_top_100_has_tracks_of_many_genres(beatport: Beatport) -> None:
    rows = _queries(beatport.get("/top-100").text)[0]["state"]["data"]["results"]
    assert len(rows) == 100
    assert len({row["genre"]["id"] for row in rows}) > 20


def test_on_charts_and_labels_another_query_comes_first(beatport: Beatport) -> None:
    chart = beatport.state.dj_charts()[0]
    label = beatport.state.labels(5)[0]
    for path in (f"/chart/{chart.slug}/{chart.chart_id}", f"/label/any/{label.label_id}/tracks?page=1&per_page=150"):
        first, second = (query["state"]["data"] for query in _queries(beatport.get(path).text))
        assert "results" not in first
        assert second["results"]


def test_a_label_is_read_page_by_page_to_its_count(beatport: Beatport) -> None:
    label = beatport.state.labels(5)[0]
    seen: list[int] = []
    page, pages = 0, 1
    while page < pages:
        data = _queries(beatport.get(f"/label/x/{label.label_id}/tracks?page={page + 1}&per_page=150").text)[1]["state"]["data"]
        page, pages = (int(part) for part in data["page"].split("/"))
        seen += [row["id"] for row in data["results"]]
    assert pages >= 3
    assert len(seen) == len(set(seen)) == data["count"]
    assert beatport.get(f"/label/x/{label.label_id}/tracks?page={pages + 1}&per_page=150").status_code == 404
    assert set(beatport.labels_shown) == {label.label_id}


def test_a_page_that_has_not_changed_costs_no_body(beatport: Beatport) -> None:
    first = beatport.get(PAGE)
    again = beatport.get(PAGE, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    beatport.day = 1
    moved = beatport.get(PAGE, **{"If-None-Match": first.headers["ETag"]})
    assert (moved.status_code, moved.headers["ETag"] != first.headers["ETag"]) == (200, True)


@pytest.mark.parametrize(
    "path", ["/genre/house/4711/top-100", "/genre/house/five/top-100", "/chart/x/1", "/label/x/1/tracks", "/nothing/here", "/genre/house"]
)
def test_what_is_not_there_is_a_page_without_a_chart(beatport: Beatport, path: str) -> None:
    answer = beatport.get(path)
    assert answer.status_code == 404
    assert "dehydratedState" not in _next_data(answer.text)["props"]["pageProps"]


def test_names_cannot_end_the_script_that_they_are_in(beatport: Beatport) -> None:
    embedded = beatport.get(PAGE).text.partition('type="application/json">')[2].partition("</script>")[0]
    assert "<" not in embedded
    assert "&" not in embedded
    json.loads(embedded)


# --- API v4 ------------------------------------------------------------------------------------------------------


def test_the_api_tells_the_same_as_the_page(beatport: Beatport) -> None:
    assert parse_api(beatport.api(API_CHART).json()) == parse_page(beatport.get(PAGE).text)


def test_next_has_no_scheme_and_leads_behind_the_last_row(beatport: Beatport) -> None:
    answer = beatport.api(API_CHART).json()
    assert (answer["count"], len(answer["results"]), answer["page"], answer["previous"]) == (100, 100, "1", None)
    host = beatport.server.url.removeprefix("http://")
    assert answer["next"] == f"{host}/v4/catalog/genres/5/top/100/?per_page=100&hype=false&page=2"
    assert beatport.api(API_CHART + "&page=2").status_code == 404


def test_smaller_pages_add_up(beatport: Beatport) -> None:
    pages = [beatport.api(f"/v4/catalog/genres/5/top/100/?per_page=40&page={page}").json()["results"] for page in (1, 2, 3)]
    assert [len(rows) for rows in pages] == [40, 40, 20]
    assert [row for rows in pages for row in rows] == beatport.api(API_CHART).json()["results"]


def test_the_other_api_lists(beatport: Beatport) -> None:
    chart, label = beatport.state.dj_charts()[3], beatport.state.labels(5)[1]
    assert len(beatport.api("/v4/catalog/genres/?per_page=100").json()["results"]) == len(KNOWN) + len(FURTHER)
    assert len(beatport.api("/v4/catalog/tracks/top/100/?per_page=100").json()["results"]) == 100
    assert 10 <= len(beatport.api(f"/v4/catalog/charts/{chart.chart_id}/tracks/?per_page=100").json()["results"]) <= 30
    rows = beatport.api(f"/v4/catalog/tracks/?label_id={label.label_id}&per_page=150").json()
    assert rows["page"] == "1/2"
    assert {row["release"]["label"]["id"] for row in rows["results"]} == {label.label_id}


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic sandbox-beatport-token"])
def test_the_api_wants_the_token(beatport: Beatport, authorization: str) -> None:
    answer = beatport.get(API_CHART, Authorization=authorization)
    assert (answer.status_code, list(answer.json())) == (401, ["detail"])


def test_the_token_lasts_ten_hours_once_it_is_renewed(beatport: Beatport) -> None:
    beatport.state.renew_token()
    beatport.clock.advance(timedelta(hours=9, minutes=59))
    assert beatport.api(API_CHART).status_code == 200
    beatport.clock.advance(timedelta(minutes=1))
    assert beatport.api(API_CHART).status_code == 401


# --- refusals and faults, as the product meets them --------------------------------------------------------------


def _fetch(beatport: Beatport, home: Path, source: str = "website") -> int:
    """Rows that the product reads."""
    settings = load_settings(
        home=home,
        chart_source=source,
        beatport_url=beatport.server.url,
        beatport_api_url=f"{beatport.server.url}/v4",
        beatport_token=beatport.state.token,
        beatport_interval_s=0,
        http_timeout_s=TIMEOUT_S,
    )
    opened = open_source(settings, sleep=lambda seconds: None, now=lambda: STAMPED)
    return len(fetch_chart(opened, HOUSE, STAMPED).entries)


@pytest.mark.parametrize("source", ["website", "api"])
def test_the_product_reads_it_by_either_way(beatport: Beatport, tmp_path: Path, source: str) -> None:
    assert _fetch(beatport, tmp_path, source) == 100


@pytest.mark.parametrize("source", ["website", "api"])
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"fault": "challenge"}, ChallengeShown),
        ({"fault": "challenge", "status": 200}, ChallengeShown),
        ({"fault": "malformed"}, (PageShapeChanged, UpstreamDown)),
        ({"fault": "half_page"}, (PageShapeChanged, UpstreamDown)),
        ({"fault": "server_error", "status": 503}, UpstreamDown),
        ({"fault": "drop"}, UpstreamDown),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_each_fault_is_met_by_its_error(
    beatport: Beatport, tmp_path: Path, source: str, fault: dict[str, Any], expected: type[BeatporterError]
) -> None:
    beatport.server.faults.add(count=None, **fault)
    with pytest.raises(expected):
        _fetch(beatport, tmp_path, source)


def test_the_challenge_has_its_signs(beatport: Beatport) -> None:
    beatport.server.faults.add(fault="challenge")
    beatport.server.faults.add(fault="challenge", status=200)
    refused, shown = beatport.get(PAGE), beatport.get(PAGE)
    assert (refused.status_code, refused.headers["cf-mitigated"]) == (403, "challenge")
    assert shown.status_code == 200
    assert "cf-mitigated" not in shown.headers
    for answer in (refused, shown):
        assert "<title>Just a moment...</title>" in answer.text
        assert "__NEXT_DATA__" not in answer.text


def test_haste_brings_the_challenge_until_it_is_over(beatport: Beatport) -> None:
    beatport.state.max_per_second = 2
    assert [beatport.get(PAGE).status_code for _ in range(3)] == [200, 200, 403]
    beatport.clock.advance(10)
    assert beatport.get(PAGE).status_code == 403
    beatport.clock.advance(21)
    assert beatport.get(PAGE).status_code == 200


def test_an_empty_and_a_short_chart_are_states(beatport: Beatport, tmp_path: Path) -> None:
    beatport.state.empty_charts.add(5)
    with pytest.raises(ChartUnavailable):
        _fetch(beatport, tmp_path)
    beatport.state.empty_charts.clear()
    beatport.state.short_charts[5] = 40
    data = _queries(beatport.get(PAGE).text)[0]["state"]["data"]
    assert (len(data["results"]), data["count"]) == (40, 100)


def test_an_unknown_genre_and_a_dead_token_are_told_apart(beatport: Beatport, tmp_path: Path) -> None:
    del beatport.state.genres[5]
    with pytest.raises((RequestRefused, ChartUnavailable)):
        _fetch(beatport, tmp_path)
    beatport.state.renew_token()
    beatport.clock.advance(timedelta(hours=11))
    with pytest.raises(SignInExpired):
        _fetch(beatport, tmp_path, "api")
