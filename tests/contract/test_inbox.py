"""Charts that the person provides: files in the inbox's folder, and pages sent by their browser."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from beatporter.beatport.parser import next_data
from beatporter.errors import ChartUnavailable, SettingsError
from beatporter.http.limits import MAX_BODY_BYTES
from beatporter.ledger.ledger import open_ledger
from beatporter.settings import Settings, load_settings
from beatporter.sync.inbox import LASTS, Inbox, InboxResult, make_inbox
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from cli.inbox import watch
from cli.inbox_server import InboxServer
from sandbox.world import Options, Sandbox
from tests.timeouts import TIMEOUT_S

REAL = Path(__file__).parents[3] / "shared" / "real"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Options(genres=("dubstep", "house"))) as running:
        yield running


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> Settings:
    labels = {"Own": f"any/{sandbox.beatport.labels(5)[3].label_id}"}
    charts = {"Weekend": "chart:weekend-picks-%Y-week-%V", "Ten": {"chart": "overall", "top": 10}}
    made = load_settings(home=tmp_path / "home", chart_source="inbox", beatport_url=sandbox.beatport_url, labels=labels, charts=charts)
    make_inbox(made)
    return made


class Desk:
    """The inbox with its own clock."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.ledger = settings, open_ledger(settings.ledger_address())
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.inbox = Inbox(settings, self.ledger, now=lambda: self.now)

    def put(self, name: str, content: bytes | str) -> Path:
        path = self.inbox.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, name: str) -> list[int]:
        slug = self.settings.find_list(name).slug
        with Workspace(self.settings, self.ledger, run_key="run", slug=slug, now=lambda: self.now) as workspace:
            return scrape_chart(workspace, slug)


@pytest.fixture
def desk(settings: Settings) -> Desk:
    return Desk(settings)


def page(sandbox: Sandbox, path: str) -> bytes:
    with urllib.request.urlopen(f"{sandbox.beatport_url}{path}", timeout=TIMEOUT_S) as answer:
        found: bytes = answer.read()
        return found


def api(sandbox: Sandbox, path: str) -> bytes:
    request = urllib.request.Request(f"{sandbox.beatport_api_url}{path}", headers={"Authorization": f"Bearer {sandbox.beatport.token}"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        found: bytes = answer.read()
        return found


def ids(sandbox: Sandbox, slug: str) -> list[int]:
    return [track.track_id for track in sandbox.world.chart(slug)]


def test_a_saved_page_is_taken_moved_away_and_used_by_that_days_runs_only(desk: Desk, sandbox: Sandbox) -> None:
    file = desk.put("whatever.html", page(sandbox, "/genre/house/5/top-100"))
    assert desk.inbox.take_files() == [InboxResult("whatever.html", "House, 100 entries, today.", accepted=True)]
    assert not file.exists()
    assert (desk.inbox.folder / "done" / "whatever.html").exists()
    desk.now += timedelta(hours=1)
    assert desk.run("house") == ids(sandbox, "house")
    desk.now += timedelta(hours=8)
    assert desk.run("house") == ids(sandbox, "house"), "the evening's run uses it too"
    chart = desk.ledger.charts.latest(5)
    assert chart is not None
    assert desk.now - chart.scraped_at >= timedelta(hours=9), "a run must not make it look newer than it is"
    desk.now += LASTS
    with pytest.raises(ChartUnavailable, match="Nobody handed House over today"):
        desk.run("house")


def test_a_run_reads_the_folder_by_itself(desk: Desk, sandbox: Sandbox) -> None:
    desk.put("dubstep.json", api(sandbox, "/catalog/genres/18/top/100/?per_page=100"))
    assert desk.run("dubstep") == ids(sandbox, "dubstep")


def test_every_kind_of_page_says_itself_which_list_it_is_of(desk: Desk, sandbox: Sandbox) -> None:
    label = sandbox.beatport.labels(5)[3]
    weekly = sandbox.beatport.charts_like("weekend", None)[0]
    desk.now = datetime.combine(weekly.published, datetime.min.time(), UTC) + timedelta(hours=13)
    for name, path, said in (
        ("a.html", "/top-100", "Overall - Top 100, "),
        ("b.html", "/genre/house/5/hype-100", "House - Hype 100, "),
        ("c.html", f"/label/any/{label.label_id}/tracks?page=1&per_page=150", "Own, "),
        ("d.html", f"/chart/{weekly.slug}/{weekly.chart_id}", "Weekend, "),
    ):
        desk.put(name, page(sandbox, path))
        taken = desk.inbox.take_files()
        assert taken[0].accepted, taken
        assert taken[0].message.startswith(said)
    assert len(desk.run("Ten")) == 10, "the first ten of what was handed over whole"
    assert desk.run("Weekend") == [track.track_id for track in sandbox.beatport.dj_chart(weekly.chart_id)[1].tracks]
    assert len(desk.run("Own")) > 5


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.html", "<html><title>Just a moment...</title></html>", "Beatport's challenge"),
        ("x.html", "<html><body>Hello</body></html>", "__NEXT_DATA__"),
        ("x.json", '{"hello": 1}', "neither a page of Beatport with a chart"),
        ("x.json", '[{"id": 1, "name": "A", "artists": [{"name": "B"}]}]', "does not say which chart"),
        ("x.json", b"\xff\xfe\x00", "no valid JSON"),
        ("x.json", '{"results": []', "is incomplete"),
    ],
)
def test_a_rejected_file_stays_with_a_text_that_says_why(desk: Desk, name: str, content: str | bytes, says: str) -> None:
    file = desk.put(name, content)
    os.utime(file, (time.time() - 60, time.time() - 60))
    taken = desk.inbox.take_files()
    assert [one.accepted for one in taken] == [False]
    assert says in taken[0].message
    assert file.exists()
    assert says in (desk.inbox.folder / f"{name}.why.txt").read_text()
    assert desk.inbox.take_files() == [], "it is said once"


def test_a_file_that_is_still_being_written_is_looked_at_again(desk: Desk, sandbox: Sandbox) -> None:
    whole = page(sandbox, "/genre/house/5/top-100")
    desk.put("house.html", whole[: len(whole) // 2])
    assert desk.inbox.take_files() == []
    desk.put("house.html", whole)
    assert desk.inbox.take_files()[0].accepted


def test_a_file_of_last_week_is_kept_and_is_not_todays(desk: Desk, sandbox: Sandbox) -> None:
    file = desk.put("house.html", page(sandbox, "/genre/house/5/top-100"))
    os.utime(file, (time.time() - 7 * 86_400,) * 2)
    assert "too old to be used as today's" in desk.inbox.take_files()[0].message
    with pytest.raises(ChartUnavailable):
        desk.run("house")


def test_a_page_of_an_empty_chart_is_reported(desk: Desk, sandbox: Sandbox) -> None:
    sandbox.beatport.empty_charts.add(5)
    try:
        desk.put("x.html", page(sandbox, "/genre/house/5/top-100"))
    finally:
        sandbox.beatport.empty_charts.clear()
    assert "handed over is empty" in desk.inbox.take_files()[0].message


@pytest.mark.skipif(not REAL.exists(), reason="the shared folder of real files is not here")
def test_real_files_are_accepted(desk: Desk) -> None:
    desk.put("a.html", (REAL / "beatport-top100-house-2023-10.html").read_bytes())
    desk.put("b.json", (REAL / "beatport-top100-melodic-2026-05.json").read_bytes())
    said = [taken.message for taken in desk.inbox.take_files()]
    assert said == ["House, 100 entries, today.", "Melodic House & Techno, 100 entries, today."]


# --- the server ------------------------------------------------------------------------------------------------------


@pytest.fixture
def server(settings: Settings, desk: Desk) -> Iterator[InboxServer]:
    with InboxServer(settings, desk.inbox, port=0) as running:
        yield running


def send(
    address: str, method: str = "POST", body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, str, Mapping[str, str]]:
    request = urllib.request.Request(address, data=body, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def handed(sandbox: Sandbox, path: str = "/genre/house/5/top-100", **changes: Any) -> bytes:
    data = json.dumps(next_data(page(sandbox, path)))
    return json.dumps({"address": f"{sandbox.beatport_url}{path}", "data": data, **changes}).encode()


def test_a_page_from_the_browser_is_answered_with_what_was_read(server: InboxServer, sandbox: Sandbox, desk: Desk) -> None:
    origin = {"Origin": sandbox.beatport_url, "Content-Type": "application/json"}
    status, said, headers = send(f"{server.address}/page", body=handed(sandbox), headers=origin)
    assert (status, said) == (200, "House, 100 entries, today.")
    assert headers["Access-Control-Allow-Origin"] == sandbox.beatport_url
    assert desk.run("house") == ids(sandbox, "house")
    _, shown, _ = send(f"{server.address}/", "GET")
    assert "House, 100 entries, today." in shown


def test_preflights_are_answered_for_beatports_origin_only(server: InboxServer, sandbox: Sandbox) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true"}
    status, _, headers = send(f"{server.address}/page", "OPTIONS", headers={"Origin": sandbox.beatport_url, **asks})
    assert status == 204
    assert headers["Access-Control-Allow-Origin"] == sandbox.beatport_url
    assert headers["Access-Control-Allow-Private-Network"] == "true"
    assert "content-type" in headers["Access-Control-Allow-Headers"]
    for origin in ("https://evil.example", f"{sandbox.beatport_url}.evil.example", "null", ""):
        status, _, headers = send(f"{server.address}/page", "OPTIONS", headers={"Origin": origin, **asks})
        assert status == 403
        assert not [name for name in headers if name.lower().startswith("access-control")]


def test_nothing_is_taken_from_another_origin_host_or_without_the_secret(server: InboxServer, sandbox: Sandbox, desk: Desk) -> None:
    body, good = handed(sandbox), {"Origin": sandbox.beatport_url}
    base = server.address.rpartition("/")[0]
    for address, headers, expected in (
        (f"{server.address}/page", {"Origin": "https://evil.example"}, 403),
        (f"{server.address}/page", {}, 403),
        (f"{server.address}/page", {**good, "Host": "evil.example"}, 404),
        (f"{base}/page", good, 404),
        (f"{base}/{'x' * 32}/page", good, 404),
        (f"{server.address}/other", good, 404),
    ):
        assert send(address, body=body, headers=headers)[0] == expected
    assert send(f"{server.address[:-1]}/", "GET")[0] == 404
    assert desk.ledger.charts.latest(5) is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"data": "{"}, "not JSON"),
        ({"data": 7}, "not what the bookmarklet sends"),
        ({"address": "https://www.example.org/genre/house/5/top-100"}, "a page of www.example.org, not of Beatport"),
        ({"address": "GENRE/genre/dubstep/18/top-100"}, "data is still that of the chart of genre 5. Reload"),
        ({"address": "GENRE/my-library"}, "shows no chart"),
        ({"data": '{"props": {}, "page": "/track/[description]/[id]", "query": {"id": "1"}}'}, "Beatport may have changed"),
    ],
)
def test_rejected_requests_of_the_browser_get_a_message(
    changes: dict[str, Any], says: str, server: InboxServer, sandbox: Sandbox, desk: Desk
) -> None:
    changes = {key: value.replace("GENRE", sandbox.beatport_url) if isinstance(value, str) else value for key, value in changes.items()}
    status, said, _ = send(f"{server.address}/page", body=handed(sandbox, **changes), headers={"Origin": sandbox.beatport_url})
    assert status in (400, 422)
    assert says in said
    assert desk.ledger.charts.latest(5) is None


def test_a_body_without_end_is_not_read(server: InboxServer, sandbox: Sandbox) -> None:
    headers = {"Origin": sandbox.beatport_url, "Content-Length": str(MAX_BODY_BYTES + 1)}
    assert send(f"{server.address}/page", body=b"{", headers=headers)[0] == 413


def test_the_secret_is_permanent_and_private(server: InboxServer, settings: Settings, desk: Desk) -> None:
    with InboxServer(settings, desk.inbox, port=0) as again:
        assert again.secret == server.secret
    file = settings.home / "inbox-secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(server.secret) >= 32


def test_a_port_in_use_is_reported(server: InboxServer, settings: Settings, desk: Desk) -> None:
    port = int(server.address.split(":")[2].split("/")[0])
    with pytest.raises(SettingsError, match=f"Port {port}"):
        InboxServer(settings, desk.inbox, port=port)


def test_watching_says_what_became_of_files_and_pages_once(server: InboxServer, sandbox: Sandbox, desk: Desk) -> None:
    said: list[str] = []
    rounds = iter(range(4))

    def sleep(_: float) -> None:
        number = next(rounds)
        if number == 0:
            desk.put("house.html", page(sandbox, "/genre/house/5/top-100"))
        elif number == 1:
            server.take(handed(sandbox, "/genre/dubstep/18/top-100"))
        elif number == 3:
            raise KeyboardInterrupt

    watch(server, lambda taken: said.append(taken.message), sleep=sleep)
    assert said == ["House, 100 entries, today.", "Dubstep, 100 entries, today."]
