"""Settings: read once, on call, into a frozen object that is passed down.

A value comes from the environment (`BEATPORTER_SPOTIFY_RATE`), else from `beatporter.toml` in the working directory
(`spotify_rate = 5`), else from the default here. Nothing is read at import.
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from beatporter.backup_choice import BackupChoice
from beatporter.errors import SettingsError, UnknownChart
from beatporter.genres import FURTHER, Genre, all_genres, find_genre
from beatporter.names import playlist_name
from beatporter.playlist_kinds import AddAt, Digging, PlaylistOptions
from beatporter.settings_sources import FILE, PREFIX, check_file, explain, given, refuse_gone, refuse_unknown, shortened
from beatporter.settings_tables import (
    EXAMPLES,
    Address,
    ChartChoice,
    DailySize,
    Description,
    Kinds,
    LabelChoice,
    NameTemplate,
    PlaylistChoice,
    can_be_read,
    split_words,
)
from beatporter.subscriptions import Subscription, parts_host, read_subscription

BLOCK_PREFIX = "secret/"
"""A setting that begins with this names the Prefect block that holds the secret."""
MOST_MB = 1_000_000
MEMORY_PAGES_PORT = 4280
MAX_GENRE_ID = 2**31 - 1
"""The largest value that the ledger's columns on PostgreSQL hold."""
_SLUG = re.compile(r"[a-z0-9-]{1,100}")
Cut = Literal["own", "extended", "original", "radio"]
SourceName = Literal["website", "api", "inbox", "file"]


class Settings(BaseSettings):
    """Everything a person can set. Names are the keys of beatporter.toml and, in upper case after BEATPORTER_, of the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, toml_file=FILE, frozen=True, extra="forbid", env_ignore_empty=True, hide_input_in_errors=True
    )

    home: Path = Path(".beatporter")
    """Folder for local state: the ledger unless `database` says otherwise, and Prefect's database."""
    database: str = ""
    """The ledger: a file's path, postgresql://…, or secret/<block> with such an address in it; empty means <home>/beatporter.db."""
    archive: str = ""
    """Where the ledger's archive goes: a folder, gs://bucket/prefix or gcs-bucket/<block>; empty: no archive."""
    profile: Literal["on", "off", "native"] = "on"
    """Trace each genre's memory with memray; native: C and C++ frames too, which is slower."""
    memory_budget_mb: float = Field(default=350.0, gt=0, le=MOST_MB)
    """Peak resident memory of a genre's process above which the run reports it."""
    memory_budgets_mb: Annotated[dict[str, float], NoDecode] = Field(default_factory=dict)
    """Other budgets for single genres, by slug."""
    memory_strict: bool = False
    """Fail a run above its budget."""
    memory_url: Address = f"http://127.0.0.1:{MEMORY_PAGES_PORT}"
    """Address of `beatporter profile serve`, for the links in artifacts."""
    memory_captures: str = ""
    """Where captures are copied to: a folder, or gs://bucket/prefix; empty: they stay in the home."""

    genres: Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_words)] = ()
    """Slugs of the enabled genres; empty means all."""
    genre_ids: Annotated[dict[str, int], NoDecode] = Field(default_factory=dict)
    """Additional genres, or changed ids, by slug."""

    charts: Annotated[dict[str, ChartChoice], NoDecode] = Field(default_factory=dict)
    """Charts besides the genres' Top 100, by a name that the person chooses."""
    labels: Annotated[dict[str, LabelChoice], NoDecode] = Field(default_factory=dict)
    """Labels to follow, by a name that the person chooses."""
    backups: Annotated[dict[str, BackupChoice], NoDecode] = Field(default_factory=dict)
    """Playlists to back up besides those that Beatporter keeps, by a name that the person chooses."""

    chart_source: Annotated[tuple[SourceName, ...], NoDecode, BeforeValidator(split_words)] = ("website", "api", "inbox")
    """Where charts come from: the first with a complete chart wins."""
    chart_files: Path = Path("charts")
    """Folder of saved charts, for the source "file"."""
    beatport_url: Address = "https://www.beatport.com"
    beatport_api_url: Address = "https://api.beatport.com/v4"
    beatport_token: SecretStr | None = None
    beatport_interval_s: float = Field(default=2.0, ge=0, le=3600)
    """Pause between two requests to Beatport."""
    stale_chart_days: int = Field(default=0, ge=0, le=365)
    """Use the last good chart for this many days when today's is unavailable; 0: fail."""

    spotify_api_url: Address = "https://api.spotify.com/v1"
    spotify_accounts_url: Address = "https://accounts.spotify.com"
    spotify_app: str = ""
    """Name of a Prefect block of type Spotify App with the app's id, secret and sign-in, in the place of the next three settings."""
    spotify_client_id: str = ""
    spotify_client_secret: SecretStr | None = None
    spotify_refresh_token: SecretStr | None = None
    spotify_daily_budget: int = Field(default=800, ge=1, le=1_000_000)
    """Calls in any rolling 24 hours."""
    spotify_rate: float = Field(default=5.0, gt=0, le=1000)
    """Requests per second."""
    spotify_max_wait_s: float = Field(default=60.0, ge=0, le=86_400)
    """Longest wait that Spotify may ask for; above it the rest is deferred."""
    http_timeout_s: float = Field(default=15.0, gt=0, le=600)

    playlist_kinds: Annotated[Kinds, NoDecode] = ("collect",)
    """The kinds of playlist that each list gets: collect, daily, mirror."""
    playlist_name: NameTemplate = "Beatport: {genre} - Top 100"
    """Of the collecting playlists."""
    daily_name: NameTemplate = "Beatport: {genre} - Daily Top"
    mirror_name: NameTemplate = "Beatport: {genre} - Top 100 today"
    playlist_digging: Digging = "playlist"
    """Which tracks are never added again: off, what is in the playlist; playlist, what it ever held; all, what any playlist ever held."""
    daily_size: DailySize = 15
    """Most entries of a daily playlist."""
    playlist_add_at: AddAt = "top"
    playlist_description: Description = ""
    """With {genre}, {date} and {run}; written when a playlist changes, for one more call; empty: never changed."""
    playlist_cover: bool = False
    """Draw a cover image with name and date; needs the extra `cover` and a further permission at sign-in."""
    playlist_public: bool = False
    """Of new playlists; Spotify may ignore false."""
    playlists: Annotated[dict[str, PlaylistChoice], NoDecode] = Field(default_factory=dict)
    """Other choices for single lists, by a genre's slug or the name of a chart or label."""
    playlist_when_full: Literal["continue", "fail"] = "continue"
    """At 10,000 items: move the oldest to a continuation playlist, or fail with PlaylistFull."""
    version_order: Annotated[tuple[Cut, ...], NoDecode, BeforeValidator(split_words)] = ("own", "extended", "original", "radio")
    """Cuts of a recording in order of preference; own is the chart's."""

    @field_validator("genre_ids", "memory_budgets_mb", "charts", "labels", "playlists", "backups", mode="before")
    @classmethod
    def _read_json(cls, value: object, info: ValidationInfo) -> object:
        """The environment gives them as JSON."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError(f"must be JSON such as {EXAMPLES[str(info.field_name)]}") from None

    @field_validator("memory_budgets_mb")
    @classmethod
    def _above_zero(cls, value: dict[str, float]) -> dict[str, float]:
        for slug, budget_mb in value.items():
            if not 0 < budget_mb <= MOST_MB:
                raise ValueError(
                    f"the budget of {shortened(slug)} must be above 0 and at most {MOST_MB} MB, such as {EXAMPLES['memory_budgets_mb']}"
                )
        return value

    @field_validator("chart_source")
    @classmethod
    def _each_once(cls, value: tuple[SourceName, ...]) -> tuple[SourceName, ...]:
        if not value or len(set(value)) < len(value):
            raise ValueError("must name one source or several, each once, such as website,api,inbox")
        return value

    @field_validator("genre_ids")
    @classmethod
    def _slugs_and_ids(cls, value: dict[str, int]) -> dict[str, int]:
        """A slug becomes part of file names, addresses and artifact keys."""
        for slug, genre_id in value.items():
            if not _SLUG.fullmatch(slug):
                raise ValueError(
                    f"{shortened(slug)} is not a slug: use lower-case letters, digits and dashes, such as {EXAMPLES['genre_ids']}"
                )
            if not 1 <= genre_id <= MAX_GENRE_ID:
                raise ValueError(f"the id of {slug} must be from 1 to {MAX_GENRE_ID}, as in the address of the genre's page on Beatport")
        return value

    @field_validator("database")
    @classmethod
    def _is_a_place(cls, value: str) -> str:
        if "://" in value and not (value.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")) and can_be_read(value)):
            raise ValueError("must be a file's path, postgresql://user:password@host/name, or secret/<block>")
        return value

    @field_validator("backups")
    @classmethod
    def _accumulated_once(cls, value: dict[str, BackupChoice]) -> dict[str, BackupChoice]:
        """Two sources of one accumulating playlist are fine; one that is itself the source of another would feed back."""
        sources = {choice.playlist.strip().casefold(): name for name, choice in value.items()}
        for name, choice in value.items():
            if choice.into and choice.into.strip().casefold() in sources:
                raise ValueError(f"{shortened(name)} accumulates into {shortened(choice.into)}, which is backed up itself: name another")
        return value

    @model_validator(mode="after")
    def _known_genres(self) -> Settings:
        known = self.all_genres()
        for slug in (*self.genres, *self.memory_budgets_mb):
            find_genre(slug, known)
        return self

    @model_validator(mode="after")
    def _one_playlist_each(self) -> Settings:
        """Two lists with one playlist would each mistake the other's tracks for the person's own."""
        lists: dict[str, str] = {}
        for table, name, choice in self._choices():
            where = f"[{table}] {shortened(name)}"
            one = self._subscription(where, name, choice)
            for identity in (one.slug, str(one.genre_id)):
                if lists.setdefault(identity, where) != where:
                    raise ValueError(f"{where} and {lists[identity]} mean the same list: keep one of them")
        self._refuse_unknown_lists()
        names: dict[str, str] = {}
        for where, genre in self._places():
            options = self.playlist_options(genre)
            for kind in options.kinds:
                name, place = playlist_name(options, genre, kind), f"{where} ({kind})" if kind != "collect" else where
                if names.setdefault(name.casefold(), place) != place:
                    raise ValueError(f"{place} and {names[name.casefold()]} mean the playlist {shortened(name)}: give one another name")
        return self

    def _places(self) -> list[tuple[str, Genre]]:
        """Every list, with the words for it in an error."""
        own = [(f"[{table}] {shortened(name)}", self._subscription(name, name, choice)) for table, name, choice in self._choices()]
        return [*((f"the genre {genre.slug}", genre) for genre in self.all_genres().values()), *own]

    def _refuse_unknown_lists(self) -> None:
        known = {*self.all_genres(), *self.charts, *self.labels}
        for name in self.playlists:
            if name not in known:
                near = difflib.get_close_matches(name[:80], known, n=1)
                hint = f"did you mean {near[0]}?" if near else "`beatporter genres` lists the genres"
                raise ValueError(f"[playlists] {shortened(name)} is neither a genre nor a name of [charts] or [labels]; {hint}")

    def _choices(self) -> list[tuple[str, str, ChartChoice | LabelChoice]]:
        charts = [("charts", name, choice) for name, choice in self.charts.items()]
        return [*charts, *(("labels", name, choice) for name, choice in self.labels.items())]

    def _subscription(self, where: str, name: str, choice: ChartChoice | LabelChoice) -> Subscription:
        if isinstance(choice, ChartChoice):
            text, top, shuffle = choice.chart, choice.top, False
        else:
            kind = "whole-label" if choice.tracks == "all" else "label"
            text, top, shuffle = f"{kind}:{choice.label.removeprefix('label:')}", None, choice.shuffle
        try:
            found = self.read_list(text, top=top)
        except UnknownChart as error:
            raise ValueError(f"{where}: {error}") from None
        if found.is_label == isinstance(choice, ChartChoice):
            raise ValueError(f"{where}: {shortened(text)} belongs under [{'labels' if found.is_label else 'charts'}]")
        return replace(found, name=name, shuffle=shuffle, playlist=choice.playlist)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def all_genres(self) -> dict[str, Genre]:
        """Every known genre, by slug."""
        return all_genres(self.genre_ids)

    def enabled_genres(self) -> tuple[str, ...]:
        """Slugs of the genres that a run without a choice syncs."""
        unasked = {genre.slug for genre in FURTHER} - self.genre_ids.keys()
        return self.genres or tuple(slug for slug in self.all_genres() if slug not in unasked)

    def subscriptions(self) -> dict[str, Subscription]:
        """The charts and labels that the person subscribed to, by slug."""
        found = [self._subscription(f"[{table}] {name}", name, choice) for table, name, choice in self._choices()]
        return {one.slug: one for one in found}

    def all_lists(self) -> dict[str, Genre]:
        """Every genre, and every chart and label that the person subscribed to, by slug."""
        return {**self.all_genres(), **self.subscriptions()}

    def enabled_lists(self) -> tuple[str, ...]:
        """Slugs of everything that a run without a choice syncs: genres, charts, labels."""
        return (*self.enabled_genres(), *self.subscriptions())

    def find_list(self, text: str) -> Genre:
        """Find a list by its text: a genre by its slug, a subscription by its slug or name, any other list by its form.

        Raises:
            UnknownGenre, UnknownChart: naming the nearest.
        """
        genres, own = self.all_genres(), self.subscriptions()
        if text in genres or text in own:
            return genres.get(text) or own[text]
        named = next((one for one in own.values() if one.name == text), None)
        if named is not None:
            return named
        try:
            found = self.read_list(text)
        except UnknownChart:
            if re.fullmatch(r"[\w&/ -]+", text):  # somebody meant a genre
                return find_genre(text, genres)
            raise
        return next((one for one in own.values() if one.genre_id == found.genre_id), found)

    def read_list(self, text: str, *, top: int | None = None) -> Subscription:
        """Parse a chart or label with `read_subscription`, using the addresses of the configured Beatport.

        Raises:
            UnknownChart: the text names no chart or label.
        """
        return read_subscription(text, self.all_genres(), hosts=frozenset({parts_host(self.beatport_url)}), top=top)

    def playlist_options(self, genre: Genre) -> PlaylistOptions:
        """What the person chose about the playlists of a list: its own choices, otherwise those for all lists.

        A chart's or label's playlists are named after its collecting one, as a Top 100 is not what every list has.
        """
        choice = self._playlist_choice(genre)
        names = (self.playlist_name, self.daily_name, self.mirror_name)
        if isinstance(genre, Subscription):
            collect = choice.name or genre.playlist_name()
            names = (collect, f"{collect} - Daily Top", f"{collect} today")
        defaults = PlaylistOptions(
            self.playlist_kinds,
            *names,
            self.playlist_digging,
            self.daily_size,
            self.playlist_add_at,
            self.playlist_description,
            self.playlist_cover,
            self.playlist_public,
        )
        return replace(defaults, **choice.model_dump(exclude_none=True))

    def _playlist_choice(self, genre: Genre) -> PlaylistChoice:
        """The entry of [playlists] about a list. A list that the person did not subscribe to may have the title of another one's name."""
        own = isinstance(genre, Subscription)
        found = self.playlists.get(genre.name if own else genre.slug)
        if found is None or (own and genre.slug not in self.subscriptions()):
            return PlaylistChoice()
        return found

    @property
    def draws_covers(self) -> bool:
        """Whether any playlist gets a cover image."""
        return self.playlist_cover or any(choice.cover for choice in self.playlists.values())

    def memory_budget(self, slug: str) -> float:
        """Memory budget of a genre's run, in MB."""
        return self.memory_budgets_mb.get(slug, self.memory_budget_mb)

    def captures(self) -> Path:
        """Folder of memory captures: in the home folder, which is private, because they hold command lines."""
        return self.home / "profiles"

    def ledger_address(self) -> str:
        """The ledger's database as `open_ledger` takes it, unless it names a block."""
        return self.database or str(self.home / "beatporter.db")


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment and beatporter.toml.

    Args:
        overrides: values that win over both sources, by field name.

    Raises:
        SettingsError: naming the key, its value and the accepted values.
    """
    return _load(**overrides) if overrides else _kept(*given())


@lru_cache(maxsize=4)
def _kept(_environment: tuple[tuple[str, str], ...], _file: bytes | int) -> Settings:
    """The steps of a genre's run ask for the settings eleven times; they are made again only when their sources have changed."""
    return _load()


def _load(**overrides: Any) -> Settings:
    refuse_gone()
    refuse_unknown(Settings.model_fields)
    check_file()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        tables = {
            "charts": ChartChoice.model_fields,
            "labels": LabelChoice.model_fields,
            "playlists": PlaylistChoice.model_fields,
            "backups": BackupChoice.model_fields,
        }
        raise SettingsError(explain(error, Settings.model_fields, tables), f"Change it in the environment or in {FILE}.") from None
