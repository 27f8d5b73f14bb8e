"""Spotify's Web API for the rest of Beatporter: records in, records out.

This module knows the endpoints, paging and limits. `session` signs, meters, waits and repeats; `parsing` reads the JSON; `plan` decides
what to write, and `apply` writes it safely. There is one client per process; its methods are thread-safe. Pages are read one at a time
and not kept.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from beatporter.errors import RequestRefused, UpstreamDown
from beatporter.http.limits import MAX_PAGES
from beatporter.http.pacing import Pacer
from beatporter.http.retry_policy import OnWait
from beatporter.http.session import HttpSession
from beatporter.names import track_uri
from beatporter.quota.budget import Meter
from beatporter.records.track import PlaylistItem, PlaylistRef, SpotifyTrack
from beatporter.settings import Settings
from beatporter.spotify import parsing
from beatporter.spotify.parsing import Account, Page, ShapeError
from beatporter.spotify.plan import WRITE_LIMIT
from beatporter.spotify.session import SpotifySession
from beatporter.spotify.sign_in import SignInStore, load_sign_in
from beatporter.spotify.tokens import Tokens
from beatporter.spotify.web_api import Spotify

SEARCH_LIMIT = 10
PAGE_SIZE = 50
"""Limits of development mode since February 2026 (developer.spotify.com): 11 search results or 51 items get a 400."""
LISTING = "Spotify's list of playlists"
_ID = re.compile(r"[0-9A-Za-z]{1,64}")

Record = TypeVar("Record")


def reads_of(entries: int) -> int:
    """How many calls it takes to read a playlist with so many entries."""
    return max(1, -(-entries // PAGE_SIZE))


class _ChangedWhileRead(UpstreamDown):
    """A list changed while it was read: entries may be missing or appear twice."""


class SpotifyClient:
    """The signed-in account's access to Spotify.

    Every method raises the errors of `SpotifySession.request`: QuotaExceeded, RateLimited, UpstreamDown, SignInExpired,
    RequestRefused. Methods list only their further errors.

    Args:
        session: sends the requests.
        api_url: address of the Web API, without a slash at the end.
    """

    def __init__(self, session: SpotifySession, api_url: str) -> None:
        self._session = session
        self._api = Spotify(requests_session=session)
        self._api.prefix = f"{api_url}/"
        self._masked = True
        self._several_tracks = True
        self._entries_key = "items"

    @property
    def calls(self) -> Mapping[str, int]:
        """Requests sent so far by kind: search, list, read, write, other."""
        return self._session.calls

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def search(self, query: str) -> list[SpotifyTrack]:
        """At most ten tracks for a query in Spotify's syntax, best first; one call."""
        return self._read(parsing.read_search, self._api.search, q=query, limit=SEARCH_LIMIT, type="track")

    def track(self, track_id: str) -> SpotifyTrack:
        """One track."""
        track = self._read(parsing.read_track, self._api.track, _checked(track_id))
        if track is None:
            raise RequestRefused(f"Spotify's answer for {track_id} is not a track.", "Check the link.", status=404)
        return track

    def tracks(self, track_ids: Sequence[str], *, most_calls: int) -> dict[str, SpotifyTrack | None]:
        """Tracks by id, None for those that Spotify does not have; those that need more than `most_calls` are left out.

        Apps made before February 2026 get 50 in a call, later ones are refused that and get one in a call.
        """
        asked = list(dict.fromkeys(map(_checked, track_ids)))
        found: dict[str, SpotifyTrack | None] = {}
        if len(asked) > 1 and self._several_tracks and most_calls > 1:
            try:
                part = asked[:PAGE_SIZE]
                return dict(zip(part, self._read(parsing.read_tracks, self._api._get, "tracks", ids=",".join(part)), strict=False))
            except RequestRefused as error:
                if error.status not in (400, 403, 404, 410):
                    raise
                self._several_tracks, most_calls = False, most_calls - 1
        for track_id in asked[:most_calls]:
            try:
                found[track_id] = self.track(track_id)
            except RequestRefused as error:
                if error.status not in (400, 404):
                    raise
                found[track_id] = None
        return found

    def me(self) -> Account:
        """The signed-in account."""
        return self._read(parsing.read_account, self._api._get, "me")  # spotipy.me() asks for "me/", which is not documented

    def playlists(self) -> list[PlaylistRef]:
        """The account's playlists, own and followed, in Spotify's order: the complete list or an exception.

        Raises:
            UpstreamDown: also when the list changed twice while it was read, so that one may be missing.
        """
        found = self._list_once()
        if found is None:
            found = self._list_once()
        if found is None:
            raise UpstreamDown(f"{LISTING} changed while it was read.", "Try again.", outcome_unknown=False)
        return found

    def playlist(self, playlist_id: str) -> PlaylistRef:
        """A playlist's name, snapshot, owner and total (0 when it does not belong to the account)."""
        return self._read(parsing.read_playlist, self._api.playlist, _checked(playlist_id), fields=parsing.PLAYLIST_FIELDS)

    def playlist_items(self, playlist_id: str, start: int = 0) -> Iterator[PlaylistItem]:
        """Yield every entry from the top or from a position, page by page; entries without a track keep their position.

        Raises:
            UpstreamDown: also when the playlist changed while it was read, since its positions would be inconsistent.
        """
        for page, position in self._pages(partial(self._items_page, _checked(playlist_id)), f"Playlist {playlist_id}", start):
            for number, entry in enumerate(page.entries, position):
                yield parsing.read_item(entry, number)

    def items_from(self, playlist_id: str, position: int) -> list[PlaylistItem]:
        """At most fifty entries from a position on; one call."""
        page = self._items_page(_checked(playlist_id), position)
        return [parsing.read_item(entry, number) for number, entry in enumerate(page.entries, position)]

    def create_playlist(self, name: str, *, public: bool, description: str = "") -> PlaylistRef:
        """Create an empty playlist. Not idempotent: see `playlists.ensure_playlist`."""
        create = self._api.current_user_playlist_create
        return self._write(parsing.read_playlist, create, name, public=public, description=description)

    def add_items(self, playlist_id: str, track_ids: Sequence[str], position: int | None = 0) -> str:
        """Insert at most 100 tracks in order at a position, without one at the end; returns the snapshot id. Not idempotent."""
        # spotipy sends a bare list; the documented body is an object.
        body: dict[str, Any] = {"uris": _uris(track_ids)} | ({} if position is None else {"position": position})
        return self._write(parsing.snapshot_of, self._api._post, f"playlists/{_checked(playlist_id)}/items", payload=body)

    def replace_items(self, playlist_id: str, track_ids: Sequence[str]) -> str:
        """Replace the whole content with at most 100 tracks; returns the snapshot id. Idempotent."""
        return self._write(parsing.snapshot_of, self._api.playlist_replace_items, _checked(playlist_id), _uris(track_ids))

    def move_items(self, playlist_id: str, start: int, before: int, length: int, snapshot_id: str | None = None) -> str:
        """Move entries to before a position, both counted in the current order; returns the snapshot id. Not idempotent.

        Args:
            snapshot_id: the state that the positions refer to; None for the current one.
        """
        body: dict[str, Any] = {"range_start": start, "insert_before": before, "range_length": length}
        if snapshot_id is not None:
            body["snapshot_id"] = snapshot_id
        return self._write(parsing.snapshot_of, self._api._put, f"playlists/{_checked(playlist_id)}/items", payload=body)

    def remove_items(self, playlist_id: str, track_ids: Sequence[str]) -> str:
        """Remove every occurrence of at most 100 tracks; returns the snapshot id. Idempotent."""
        entries = [{"uri": uri} for uri in _uris(track_ids)]
        remove = partial(self._write, parsing.snapshot_of, self._api._delete, f"playlists/{_checked(playlist_id)}/items")
        try:
            return remove(payload={self._entries_key: entries})
        except RequestRefused as error:
            if error.status != 400 or self._entries_key == "tracks":
                raise
        snapshot_id = remove(payload={"tracks": entries})  # the same under its older name
        self._entries_key = "tracks"
        return snapshot_id

    def describe(self, playlist_id: str, description: str) -> None:
        """Set the playlist's description, which changes its snapshot id. Idempotent."""
        self._api.playlist_change_details(_checked(playlist_id), description=description)

    def set_cover(self, playlist_id: str, image: str) -> None:
        """Set the playlist's image: a JPEG in base64, at most 256 KB. Idempotent; the sign-in needs the scope `ugc-image-upload`."""
        self._api.playlist_upload_cover_image(_checked(playlist_id), image)

    def _list_once(self) -> list[PlaylistRef] | None:
        """Read the list once; None when it changed meanwhile, so that an entry may have slipped between pages."""
        found: dict[str, PlaylistRef] = {}
        try:
            for page, _ in self._pages(self._listing_page, LISTING):
                for entry in page.entries:
                    if entry is not None:  # Spotify lists playlists that it has taken down as null
                        playlist = self._shaped(parsing.read_playlist, entry, is_write=False)
                        found[playlist.playlist_id] = playlist
        except _ChangedWhileRead:
            return None
        return list(found.values())

    def _pages(self, get: Callable[[int], Page], what: str, start: int = 0) -> Iterator[tuple[Page, int]]:
        """Yield the pages of a list, each with the position of its first entry.

        Args:
            get: requests the page that begins at a position.
            start: position of the first page.
        """
        seen, total = start, 0
        for number in range(MAX_PAGES):
            page = get(seen)
            if page.total > MAX_PAGES * PAGE_SIZE:
                break
            if (number and page.total != total) or (not page.entries and seen < page.total):
                raise _ChangedWhileRead(f"{what} changed while it was read.", "Try again.", outcome_unknown=False)
            yield page, seen
            seen, total = seen + len(page.entries), page.total
            if seen >= total:
                return
        raise UpstreamDown(f"{what} does not end: more than {MAX_PAGES} pages.", "Try again later.", outcome_unknown=False)

    def _listing_page(self, offset: int) -> Page:
        return self._read(parsing.read_page, self._api.current_user_playlists, limit=PAGE_SIZE, offset=offset)

    def _items_page(self, playlist_id: str, offset: int) -> Page:
        get = partial(self._read, parsing.read_page, self._api.playlist_items, playlist_id, limit=PAGE_SIZE, offset=offset)
        page = get(fields=parsing.ITEM_FIELDS) if self._masked else get()
        if self._masked and not parsing.names_content(page.entries):
            self._masked = False
            page = get()
        return page

    def _read(self, parse: Callable[[object], Record], call: Callable[..., Any], *args: Any, **kwargs: Any) -> Record:
        return self._shaped(parse, call(*args, **kwargs), is_write=False)

    def _write(self, parse: Callable[[object], Record], call: Callable[..., Any], *args: Any, **kwargs: Any) -> Record:
        return self._shaped(parse, call(*args, **kwargs), is_write=True)

    def _shaped(self, parse: Callable[[object], Record], answer: object, *, is_write: bool) -> Record:
        try:
            return parse(answer)
        except ShapeError as error:
            raise UpstreamDown(f"Spotify sent {error}.", "Try again later.", outcome_unknown=is_write) from None


def open_client(
    settings: Settings,
    budget: Meter,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    timer: Callable[[], float] = time.monotonic,
    on_wait: OnWait | None = None,
    acquire: Callable[[int], None] | None = None,
    sign_in_store: SignInStore | None = None,
) -> SpotifyClient:
    """Make a client for the signed-in account; nothing is sent before its first call.

    Args:
        settings: addresses, credentials, rate, longest wait, time-out.
        budget: asked before every request.
        now: the clock, aware UTC.
        sleep: called with seconds, for pacing and pauses.
        timer: monotonic seconds, for pacing.
        on_wait: called with seconds and reason before each pause that Spotify causes.
        acquire: takes that many slots of a rate limit that processes share; see `Pacer`.
        sign_in_store: where the sign-in is kept, see `load_sign_in`.

    Raises:
        SettingsError: credentials are missing, or the stored sign-in cannot be read.
    """
    tokens = Tokens(settings, load_sign_in(settings, sign_in_store), now=now, sleep=sleep, on_wait=on_wait)
    pacer = Pacer(1 / settings.spotify_rate, burst_s=1.0, sleep=sleep, clock=timer, acquire=acquire)
    http = HttpSession(settings.http_timeout_s)
    session = SpotifySession(http, tokens, budget, pacer, max_wait_s=settings.spotify_max_wait_s, now=now, sleep=sleep, on_wait=on_wait)
    return SpotifyClient(session, settings.spotify_api_url)


def _checked(identifier: str) -> str:
    if not _ID.fullmatch(identifier):
        raise RequestRefused(f"{identifier!r:.80} is not a Spotify id.", "Copy the link from Spotify again.", status=400)
    return identifier


def _uris(track_ids: Sequence[str]) -> list[str]:
    if len(track_ids) > WRITE_LIMIT:
        raise RequestRefused(f"{len(track_ids)} tracks are more than Spotify accepts in one request ({WRITE_LIMIT}).", status=400)
    return [track_uri(_checked(track_id)) for track_id in track_ids]
