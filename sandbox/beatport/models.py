"""The state of the Beatport sandbox: today's charts, labels, DJ charts, the API token, the rate limit. No HTTP, no JSON.

state = BeatportState(catalogue, day=lambda: 0, clock=clock)
state.top_100(5).tracks[0].name
state.empty_charts.add(5)          # from now on the genre's chart has no rows
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

from beatporter.genres import FURTHER, KNOWN, Genre
from sandbox.beatport.account import BeatportAccount
from sandbox.beatport.exceptions import not_found, unauthorized
from sandbox.catalogue import FIRST_DAY, Catalogue
from sandbox.catalogue.beatport_side import BeatportTrack
from sandbox.catalogue.names import Label

API_TOKEN: Final = "sandbox-beatport-token"
TOKEN_LIFE: Final = timedelta(hours=10)
WEEKLY: Final = "weekend-picks"
"""Prefix of the names of charts that come out every Monday."""
WEEKLY_ARTIST: Final = 777_001
WEEKLY_HOUR: Final = 12
_FIRST_CHART: Final = 800_000
_FIRST_WEEKLY: Final = 900_000
_CHARTS_A_GENRE: Final = 2


@dataclass(frozen=True, slots=True)
class DjChart:
    """A published list of somebody's ten to thirty favourites of a genre."""

    chart_id: int
    name: str
    slug: str
    curator: str
    genre: Genre
    published: date
    artist_id: int = 0
    """The curator's."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows to show.

    Attributes:
        tracks: the rows of this page.
        count: rows on all pages.
        page: this page's number, from 1.
        per_page: rows per page.
    """

    tracks: tuple[BeatportTrack, ...]
    count: int
    page: int = 1
    per_page: int = 100

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // self.per_page))


class BeatportState:
    """The whole state of the sandbox.

    Attributes:
        genres: the served genres, by id.
        empty_charts: genres whose Top 100 has no rows.
        short_charts: by genre id, how many rows are shown while `count` is still 100.
        token: the bearer token that the API accepts.
        account: the person's sign-in to the API.
        weekly: prefix and artist of charts that come out every week, on Monday at `WEEKLY_HOUR`; see `weekly_chart`.
        challenges: every page is the challenge; None follows `max_per_second`.
        left_out: fields that rows lack. label_extra: how many older recordings a label has besides its own, by its id.
        dripped: additional fields of the rows in the next answers, with their values.
        max_per_second: more page requests per second lead to the challenge; None for no limit.
        challenge_s: how long the challenge stays then.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        day: Callable[[], int],
        clock: Callable[[], datetime],
        genre_ids: Sequence[int] | None = None,
        on_label: Callable[[Label], None] | None = None,
    ) -> None:
        """Set up the state over a catalogue.

        Args:
            catalogue: where the tracks come from.
            day: gives the present day.
            clock: aware time, for the token's life and the patience.
            genre_ids: which genres there are; None: all but the further ones, which are synced only when named.
            on_label: called when a label's older recordings are shown.
        """
        self.catalogue = catalogue
        offered = KNOWN if genre_ids is None else [genre for genre in (*KNOWN, *FURTHER) if genre.genre_id in genre_ids]
        self.genres: dict[int, Genre] = {genre.genre_id: genre for genre in offered}
        self.empty_charts: set[int] = set()
        self.short_charts: dict[int, int] = {}
        self.token = API_TOKEN
        self.account = BeatportAccount(clock)
        self.weekly = WEEKLY
        self.challenges = False
        self.dripped: dict[str, object] = {}
        self.left_out: set[str] = set()
        self.label_extra: dict[int, int] = {}
        self.max_per_second: float | None = None
        self.challenge_s = 30.0
        self._day = day
        self._clock = clock
        self._on_label = on_label
        self._token_until: datetime | None = None
        self._lock = threading.Lock()
        self._recent: deque[datetime] = deque(maxlen=1000)
        self._challenged_until: datetime | None = None

    @property
    def day(self) -> int:
        return self._day()

    @property
    def date(self) -> date:
        """The day's date in the catalogue's calendar."""
        return FIRST_DAY + timedelta(days=self.day)

    def genre(self, genre_id: int) -> Genre:
        """A genre by id.

        Raises:
            BeatportRefusal: 404 for an unknown one.
        """
        if genre_id not in self.genres:
            raise not_found()
        return self.genres[genre_id]

    def top_100(self, genre_id: int) -> Listing:
        """A genre's chart of today.

        Raises:
            BeatportRefusal: 404 for an unknown genre.
        """
        self.genre(genre_id)
        if genre_id in self.empty_charts:
            return Listing((), 0)
        tracks = self.catalogue.chart(genre_id, self.day)
        return Listing(tracks[: self.short_charts.get(genre_id)], len(tracks))

    def overall_top_100(self) -> Listing:
        """Today's Top 100 over all genres served."""
        keys = self.catalogue.days.overall(self.day, tuple(self.genres))
        return Listing(tuple(self.catalogue.beatport_track(key) for key in keys), len(keys))

    def hype_100(self, genre_id: int | None = None) -> Listing:
        """Today's Hype 100 of a genre or of all: small labels' tracks in the charts, here every second track from below.

        Raises:
            BeatportRefusal: 404 for an unknown genre.
        """
        whole = self.top_100(genre_id) if genre_id is not None else self.overall_top_100()
        tracks = tuple(reversed(whole.tracks[::2]))
        return Listing(tracks, len(tracks))

    def top_of(self, kind: str, number: int) -> Listing:
        """The Top 100 of a label or an artist: their tracks in today's charts.

        Raises:
            BeatportRefusal: 404 without such tracks.
        """
        tracks = {track.track_id: track for genre_id in self.genres for track in self.catalogue.chart(genre_id, self.day)}
        ids = {"labels": lambda track: {track.label.label_id}, "artists": lambda track: {credit.artist_id for credit in track.artists}}
        found = tuple(track for track in tracks.values() if number in ids[kind](track))[:100]
        if not found:
            raise not_found()
        return Listing(found, len(found))

    def dj_charts(self) -> tuple[DjChart, ...]:
        """All DJ charts published until today."""
        fixed = tuple(self._dj_chart(genre, place) for genre in self.genres.values() for place in range(_CHARTS_A_GENRE))
        return fixed + tuple(self._weekly_charts())

    def charts_like(self, name: str | None, artist_id: int | None) -> tuple[DjChart, ...]:
        """DJ charts with these words in their name, or by an artist; newest first."""
        wanted = (name or "").lower().replace("-", " ")
        found = [one for one in self.dj_charts() if wanted in one.slug.replace("-", " ") and artist_id in (None, one.artist_id)]
        return tuple(sorted(found, key=lambda one: (one.published, one.chart_id), reverse=True))

    def _weekly_charts(self) -> list[DjChart]:
        """`weekend-picks-2026-week-45` and so on, one for each Monday so far; on a Monday from noon."""
        genre = next(iter(self.genres.values()))
        now, first = self._clock(), FIRST_DAY - timedelta(weeks=1)
        days = [first + timedelta(weeks=week) for week in range(self.day // 7 + 2)]
        out = [day for day in days if day < self.date or (day == self.date and now.hour >= WEEKLY_HOUR)]
        return [
            DjChart(
                chart_id=_FIRST_WEEKLY + number,
                name=f"Weekend Picks {day:%Y} Week {day:%V}",
                slug=f"{self.weekly}-{day:%Y}-week-{day:%V}",
                curator="Weekend Desk",
                genre=genre,
                published=day,
                artist_id=WEEKLY_ARTIST,
            )
            for number, day in enumerate(out)
        ]

    def dj_chart(self, chart_id: int) -> tuple[DjChart, Listing]:
        """A DJ chart and its rows.

        Raises:
            BeatportRefusal: 404 for an unknown one.
        """
        found = next((chart for chart in self.dj_charts() if chart.chart_id == chart_id), None)
        if found is None:
            raise not_found()
        rng = Random(f"{self.catalogue.seed}:chart:{chart_id}")
        day = 0 if chart_id < _FIRST_WEEKLY else max(0, (found.published - FIRST_DAY).days)
        rows = self.catalogue.chart(found.genre.genre_id, day)
        tracks = tuple(rng.sample(rows, rng.randint(10, 30)))
        return found, Listing(tracks, len(tracks))

    def label_tracks(self, label_id: int, page: int, per_page: int) -> tuple[Label, Listing]:
        """A label and one page of its tracks, newest first.

        Raises:
            BeatportRefusal: 404 for an unknown label or a page after the last.
        """
        try:
            label = self.catalogue.label(label_id)
        except KeyError:
            raise not_found() from None
        self.genre(label.genre_id)
        if self._on_label is not None:
            self._on_label(label)
        keys = self.catalogue.label_keys(label, self.day, self.label_extra.get(label_id, 0))
        listing = Listing((), len(keys), page, per_page)
        if not 1 <= page <= listing.pages:
            raise not_found("Invalid page.")
        shown = keys[(page - 1) * per_page : page * per_page]
        return label, Listing(tuple(self.catalogue.beatport_track(key) for key in shown), len(keys), page, per_page)

    def labels(self, genre_id: int) -> tuple[Label, ...]:
        """A genre's labels, big ones first."""
        return self.catalogue.composer.scene(self.genre(genre_id).genre_id).labels

    def renew_token(self) -> None:
        """Limit the token's life to ten hours from now; before this call it does not expire."""
        self._token_until = self._clock() + TOKEN_LIFE

    def check_token(self, authorization: str | None) -> None:
        """Check the authorisation of a request to the API.

        Raises:
            BeatportRefusal: 401 without the token or after its end.
        """
        if self.account.takes(authorization):
            return
        if authorization != f"Bearer {self.token}" or (self._token_until is not None and self._clock() >= self._token_until):
            raise unauthorized()

    def loses_patience(self) -> bool:
        """Count a page request; returns whether it gets the challenge instead of the page."""
        now = self._clock()
        if self.challenges:
            return True
        with self._lock:
            self._recent.append(now)
            second = [moment for moment in self._recent if moment > now - timedelta(seconds=1)]
            if self.max_per_second is not None and len(second) > self.max_per_second:
                self._challenged_until = now + timedelta(seconds=self.challenge_s)
            return self._challenged_until is not None and now < self._challenged_until

    def _dj_chart(self, genre: Genre, place: int) -> DjChart:
        order = list(self.genres).index(genre.genre_id)
        artist = self.catalogue.composer.scene(genre.genre_id).artists[place * 7]
        name = f"{artist.name} {('Selections', 'Autumn Favourites')[place]}"
        return DjChart(
            chart_id=_FIRST_CHART + genre.genre_id * 10 + place,
            name=name,
            slug=f"chart-{genre.slug}-{place + 1}",
            curator=artist.on_beatport,
            genre=genre,
            published=FIRST_DAY - timedelta(days=order % 9 + place),
            artist_id=artist.artist_id,
        )
