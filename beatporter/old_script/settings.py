"""Translates the settings of the script that Beatporter replaces into ours.

The script named each genre, chart and label as the person liked and built the playlists' names from that. Here a genre is known by its id,
so the person's names become names of playlists. Reads no file and calls no service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from beatporter.errors import UnknownChart
from beatporter.genres import RETIRED, Genre, retired_words
from beatporter.old_script.config import LeftOut, ScriptConfig
from beatporter.playlist_kinds import MAX_DAILY, PlaylistKind
from beatporter.spotify.links import is_id
from beatporter.subscriptions import Subscription, read_subscription

ENDINGS: Mapping[PlaylistKind, str] = {"collect": " - Top 100", "daily": " - Daily Top"}
"""What the script put behind a genre's name, by kind of playlist."""
DIGGING = {"": "off", "playlist": "playlist", "all": "all"}
OVERALL = "overall"
_PATH = re.compile(r"(?:.*/)?([a-z0-9-]*)/(\d{1,9})(?:/top-100)?/?")
_DATE = re.compile(r"[\s(\[-]*%[A-Za-z][)\]]*")


@dataclass(frozen=True, slots=True)
class MovedList:
    """A genre, chart or label of the script, and the playlists that it kept for it.

    Attributes:
        genre: the same list here.
        names: the playlist's name for each kind.
        dated: the name contains a date, so the script made another playlist each week or month.
    """

    genre: Genre
    names: Mapping[PlaylistKind, str]
    line: int
    dated: bool = False

    @property
    def key(self) -> str:
        """Its name in the table [playlists]."""
        return self.genre.name if isinstance(self.genre, Subscription) else self.genre.slug


@dataclass(slots=True)
class MovedLists:
    """The script's lists in its order; several of them may be the same list here."""

    lists: list[MovedList] = field(default_factory=list)
    genre_ids: dict[str, int] = field(default_factory=dict)
    """Genres that Beatporter does not know by themselves."""
    charts: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def moved_lists(config: ScriptConfig, genres: Mapping[str, Genre]) -> MovedLists:
    """The script's genres, charts and labels as lists of ours; those that Beatport no longer has are left out.

    Args:
        genres: all genres that are known here, by slug.
    """
    moved = MovedLists()
    for name, path in config.genres.items():
        _take_genre(moved, config, genres, name, path)
    for table, label in (("charts", False), ("labels", True)):
        for name, path in getattr(config, table).items():
            _take_subscription(moved, config, genres, name, path, label=label)
    return moved


def _take_genre(moved: MovedLists, config: ScriptConfig, genres: Mapping[str, Genre], name: str, path: str) -> None:
    line = config.lines.get(("genres", name), 0)
    names: dict[PlaylistKind, str] = {kind: f"{config.prefix}{name}{ending}" for kind, ending in ENDINGS.items()}
    if not config.daily:
        del names["daily"]
    if not path.strip("/"):
        moved.charts[name] = OVERALL
        whole = read_subscription(OVERALL, genres)
        moved.lists.append(MovedList(_named(whole, name, names["collect"]), names, line))
        return
    found = _PATH.fullmatch(path.strip().lower())
    if found is None:
        moved.left_out.append(LeftOut(line, f"genres: {name}", f"{path!r:.60} is not a genre's path such as house/5"))
        return
    slug, genre_id = found[1], int(found[2])
    genre = next((one for one in genres.values() if one.genre_id == genre_id), None)
    if genre is None and genre_id in RETIRED:
        moved.left_out.append(LeftOut(line, f"genres: {name}", retired_words(Genre(slug, genre_id, name))))
        return
    if genre is None:
        slug = slug if slug and slug not in genres else f"genre-{genre_id}"
        moved.genre_ids[slug] = genre_id
        genre = Genre(slug, genre_id, slug.replace("-", " ").title())
    moved.lists.append(MovedList(genre, names, line))


def _take_subscription(moved: MovedLists, config: ScriptConfig, genres: Mapping[str, Genre], name: str, path: str, *, label: bool) -> None:
    setting = "labels" if label else "charts"
    line, key = config.lines.get((setting, name), 0), undated(name)
    playlist = f"{config.prefix}{key}"
    known = {one.genre.genre_id: one.names["collect"] for one in moved.lists if isinstance(one.genre, Subscription)}
    try:
        form = f"{'whole-label' if config.overwrite_labels else 'label'}:{path}" if label else path if "//" in path else f"chart:{path}"
        found = read_subscription(form, genres)
    except UnknownChart as error:
        moved.left_out.append(LeftOut(line, f"{setting}: {name}", error.what))
        return
    if key in moved.charts or key in moved.labels or found.genre_id in known:
        same = known.get(found.genre_id, playlist)
        moved.left_out.append(LeftOut(line, f"{setting}: {name}", f"it is the same list as that of the playlist {same!r}"))
        return
    (moved.labels if label else moved.charts)[key] = path if label else form
    moved.lists.append(MovedList(_named(found, key, playlist), {"collect": f"{config.prefix}{name}"}, line, dated="%" in name))


def _named(found: Subscription, name: str, playlist: str) -> Subscription:
    return Subscription(found.slug, found.genre_id, name, found.kind, found.beatport_id, found.path, found.top, found.shuffle, playlist)


def undated(name: str) -> str:
    """A name without its parts of a date: "Weekend Picks %U (%Y)" is "Weekend Picks"."""
    return " ".join(_DATE.sub(" ", name).split()).strip(" -–:") or "Chart"


def matches_dated(template: str, name: str) -> bool:
    """Whether a playlist's name is one that a template with a date made."""
    parts = [re.escape(part) for part in re.split(r"%[A-Za-z]", template)]
    return re.fullmatch(r"\w+".join(parts), name) is not None


def moved_values(config: ScriptConfig, moved: MovedLists, names: Mapping[tuple[str, PlaylistKind], str]) -> dict[str, Any]:
    """The settings as keys and tables of beatporter.toml.

    Args:
        names: the name of each list's playlists, by the list's key and kind.
    """
    template = f"{config.prefix}{{genre}}"
    values: dict[str, Any] = {
        "genres": list(dict.fromkeys(one.genre.slug for one in moved.lists if not isinstance(one.genre, Subscription))),
        "playlist_kinds": ["collect", "daily"] if config.daily else ["collect"],
        "playlist_name": f"{template} - Top 100",
        "daily_name": f"{template} - Daily Top",
        "mirror_name": f"{template} - Top 100 today",
        "playlist_digging": DIGGING.get(config.digging, "playlist"),
        "daily_size": min(max(config.daily_size, 1), MAX_DAILY),
        "playlist_add_at": "top" if config.add_at_top else "end",
    }
    if config.description:
        values["playlist_description"] = f"{config.description.rstrip()} Updated on {{date}}."
    tables = {
        "genre_ids": moved.genre_ids,
        "charts": {name: {"chart": chart, "playlist": names[name, "collect"]} for name, chart in moved.charts.items()},
        "labels": {name: _label(config, label, names[name, "collect"]) for name, label in moved.labels.items()},
        "playlists": dict(_own_choices(config, moved.lists, names)),
        "backups": {undated(name): backup for name, backup in _backups(config)},
    }
    return values | {name: table for name, table in tables.items() if table}


def _label(config: ScriptConfig, label: str, playlist: str) -> dict[str, Any]:
    shuffled = {"shuffle": True} if config.shuffle_labels else {}
    return {"label": label, "tracks": "all" if config.overwrite_labels else "new", **shuffled, "playlist": playlist}


def _own_choices(
    config: ScriptConfig, lists: Sequence[MovedList], names: Mapping[tuple[str, PlaylistKind], str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What differs from the choices for all lists: names of genres' playlists, and kinds of charts and labels."""
    settings: dict[PlaylistKind, str] = {"collect": "name", "daily": "daily_name"}
    for one in {one.key: one for one in lists}.values():
        choices: dict[str, Any] = {}
        if config.daily and "daily" not in one.names:
            choices["kinds"] = ["collect"]
        for kind in one.names:
            if isinstance(one.genre, Subscription):
                if kind == "collect":  # its table has the name
                    continue
                usual = f"{names[one.key, 'collect']}{ENDINGS[kind]}"
            else:
                usual = f"{config.prefix}{one.genre.name}{ENDINGS[kind]}"
            if names[one.key, kind] != usual:
                choices[settings[kind]] = names[one.key, kind]
        if choices:
            yield one.key, choices


def _backups(config: ScriptConfig) -> Iterator[tuple[str, dict[str, str]]]:
    for name, playlist_id in config.backups.items():
        if is_id(playlist_id):
            yield name, {"playlist": playlist_id, "into": name, "digging": DIGGING.get(config.digging, "playlist")}


def unusable_values(config: ScriptConfig) -> list[LeftOut]:
    """Values that were changed or left out, with the reason."""
    found = [
        LeftOut(config.lines.get(("spotify_bkp", name), 0), f"spotify_bkp: {name}", f"{playlist_id!r:.60} is not the id of a playlist")
        for name, playlist_id in config.backups.items()
        if not is_id(playlist_id)
    ]
    if config.digging not in DIGGING:
        found.append(LeftOut(0, "digging_mode", f"{config.digging!r:.40} is not a mode of the script; playlist is used"))
    if not 1 <= config.daily_size <= MAX_DAILY:
        found.append(LeftOut(0, "daily_n_track", f"{config.daily_size} is not from 1 to {MAX_DAILY}; the nearest is used"))
    return found
