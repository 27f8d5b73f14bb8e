"""The state of the Beatport stand-in: today's charts, labels, DJ charts, the API token, patience. No HTTP, no JSON.

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

from beatporter.genres import KNOWN, Genre
from sandbox.beatport.exceptions import not_found, unauthorized
from sandbox.catalogue import FIRST_DAY, Catalogue
from sandbox.catalogue.beatport_side import BeatportTrack
from sandbox.catalogue.names import Label

API_TOKEN: Final = "sandbox-beatport-token"
TOKEN_LIFE: Final = timedelta(hours=10)
_FIRST_CHART: Final = 800_000
_CHARTS_A_GENRE: Final = 2


@dataclass(frozen=True, slots=True)
class DjChart:
    """A list that somebody published: his or her ten to thirty favourites of a genre."""

    chart_id: int
    name: str
    slug: str
    curator: str
    genre: Genre
    published: date


@dataclass(frozen=True, slots=True)
class Listing:
    """Rows to show.

    Attributes:
        tracks: the rows of this page.
        count: how many there are on all pages.
        page: this page's number, from 1.
        per_page: rows a page.
    """

    tracks: tuple[BeatportTrack, ...]
    count: int
    page: int = 1
    per_page: int = 100

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // self.per_page))


class BeatportState:
    """Everything that the stand-in knows.

    Attributes:
        genres: those that it serves, by id.
        empty_charts: genres whose Top 100 has no rows.
        short_charts: genre id to how many of its rows are shown, while `count` still says 100.
        token: the bearer token that the API takes.
        max_per_second: more page requests than that in a second and the challenge is shown; None: never.
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
        """Take the catalogue.

        Args:
            catalogue: where the tracks come from.
            day: gives the present day.
            clock: aware time, for the token's life and the patience.
            genre_ids: which genres there are; None: all.
            on_label: called when a label's older recordings are shown.
        """
        self.catalogue = catalogue
        self.genres: dict[int, Genre] = {genre.genre_id: genre for genre in KNOWN if genre_ids is None or genre.genre_id in genre_ids}
        self.empty_charts: set[int] = set()
        self.short_charts: dict[int, int] = {}
        self.token = API_TOKEN
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

    def dj_charts(self) -> tuple[DjChart, ...]:
        """Every DJ chart there is."""
        return tuple(self._dj_chart(genre, place) for genre in self.genres.values() for place in range(_CHARTS_A_GENRE))

    def dj_chart(self, chart_id: int) -> tuple[DjChart, Listing]:
        """A DJ chart and its rows.

        Raises:
            BeatportRefusal: 404 for an unknown one.
        """
        found = next((chart for chart in self.dj_charts() if chart.chart_id == chart_id), None)
        if found is None:
            raise not_found()
        rng = Random(f"{self.catalogue.seed}:chart:{chart_id}")
        rows = self.catalogue.chart(found.genre.genre_id, 0)
        tracks = tuple(rng.sample(rows, rng.randint(10, 30)))
        return found, Listing(tracks, len(tracks))

    def label_tracks(self, label_id: int, page: int, per_page: int) -> tuple[Label, Listing]:
        """A label and one page of its tracks, newest first.

        Raises:
            BeatportRefusal: 404 for an unknown label or a page behind the last.
        """
        try:
            label = self.catalogue.label(label_id)
        except KeyError:
            raise not_found() from None
        self.genre(label.genre_id)
        if self._on_label is not None:
            self._on_label(label)
        keys = self.catalogue.label_keys(label, self.day)
        listing = Listing((), len(keys), page, per_page)
        if not 1 <= page <= listing.pages:
            raise not_found("Invalid page.")
        shown = keys[(page - 1) * per_page : page * per_page]
        return label, Listing(tuple(self.catalogue.beatport_track(key) for key in shown), len(keys), page, per_page)

    def labels(self, genre_id: int) -> tuple[Label, ...]:
        """A genre's labels, the big ones first."""
        return self.catalogue.composer.scene(self.genre(genre_id).genre_id).labels

    def renew_token(self) -> None:
        """The token is good for ten hours from now; until this is called it is good for ever."""
        self._token_until = self._clock() + TOKEN_LIFE

    def check_token(self, authorization: str | None) -> None:
        """Take a request to the API, or not.

        Raises:
            BeatportRefusal: 401 without the token or after its time.
        """
        if authorization != f"Bearer {self.token}" or (self._token_until is not None and self._clock() >= self._token_until):
            raise unauthorized()

    def loses_patience(self) -> bool:
        """Count a page request; whether it gets the challenge instead of the page."""
        now = self._clock()
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
        )
