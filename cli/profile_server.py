"""Serves the memory pages on 127.0.0.1: an index of the genres, and memray's pages for their captures."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from beatporter.errors import BeatporterError
from beatporter.memory.keeping import captures
from beatporter.memory.page_links import KINDS
from beatporter.memory.pages import GenrePages, index_page, make_page

HOST = "127.0.0.1"
_PAGE = re.compile(rf"/captures/([^/]+)/({'|'.join(KINDS)})")
_POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; font-src data:"
"""Allows what memray's pages need, and no requests to other hosts."""

Genres = Callable[[], Sequence[GenrePages]]


def make_server(folder: Path, genres: Genres, port: int) -> ThreadingHTTPServer:
    """Make a server for the pages; run it with `serve_forever`.

    Args:
        folder: with the captures.
        genres: returns the content of the index; called for each request.
        port: 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    class Pages(_Pages):
        captures_folder = folder
        list_genres = staticmethod(genres)

    return ThreadingHTTPServer((HOST, port), Pages)


class _Pages(BaseHTTPRequestHandler):
    captures_folder: Path
    list_genres: Genres
    server_version, sys_version = "Beatporter", ""

    def do_GET(self) -> None:
        try:
            status, html = self._page()
        except BeatporterError as error:
            status, html = HTTPStatus.INTERNAL_SERVER_ERROR, _message(str(error))
        self._send(status, html.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, to keep the person's terminal clean."""

    def _page(self) -> tuple[HTTPStatus, str]:
        if urlsplit(f"//{self.headers.get('Host', '')}").hostname not in (HOST, "localhost"):
            return HTTPStatus.FORBIDDEN, _message("These pages are for this machine only.")  # requested under another site's name
        path = urlsplit(self.path).path
        if path == "/":
            return HTTPStatus.OK, index_page(self.list_genres())
        if found := _PAGE.fullmatch(path):
            name, kind = unquote(found[1]), found[2]
            for capture in captures(self.captures_folder):
                if capture.path.stem == name:
                    return HTTPStatus.OK, make_page(capture.path, kind).read_text(encoding="utf-8")
            return HTTPStatus.NOT_FOUND, _message("This capture is gone: only the newest of each genre are kept.")
        return HTTPStatus.NOT_FOUND, _message("There is no such page.")

    def _send(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)


def _message(words: str) -> str:
    from html import escape

    return f'<!doctype html><meta charset="utf-8"><title>Beatporter</title><p>{escape(words)} <a href="/">All genres</a></p>'
