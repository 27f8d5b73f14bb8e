"""The sources against the sandbox: every source returns the same chart for a genre, and each fault is reported correctly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from beatporter.beatport.sources import fetch_chart, open_source
from beatporter.clock import utc_now
from beatporter.errors import (
    BeatporterError,
    ChallengeShown,
    ChartUnavailable,
    PageShapeChanged,
    RateLimited,
    SignInExpired,
    UpstreamDown,
)
from beatporter.genres import Genre, find_genre
from beatporter.records.chart import Chart
from beatporter.settings import load_settings
from sandbox.world import Options, Sandbox
from tests.timeouts import TIMEOUT_S

SLUGS = ("house", "techno-peak-time-driving")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=SLUGS)) as running:
        yield running


@pytest.fixture(autouse=True)
def without_faults(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.faults.clear()


def read(sandbox: Sandbox, home: Path, source: str, slug: str = "house", *, genre: Genre | None = None, **overrides: Any) -> Chart:
    values = {
        "home": home,
        "chart_source": source,
        "beatport_url": sandbox.beatport_url,
        "beatport_api_url": sandbox.beatport_api_url,
        "beatport_token": sandbox.beatport.token,
        "beatport_interval_s": 0,
        "http_timeout_s": TIMEOUT_S,
    }
    settings = load_settings(**{**values, **overrides})
    genre = genre or find_genre(slug, settings.all_genres())
    return fetch_chart(open_source(settings, sleep=lambda _: None), genre, utc_now())


@pytest.mark.parametrize("slug", SLUGS)
def test_website_api_and_saved_page_give_the_same_chart(sandbox: Sandbox, tmp_path: Path, slug: str) -> None:
    website = read(sandbox, tmp_path, "website", slug).entries
    genre_id = find_genre(slug, load_settings().all_genres()).genre_id
    page = requests.get(f"{sandbox.beatport_url}/genre/any-slug/{genre_id}/top-100", timeout=TIMEOUT_S)
    (tmp_path / "saved page.html").write_bytes(page.content)
    assert len(website) == 100
    assert [entry.position for entry in website] == list(range(1, 101))
    assert read(sandbox, tmp_path, "api", slug).entries == website
    assert read(sandbox, tmp_path, "file", slug, chart_files=tmp_path).entries == website


def test_a_days_page_is_sent_once_and_the_next_days_is_another(sandbox: Sandbox, tmp_path: Path) -> None:
    first = read(sandbox, tmp_path, "website")
    seen = sandbox.requests.count(service="beatport")
    assert read(sandbox, tmp_path, "website").entries == first.entries
    assert sandbox.requests.count(service="beatport", status=304) >= 1, "the page was sent again although it had not changed"
    assert sandbox.requests.count(service="beatport") == seen + 1
    sandbox.next_day()
    assert read(sandbox, tmp_path, "website").entries != first.entries


FAULTS: list[tuple[dict[str, Any], type[BeatporterError]]] = [
    ({"fault": "challenge"}, ChallengeShown),
    ({"fault": "challenge", "status": 200}, ChallengeShown),
    ({"fault": "malformed"}, PageShapeChanged),
    ({"fault": "half_page"}, PageShapeChanged),
    ({"fault": "truncated"}, PageShapeChanged),
    ({"fault": "cut_off"}, UpstreamDown),
    ({"fault": "html"}, PageShapeChanged),
    ({"fault": "empty"}, PageShapeChanged),
    ({"fault": "rate_limited"}, RateLimited),
    ({"fault": "server_error", "status": 502}, UpstreamDown),
    ({"fault": "drop"}, UpstreamDown),
    ({"fault": "hang", "seconds": 10 * TIMEOUT_S}, UpstreamDown),
]


@pytest.mark.parametrize(("rule", "error"), FAULTS, ids=lambda value: str(value.get("fault")) if isinstance(value, dict) else None)
def test_each_fault_of_the_website_is_told_as_what_it_is(
    sandbox: Sandbox, tmp_path: Path, rule: dict[str, Any], error: type[BeatporterError]
) -> None:
    sandbox.faults.add(service="beatport", count=None, **rule)
    patience_s = 0.3 if rule["fault"] == "hang" else TIMEOUT_S  # every request hangs: none is answered late
    with pytest.raises(error) as caught:
        read(sandbox, tmp_path, "website", http_timeout_s=patience_s)
    assert type(caught.value) is error
    assert caught.value.remedy, "the error does not say what to do"


@pytest.mark.parametrize("fault", ["truncated", "cut_off", "half_page", "rate_limited", "server_error", "drop"])
@pytest.mark.parametrize(("source", "service"), [("website", "beatport"), ("api", "beatport-api")])
def test_a_fault_that_passes_costs_another_request_and_nothing_else(
    sandbox: Sandbox, tmp_path: Path, fault: str, source: str, service: str
) -> None:
    whole = read(sandbox, tmp_path / "before", source)
    sandbox.faults.add(service=service, fault=fault, count=2)
    assert read(sandbox, tmp_path, source).entries == whole.entries


def test_a_wrong_token_and_a_genre_that_is_not_there(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(SignInExpired):
        read(sandbox, tmp_path, "api", beatport_token="another")
    for source in ("website", "api"):
        with pytest.raises(ChartUnavailable, match="99999"):
            read(sandbox, tmp_path, source, genre=Genre("gone", 99_999, "Gone"))
