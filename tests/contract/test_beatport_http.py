"""The website and the API over real HTTP: what comes back is a chart or an error that says why, politely asked for.

The server is a threaded one on 127.0.0.1 that answers from a list, so that it can also break off, redirect and lie.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from beatporter.beatport.sources import fetch_chart, open_source
from beatporter.errors import (
    BeatporterError,
    ChallengeShown,
    ChartUnavailable,
    PageShapeChanged,
    RateLimited,
    RequestRefused,
    SettingsError,
    SignInExpired,
    UpstreamDown,
)
from beatporter.genres import KNOWN
from beatporter.http.limits import MAX_BODY_BYTES
from beatporter.records.chart import Chart
from beatporter.settings import load_settings
from tests.timeouts import TIMEOUT_S

HOUSE = next(genre for genre in KNOWN if genre.slug == "house")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOKEN = "sesame-0123456789"
PAGE_PATH = "/genre/house/5/top-100"


@dataclass
class Reply:
    """One answer; `send` bytes of it, all when None."""

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    send: int | None = None
    drop: bool = False


@dataclass
class Asked:
    path: str
    headers: dict[str, str]


class Beatport:
    """Answers request after request from a list; the last one stays."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.asked: list[Asked] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}))
                reply = owner.replies.pop(0) if len(owner.replies) > 1 else owner.replies[0]
                self.close_connection = True
                if reply.drop:
                    return
                body = reply.body.encode() if isinstance(reply.body, str) else reply.body
                self.send_response(reply.status)
                headers = {
                    "Content-Type": "text/html; charset=utf-8",
                    "Content-Length": str(len(body)),
                    "Connection": "close",
                    **reply.headers,
                }
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body[: reply.send])

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def beatport() -> Iterator[Beatport]:
    server = Beatport()
    yield server
    server.close()


@dataclass
class Reader:
    """Reads House from the server, and remembers the pauses that it would have made."""

    home: Path
    url: str
    slept: list[float] = field(default_factory=list)

    def __call__(self, source: str = "website", **overrides: Any) -> Chart:
        values = {
            "home": self.home,
            "chart_source": source,
            "beatport_url": self.url,
            "beatport_api_url": f"{self.url}/v4",
            "beatport_token": TOKEN,
            "beatport_interval_s": 0,
            "http_timeout_s": TIMEOUT_S,
        }
        settings = load_settings(**{**values, **overrides})
        return fetch_chart(open_source(settings, sleep=self.slept.append, now=lambda: NOW), HOUSE, NOW)


@pytest.fixture
def read(tmp_path: Path, beatport: Beatport) -> Reader:
    return Reader(tmp_path / "home", beatport.url)


def rows(count: int = 100, first: int = 1) -> list[dict[str, Any]]:
    return [
        {"id": n, "name": f"Títle {n}", "artists": [{"name": "A"}], "mix_name": "Original Mix", "remixers": [{"name": "R"}]}
        for n in range(first, first + count)
    ]


def page(genre_id: int = 5, **around: Any) -> str:
    data = {"results": rows(), "count": 100, "page": "1", "per_page": 100, **around}
    queries = [
        {"state": {"data": {"id": genre_id, "name": "House"}}, "queryKey": ["genre-5"]},
        {"state": {"data": data}, "queryKey": ["x"]},
    ]
    document = {
        "props": {"pageProps": {"dehydratedState": {"queries": queries}}},
        "page": "/genre/[description]/[id]/top-100",
        "query": {"id": str(genre_id)},
    }
    return f'<html><body><script id="__NEXT_DATA__" type="application/json">{json.dumps(document)}</script></body></html>'


def answer(**around: Any) -> Reply:
    next_address = "api.beatport.com/v4/catalog/genres/5/top/100/?per_page=100&page=2"
    document = {"results": rows(), "count": 100, "page": "1", "per_page": 100, "next": next_address, **around}
    return Reply(json.dumps(document), headers={"Content-Type": "application/json"})


# --- the website ---


def test_a_page_is_one_polite_request(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply(page())]
    chart = read()
    assert [entry.beatport_id for entry in chart.entries] == list(range(1, 101))
    assert [asked.path for asked in beatport.asked] == [PAGE_PATH]
    assert beatport.asked[0].headers["user-agent"].startswith("beatporter")
    assert "authorization" not in beatport.asked[0].headers, "the API's token went to the website"


def test_an_unchanged_page_is_not_sent_again(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply(page(), headers={"ETag": '"one"', "Last-Modified": "Fri, 20 Nov 2026 00:00:00 GMT"}), Reply(status=304)]
    first, second = read(), read()
    assert second == first
    assert "if-none-match" not in beatport.asked[0].headers
    assert beatport.asked[1].headers["if-none-match"] == '"one"'
    assert beatport.asked[1].headers["if-modified-since"] == "Fri, 20 Nov 2026 00:00:00 GMT"


def test_a_changed_page_replaces_the_kept_one(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [
        Reply(page(), headers={"ETag": '"one"'}),
        Reply(page(results=rows(first=500)), headers={"ETag": '"two"'}),
        Reply(status=304),
    ]
    read()
    assert read().entries[0].beatport_id == 500
    assert read().entries[0].beatport_id == 500
    assert beatport.asked[2].headers["if-none-match"] == '"two"'


def test_a_kept_page_that_is_damaged_or_of_another_address_is_not_used(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply(page(), headers={"ETag": '"one"'})]
    read()
    kept = next((read.home / "beatport").glob("page-5.json"))
    whole = kept.read_text()
    for damaged in (whole[:200], whole.replace(beatport.url, "http://other"), "[]", whole.replace('"position"', '"rank"')):
        kept.write_text(damaged)
        read()
        assert "if-none-match" not in beatport.asked[-1].headers, f"used {damaged[:60]}"


def test_a_page_is_read_although_its_rows_cannot_be_kept(beatport: Beatport, read: Reader, tmp_path: Path) -> None:
    beatport.replies = [Reply(page(), headers={"ETag": '"one"'})]
    (tmp_path / "file").write_text("")
    assert len(read(home=tmp_path / "file").entries) == 100


CHALLENGES = [
    Reply("<html><head><title>Just a moment...</title></head></html>", 403, {"cf-mitigated": "challenge"}),
    Reply("x", 403, {"cf-mitigated": "challenge"}),
    Reply("<html><head><title>Just a moment...</title></head></html>", 200),
    Reply("<html><head><title>Access</title></head></html>", 403),
    Reply("<html><head><title>Just a moment...</title></head></html>", 503, {"Retry-After": "5"}),
]


@pytest.mark.parametrize("challenge", CHALLENGES)
@pytest.mark.parametrize("source", ["website", "api"])
def test_a_challenge_is_taken_as_a_no_at_once(beatport: Beatport, read: Reader, challenge: Reply, source: str) -> None:
    beatport.replies = [challenge, Reply(page())]
    with pytest.raises(ChallengeShown, match="proof of a human"):
        read(source)
    assert len(beatport.asked) == 1, "a challenge was asked again"


def test_the_page_of_another_genre_is_refused(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply(page(genre_id=11))]
    with pytest.raises(PageShapeChanged, match=r"genre 11, not House \(5\)"):
        read()


def test_an_empty_chart_is_no_chart(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply(page(results=[], count=0))]
    with pytest.raises(ChartUnavailable, match="House is empty"):
        read()


def test_another_kind_of_file_is_no_page(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply(b"\x89PNG", headers={"Content-Type": "image/png"})]
    with pytest.raises(PageShapeChanged, match="image/png"):
        read()


def test_a_body_beyond_reason_is_not_read_to_its_end(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply(b" " * (MAX_BODY_BYTES + 1))]
    with pytest.raises(PageShapeChanged, match="bytes"):
        read()


# --- both: what a retry helps against, and what not ---

GOOD: dict[str, Callable[[], Reply]] = {"website": lambda: Reply(page()), "api": answer}
PASSING = {
    "500": Reply("oops", 500),
    "503 with a page": Reply("<html><title>Maintenance</title></html>", 503),
    "429": Reply("slow down", 429, {"Retry-After": "7"}),
    "no answer": Reply(drop=True),
    "broken off": Reply(page(), send=500),
    "cut off, but whole to HTTP": Reply(page()[:5_000]),
}


@pytest.mark.parametrize("source", ["website", "api"])
@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_tried_again(beatport: Beatport, read: Reader, fault: str, source: str) -> None:
    beatport.replies = [PASSING[fault], PASSING[fault], GOOD[source]()]
    assert len(read(source).entries) == 100
    assert len(beatport.asked) == 3
    assert read.slept == ([7.0, 8.0] if fault == "429" else [2.0, 8.0])


@pytest.mark.parametrize("source", ["website", "api"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [("500", UpstreamDown), ("429", RateLimited), ("no answer", UpstreamDown), ("broken off", UpstreamDown)],
)
def test_what_stays_is_told_after_three_attempts(
    beatport: Beatport, read: Reader, fault: str, error: type[BeatporterError], source: str
) -> None:
    beatport.replies = [PASSING[fault]]
    with pytest.raises(error, match=r"127\.0\.0\.1"):
        read(source)
    assert len(beatport.asked) == 3


def test_a_page_that_stays_half_there_is_an_error_and_never_a_short_chart(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply(page(results=rows(50)))]
    with pytest.raises(PageShapeChanged, match="50 rows of 100"):
        read()
    assert len(beatport.asked) == 3


def test_a_wait_beyond_a_minute_is_handed_up_instead_of_sat_out(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply("", 429, {"Retry-After": "Fri, 20 Nov 2026 13:00:00 GMT"})]
    with pytest.raises(RateLimited) as caught:
        read()
    assert caught.value.retry_after_s == 3_600
    assert (len(beatport.asked), read.slept) == (1, [])


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply("<html>gone</html>", 404), ChartUnavailable),
        (Reply("bad", 400), RequestRefused),
        (Reply('{"detail": "no"}', 403), RequestRefused),
        (Reply("", 302, {"Location": PAGE_PATH}), RequestRefused),
        (Reply("", 304), PageShapeChanged),
    ],
)
def test_a_refusal_is_asked_once_and_told(beatport: Beatport, read: Reader, reply: Reply, error: type[BeatporterError]) -> None:
    beatport.replies = [reply]
    with pytest.raises(error):
        read()
    assert len(beatport.asked) == (6 if reply.status == 302 else 1)


def test_a_server_that_is_not_there_is_told_without_user_and_password(tmp_path: Path, beatport: Beatport) -> None:
    port = beatport.url.rpartition(":")[2]
    beatport.close()
    reader = Reader(tmp_path, f"http://someone:hush@127.0.0.1:{port}")
    with pytest.raises(UpstreamDown, match="could not be reached") as caught:
        reader()
    assert "hush" not in str(caught.value)
    beatport.__init__()  # type: ignore[misc]  # a server for the fixture to close


@pytest.mark.parametrize("url", ["http://", "http://exa mple", "http://[::1"])
def test_an_address_that_is_none_is_a_matter_of_settings(tmp_path: Path, url: str) -> None:
    with pytest.raises(BeatporterError, match=r"BEATPORTER_BEATPORT_URL|could not be reached"):
        Reader(tmp_path, url)()


def test_requests_keep_the_pause_between_them(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply(page())]
    read(beatport_interval_s=500)
    read(beatport_interval_s=500)
    assert len(read.slept) == 1
    assert 400 < read.slept[0] <= 500


# --- the API ---


def test_the_api_is_asked_once_with_the_token_and_next_is_not_followed(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [answer()]
    assert len(read("api").entries) == 100
    assert [asked.path for asked in beatport.asked] == ["/v4/catalog/genres/5/top/100/?per_page=100"]
    assert beatport.asked[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_further_pages_are_asked_for_while_rows_are_missing(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [answer(results=rows(50, first), per_page=50, page=number) for number, first in ((1, 1), (2, 51))]
    chart = read("api")
    assert [(entry.position, entry.beatport_id) for entry in chart.entries] == [(n, n) for n in range(1, 101)]
    assert [asked.path.partition("?")[2] for asked in beatport.asked] == ["per_page=100", "per_page=100&page=2"]


def test_a_dead_token_is_told_with_what_to_do_and_without_the_token(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply(json.dumps({"detail": f"Invalid token {TOKEN}"}), 401, {"Content-Type": "application/json"})]
    with pytest.raises(SignInExpired, match="BEATPORTER_BEATPORT_TOKEN") as caught:
        read("api")
    assert TOKEN not in str(caught.value)
    assert len(beatport.asked) == 1


@pytest.mark.parametrize("token", [None, "", "  ", "two words", "línea", "a\nb"])
def test_a_token_that_is_missing_or_cannot_be_one_is_told_before_anything_is_asked(
    beatport: Beatport, read: Reader, token: str | None
) -> None:
    with pytest.raises(SettingsError, match="BEATPORTER_BEATPORT_TOKEN") as caught:
        read("api", beatport_token=token)
    assert not (token and token.strip() and token in str(caught.value))
    assert beatport.asked == []


def test_the_token_does_not_follow_a_redirect_to_another_host(beatport: Beatport, read: Reader) -> None:
    elsewhere = Beatport()
    elsewhere.replies = [answer()]
    beatport.replies = [Reply("", 302, {"Location": elsewhere.url.replace("127.0.0.1", "localhost") + "/x"})]
    try:
        read("api")
        assert "authorization" not in elsewhere.asked[0].headers
    finally:
        elsewhere.close()


def test_html_instead_of_json_is_an_answer_that_is_none(beatport: Beatport, read: Reader) -> None:
    beatport.replies = [Reply("<html><body>We are back soon</body></html>")]
    with pytest.raises(UpstreamDown, match="did not answer with JSON"):
        read("api")
