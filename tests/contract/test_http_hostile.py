"""Answers that lie, drip, never end or make no sense, from every service: each ends in one of our errors, in little memory.

The servers are real ones, over sockets. No time is asserted: waiting without end runs into pytest's own time-out.
"""

from __future__ import annotations

import gzip
import ipaddress
import json
import math
import random
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from beatporter.errors import BeatporterError, PageShapeChanged, QuotaExceeded, RateLimited, RequestRefused, UpstreamDown
from beatporter.http.http_result import Answer, Down
from beatporter.http.limits import MAX_PAGES, MAX_RETRY_AFTER_S
from beatporter.http.session import HttpSession
from tests.contract.hostile_client import SERVICES, ask
from tests.contract.hostile_server import HTML, HUGE, MEGABYTE, OK, SLOW, HostileServer, Reply, plainly, rawly, repeated

ROOT = Path(__file__).parents[2]
MAX_PEAK_MB = 80
"""Above the start; the worst was 57, a page of 4 MB whose text takes four bytes for each character."""
READS = tuple(service for service in SERVICES if service != "spotify write")
EACH_PATH = ("spotify write", "accounts", "website")
"""Services that share only the session; the others share one path."""
AT_ONCE_S = 20.0
"""A time-out that none of these answers comes near."""

HUGE_PAGES = {
    "a page of wide characters": '<html><script id="__NEXT_DATA__">{"a": "' + "x" * (4 * MEGABYTE - 200) + '\U0001f3b5"}</script></html>',
    "tags that never end": "<html>" + "<a " * 1_300_000,
    "titles that never end": "<title" * 600_000,
    "scripts that never end": "<script __NEXT_DATA__>" * 180_000,
}


def hostile(service: str, reply: Reply) -> HostileServer:
    """A server that answers like that at the service's address; it gives access tokens properly to any other."""
    return HostileServer(reply, **({"/api/token": reply} if service == "accounts" else {}))


def page(text: str) -> Reply:
    return rawly(f"HTTP/1.1 200 OK\r\n{HTML}\r\nConnection: close\r\nContent-Length: {len(text.encode())}\r\n\r\n{text}".encode())


@pytest.mark.parametrize("service", EACH_PATH)
@pytest.mark.parametrize("name", HUGE)
def test_endless_answers_are_dropped(tmp_path: Path, name: str, service: str) -> None:
    with hostile(service, HUGE[name]) as server, pytest.raises((UpstreamDown, PageShapeChanged)) as caught:
        ask(service, server.url, tmp_path, timeout_s=AT_ONCE_S)
    if isinstance(caught.value, UpstreamDown):
        assert caught.value.outcome_unknown is (service == "spotify write")


@pytest.mark.parametrize("name", HUGE_PAGES)
def test_a_page_of_nonsense_is_read_quickly(tmp_path: Path, name: str) -> None:
    with HostileServer(page(HUGE_PAGES[name])) as server, pytest.raises(PageShapeChanged):
        ask("website", server.url, tmp_path, timeout_s=AT_ONCE_S)


@pytest.mark.parametrize("service", EACH_PATH)
@pytest.mark.parametrize("name", SLOW)
def test_dripping_answers_are_dropped(tmp_path: Path, name: str, service: str) -> None:
    with hostile(service, SLOW[name]) as server, pytest.raises(UpstreamDown):
        ask(service, server.url, tmp_path, timeout_s=0.05)


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A TLS server context, with a certificate that the session trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hostile")])
    now = datetime.now(UTC)
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    certificate = made.add_extension(addresses, critical=False).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    file = tmp_path / "certificate.pem"
    file.write_bytes(certificate + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("name", ["a byte at a time", "a dripping header", "an endless body", "endless 100 Continue"])
def test_tls_is_bounded_as_well(tls: ssl.SSLContext, name: str) -> None:
    with HttpSession(0.2) as session, HostileServer({**HUGE, **SLOW}[name], tls=tls) as server:
        sent = session.send("GET", server.url)
    assert isinstance(sent, Down)
    assert sent.unknown, "no connection was made"


def test_tls_is_spoken(tls: ssl.SSLContext) -> None:
    with HttpSession(AT_ONCE_S) as session, HostileServer(plainly("{}"), tls=tls) as server:
        assert isinstance(session.send("GET", server.url), Answer)


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("spotify", "a gzip bomb"),
        ("spotify", "an endless body"),
        ("spotify", "100 MB of JSON"),
        ("spotify", "a page of 500,000 entries"),
        ("api", "4 MB of empty objects"),
        ("website", "a page of wide characters"),
    ],
)
def test_the_worst_answers_take_little_memory(name: str, service: str) -> None:
    reply = HUGE[name] if name in HUGE else page(HUGE_PAGES[name])
    command = [sys.executable, "-m", "tests.contract.hostile_client", service]
    with HostileServer(reply) as server:
        done = subprocess.run([*command, server.url, str(AT_ONCE_S)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["error"] in ("UpstreamDown", "PageShapeChanged")
    assert figures["peak_mb"] < MAX_PEAK_MB


BROKEN: dict[str, bytes] = {
    "nothing": b"",
    "no status line": b"hello\r\n\r\n",
    "a status of its own": b"HTTP/1.1 999999 Strange\r\n\r\n",
    "a status that is none": b"HTTP/1.1 two hundred\r\n\r\n{}",
    "an early hint and no more": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "switching protocols": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "another version": b"HTTP/9.9 200 OK\r\n\r\n{}",
    "one line of headers": OK + b"X: " + b"x" * 100_000 + b"\r\n\r\n{}",
    "200 headers": OK + b"X: 1\r\n" * 200 + b"\r\n{}",
    "headers cut off": OK + b"Content-Len",
    "a length beyond the body": OK + b'Content-Length: 100\r\n\r\n{"a": 1}',
    "a length within the body": OK + b'Content-Length: 3\r\n\r\n{"total": 0, "items": []}',
    "a length of 5,000 digits": OK + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n{",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a negative length": OK + b"Content-Length: -5\r\n\r\n{",
    "chunks cut off": OK + b"Transfer-Encoding: chunked\r\n\r\n10\r\n{",
    "chunks without an end": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    "a chunk of no size": OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "a chunk of size -5": OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n0\r\n\r\n",
    "a chunk of 60,000 digits": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 60_000 + b"\r\n{}",
    "no gzip": OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "gzip cut off": OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b'{"total": 0, "items": []}')[:-9],
    "another encoding": OK + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
    "a chain of encodings": OK + b"Content-Encoding: " + b", ".join([b"gzip"] * 900) + b"\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", BROKEN)
def test_invalid_answers_raise_our_own_errors(tmp_path: Path, name: str, service: str) -> None:
    with hostile(service, rawly(BROKEN[name])) as server, pytest.raises((UpstreamDown, PageShapeChanged, RequestRefused)):
        ask(service, server.url, tmp_path, timeout_s=AT_ONCE_S)


BODIES: dict[str, str | bytes] = {
    "lists in lists": "[" * 200_000,
    "lists in lists that end": "[" * 900 + "]" * 900,
    "objects in objects": '{"items":' * 200_000,
    "another character set": '{"total": 0, "items": []}'.encode("utf-16"),
    "half a character": b'{"total": 0, "items": ["\xf0\x9f"]}',
    "a number of 5,000 digits": '{"total": ' + "9" * 5_000 + ', "items": []}',
    "a number of 4,000 digits": '{"total": ' + "9" * 4_000 + ', "items": [], "count": ' + "9" * 4_000 + ', "results": [{}]}',
    "a number beyond floats": '{"total": 1e999, "items": [], "count": 1e999, "results": [{}]}',
    "not a number": '{"total": NaN, "items": []}',
    "a negative total": '{"total": -1, "items": [], "results": [3]}',
    "a list for an object": "[1, 2]",
    "a bare string": '"items"',
    "null": "null",
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", BODIES)
def test_nonsense_json_raises_our_own_errors(tmp_path: Path, name: str, service: str) -> None:
    with hostile(service, plainly(BODIES[name])) as server, pytest.raises((UpstreamDown, PageShapeChanged)):
        ask(service, server.url, tmp_path, timeout_s=AT_ONCE_S)


@pytest.mark.parametrize("name", BODIES)
def test_a_page_with_nonsense_data_raises_our_own_error(tmp_path: Path, name: str) -> None:
    body = BODIES[name].decode("latin-1") if isinstance(BODIES[name], bytes) else BODIES[name]
    queries = f'{{"props": {{"pageProps": {{"dehydratedState": {{"queries": [{{"queryKey": {body}, "state": {{"data": {body}}}}}]}}}}}}}}'
    text = f'<html><script id="__NEXT_DATA__">{queries}</script></html>'
    with HostileServer(page(text)) as server, pytest.raises(PageShapeChanged):
        ask("website", server.url, tmp_path, timeout_s=AT_ONCE_S)


# --- lists ---


def test_a_list_with_an_endless_total_costs_one_call(tmp_path: Path) -> None:
    entry = '{"item": null}'
    with HostileServer(plainly(f'{{"total": 2000000000, "items": [{entry}]}}')) as server:
        with pytest.raises(UpstreamDown, match="does not end"):
            ask("spotify", server.url, tmp_path, timeout_s=AT_ONCE_S)
        assert sum("/playlists/" in head for head in server.heads) == 1


def test_a_list_of_very_short_pages_ends(tmp_path: Path) -> None:
    with HostileServer(plainly('{"total": 20000, "items": [{"item": null}]}')) as server:
        with pytest.raises(UpstreamDown, match="does not end"):
            ask("spotify", server.url, tmp_path, timeout_s=AT_ONCE_S)
        assert sum("/playlists/" in head for head in server.heads) == MAX_PAGES


def test_a_chart_with_too_many_rows_is_refused(tmp_path: Path) -> None:
    rows = json.dumps(
        {"results": [{"id": n, "name": "x", "mix_name": "Original Mix", "artists": [{"name": "y"}]} for n in range(1, 1_500)]}
    )
    with HostileServer(plainly(rows)) as server, pytest.raises(PageShapeChanged, match=r"1,499 rows"):
        ask("api", server.url, tmp_path, timeout_s=AT_ONCE_S)


# --- redirects ---

NOWHERE = ["http://[", "http://", "//", "ftp://host/x", "file:///etc/passwd", "javascript:alert(1)", "http://h:99999/", "http://h:x/"]
NOWHERE += [
    f"http://{'a' * 70}.com/",
    "http://exa mple/",
    "\x1b[31m",
    "http://" + "x" * 60_000,
    "http://\xff\xfe/",
    "http://h:0/",
    "?" * 5_000,
]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("target", NOWHERE, ids=lambda target: ascii(target[:24]))
def test_a_redirect_to_nowhere_raises_our_own_error(tmp_path: Path, service: str, target: str) -> None:
    reply = rawly(f"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: {target}\r\n\r\n".encode("latin-1"))
    with hostile(service, reply) as server, pytest.raises((UpstreamDown, RequestRefused)) as caught:
        ask(service, server.url, tmp_path, timeout_s=AT_ONCE_S)
    assert len(target) <= len("http://") or target not in str(caught.value)


@pytest.mark.parametrize("service", SERVICES)
def test_the_body_of_a_redirect_is_bounded(tmp_path: Path, service: str) -> None:
    reply = repeated(b" " * MEGABYTE, b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n")
    with hostile(service, reply) as server, pytest.raises((UpstreamDown, PageShapeChanged)):
        ask(service, server.url, tmp_path, timeout_s=AT_ONCE_S)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Again", "308 Again"])
@pytest.mark.parametrize("service", SERVICES)
def test_no_secret_follows_a_redirect_to_another_host(tmp_path: Path, service: str, status: str) -> None:
    with HostileServer(plainly("{}")) as elsewhere:
        place = elsewhere.url.replace("127.0.0.1", "localhost")
        reply = plainly("", f"Location: {place}/x", "Set-Cookie: id=1", status=status)
        with hostile(service, reply) as server, pytest.raises(BeatporterError):
            ask(service, server.url, tmp_path, timeout_s=AT_ONCE_S)
        if service not in ("website", "api"):
            assert elsewhere.heads == [], "a redirect from Spotify was followed"
        assert "authorization" not in "".join(elsewhere.heads).lower()


def test_cookies_are_not_kept(tmp_path: Path) -> None:
    with HostileServer(plainly("later", "Set-Cookie: id=1; Path=/", status="503 Later")) as server:
        for service in READS:
            with pytest.raises(UpstreamDown):
                ask(service, server.url, tmp_path, timeout_s=AT_ONCE_S)
        assert len(server.heads) > len(READS)
        assert "cookie:" not in "".join(server.heads).lower()


# --- waits and lifetimes ---

NONSENSE = [
    "soon",
    "",
    "nan",
    "1e999",
    "9" * 400,
    "-5",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Mon, 99 Foo 99999999999 99:99:99 +999999",
    "\x9b31m",
]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: ascii(value[:16]))
def test_a_nonsense_wait_is_ignored(tmp_path: Path, service: str, value: str) -> None:
    answer = f"HTTP/1.1 429 Slow down\r\nConnection: close\r\nContent-Length: 0\r\nRetry-After: {value}\r\n\r\n".encode("latin-1")
    slept: list[float] = []
    with hostile(service, rawly(answer)) as server, pytest.raises(RateLimited) as caught:
        ask(service, server.url, tmp_path, timeout_s=AT_ONCE_S, sleep=slept.append)
    assert sum(slept) <= 60
    assert caught.value.retry_after_s in (None, 0)


@pytest.mark.parametrize("value", NONSENSE, ids=lambda value: ascii(value[:16]))
def test_no_answer_ends_the_quota_for_longer_than_a_week(tmp_path: Path, value: str) -> None:
    body = '{"error": {"status": 429, "message": "Too many", "reason": "QUOTA_EXCEEDED"}}'
    answer = f"HTTP/1.1 429 Slow down\r\nContent-Length: {len(body)}\r\nRetry-After: {value}\r\n\r\n{body}".encode("latin-1")
    with HostileServer(rawly(answer)) as server, pytest.raises(QuotaExceeded) as caught:
        ask("spotify", server.url, tmp_path, timeout_s=AT_ONCE_S)
    assert caught.value.until <= datetime.now(UTC) + timedelta(seconds=MAX_RETRY_AFTER_S)


@pytest.mark.parametrize("lifetime", ["1e999", "NaN", "-Infinity", "-5", "0", "-1e300", "9" * 5_000])
def test_a_token_without_lifetime_is_refused(tmp_path: Path, lifetime: str) -> None:
    with hostile("accounts", plainly(f'{{"access_token": "BQ", "expires_in": {lifetime}}}')) as server, pytest.raises(UpstreamDown):
        ask("accounts", server.url, tmp_path, timeout_s=AT_ONCE_S)


@pytest.mark.parametrize("lifetime", ["1e300", "9" * 400, '"soon"', "null", "true"])
def test_a_token_of_any_other_lifetime_is_used(tmp_path: Path, lifetime: str) -> None:
    token = plainly(f'{{"access_token": "BQ", "expires_in": {lifetime}}}')
    with HostileServer(plainly('{"total": 0, "items": []}'), **{"/api/token": token}) as server:
        assert ask("spotify", server.url, tmp_path, timeout_s=AT_ONCE_S) == []


@pytest.mark.parametrize("token", ["a\\r\\nX: 1", "☃", "\\u0000", "", "a b\\n"])
def test_a_token_that_cannot_be_sent_is_refused(tmp_path: Path, token: str) -> None:
    with hostile("accounts", plainly(f'{{"access_token": "{token}"}}')) as server, pytest.raises(UpstreamDown, match="no usable token"):
        ask("accounts", server.url, tmp_path, timeout_s=AT_ONCE_S)


def test_error_texts_of_services_lose_their_control_characters(tmp_path: Path) -> None:
    body = json.dumps({"error": {"status": 404, "message": "\x1b]0;owned\x07 no \u202esuch\x9b31m thing"}})
    with HostileServer(plainly(body, status="404 Not Found")) as server, pytest.raises(RequestRefused) as caught:
        ask("spotify", server.url, tmp_path, timeout_s=AT_ONCE_S)
    assert '"]0;owned no such31m thing"' in str(caught.value)
    kind = rawly(b"HTTP/1.1 200 OK\r\nContent-Type: te\x1b[31mxt\x9b\r\nContent-Length: 1\r\n\r\nx")
    for service in ("spotify", "website"):
        with HostileServer(kind) as server, pytest.raises(BeatporterError) as caught_kind:
            ask(service, server.url, tmp_path, timeout_s=AT_ONCE_S)
        assert str(caught_kind.value).isprintable()


# --- anything at all ---


def mutants(honest: bytes, count: int) -> Iterator[bytes]:
    """The answer with bytes changed, left out, repeated or cut off."""
    dice = random.Random("hostile")
    for _ in range(count):
        answer = bytearray(honest)
        for _ in range(dice.randint(1, 4)):
            place = dice.randrange(len(answer) or 1)
            piece = bytes(answer[place : place + dice.randint(1, 12)])
            changes = [b"", piece * dice.randint(2, 500), bytes(dice.randbytes(4)), b"\r\n", b"\n", b":", b"-1", b"\x00", b"9" * 30]
            answer[place : place + len(piece)] = dice.choice(changes)
        yield bytes(answer[: dice.randint(0, len(answer))] if dice.random() < 0.2 else answer)


@pytest.mark.parametrize(
    "headers", [b"", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n"], ids=["plain", "chunked", "gzip"]
)
def test_no_answer_at_all_raises_an_exception(headers: bytes) -> None:
    body = json.dumps({"total": 1, "items": [{"item": {"id": "x", "name": "Night Bus"}}]}).encode()
    if b"chunked" in headers:
        body = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (20, body[:20], len(body) - 20, body[20:])
    elif headers:
        body = gzip.compress(body)
    length = b"" if b"chunked" in headers else b"Content-Length: %d\r\n" % len(body)
    honest = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nSet-Cookie: a=b; Expires=Fri, 31 Dec 2027 23:59:59 GMT\r\n"
    answers = mutants(honest + length + headers + b"\r\n" + body, 300)
    with HttpSession(math.ceil(AT_ONCE_S)) as session, HostileServer(lambda connection: connection.send(next(answers))) as server:
        for _ in range(300):
            assert isinstance(session.send("GET", server.url), Answer | Down)
