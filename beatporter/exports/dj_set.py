"""A list's current chart as a set for DJ software: Rekordbox XML, M3U8 or CSV, in chart order or in harmonic order.

It needs the ledger only. A track that is not on Spotify is part of the set too, since the person may own it; only Rekordbox XML goes
without it, because there each track needs a location.

Rekordbox XML follows the vendor's "rekordbox XML format list"; locations are in the form in which rekordbox itself writes tracks that it
streams from Spotify (`file://localhostspotify:track:ID`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args
from xml.etree import ElementTree

from beatporter import names
from beatporter.control_characters import without_control_characters
from beatporter.errors import ChartUnavailable, SettingsError
from beatporter.exports.camelot import camelot_of
from beatporter.exports.harmonic import harmonic_order
from beatporter.ledger.spreadsheet import Column, ExportReport, write_file, written_whole
from beatporter.records.chart import ChartEntry
from beatporter.sync.workspace import Workspace

SetFormat = Literal["rekordbox", "m3u8", "csv"]
SetOrder = Literal["chart", "harmonic"]
SUFFIX: dict[SetFormat, str] = {"rekordbox": ".xml", "m3u8": ".m3u8", "csv": ".csv"}
COLUMNS = (
    *(Column(name) for name in ("#", "Artist", "Title", "Mix", "BPM", "Key", "Camelot", "Length", "Label", "Released", "Chart")),
    Column("Spotify", kind="link"),
    Column("Beatport", kind="link"),
)


@dataclass(frozen=True, slots=True)
class SetTrack:
    """A track of the set.

    Attributes:
        url: on Spotify, or, where Spotify has it not, on Beatport.
    """

    entry: ChartEntry
    track_id: str | None

    @property
    def artists(self) -> str:
        return ", ".join(self.entry.artists)

    @property
    def camelot(self) -> str:
        """Empty when the key is not known."""
        return str(camelot_of(self.entry.key, self.entry.camelot) or "")

    @property
    def url(self) -> str:
        return names.track_url(self.track_id) if self.track_id else names.beatport_track_url(self.entry.beatport_id)


@dataclass(frozen=True, slots=True)
class DjSet:
    """A set: its name, its genre's name, and its tracks in order."""

    name: str
    genre: str
    tracks: tuple[SetTrack, ...]

    def on_spotify(self) -> DjSet:
        """The set without the tracks that Spotify has not."""
        return replace(self, tracks=tuple(track for track in self.tracks if track.track_id))


def chosen_format(text: str) -> SetFormat:
    """The format that a person named.

    Raises:
        SettingsError: there is no such format.
    """
    return _chosen(text, get_args(SetFormat), "format")  # type: ignore[return-value]


def chosen_order(text: str) -> SetOrder:
    """The order that a person named.

    Raises:
        SettingsError: there is no such order.
    """
    return _chosen(text, get_args(SetOrder), "order")  # type: ignore[return-value]


def _chosen(text: str, known: tuple[str, ...], noun: str) -> str:
    if text not in known:
        raise SettingsError(f"There is no {noun} {text!r}.", f"There are {', '.join(known)}.")
    return text


def read_set(workspace: Workspace, slug: str, order: SetOrder) -> DjSet:
    """The list's last chart as a set.

    Raises:
        UnknownGenre, UnknownChart: naming the nearest.
        ChartUnavailable: no chart of it has been read.
    """
    genre = workspace.genre(slug)
    chart = workspace.ledger.charts.latest(genre.genre_id)
    if chart is None:
        raise ChartUnavailable(f"No chart of {slug} has been read yet.", f"Run `beatporter sync {slug}` first.")
    matches = workspace.ledger.matches.latest([entry.beatport_id for entry in chart.entries])
    entries = list(chart.entries) if order == "chart" else harmonic_order(chart.entries)
    tracks = (SetTrack(entry, match.track_id if (match := matches.get(entry.beatport_id)) else None) for entry in entries)
    kind = " (harmonic)" if order == "harmonic" else ""
    return DjSet(f"{genre.name} {chart.scraped_at:%Y-%m-%d}{kind}", genre.name, tuple(tracks))


def write_set(dj_set: DjSet, kind: SetFormat, path: Path, *, overwrite: bool = False) -> ExportReport:
    """Write a set to a file, whole or not at all; reports how many tracks are in it.

    Raises:
        SettingsError: the file exists, or it cannot be written there.
    """
    if kind == "csv":
        return write_file(path, "set", COLUMNS, _csv_rows(dj_set), overwrite=overwrite)
    render: Callable[[DjSet], str] = _m3u8
    if kind == "rekordbox":
        dj_set, render = dj_set.on_spotify(), _rekordbox
    with written_whole(path, overwrite=overwrite) as draft:
        draft.write_text(render(dj_set), encoding="utf-8", newline="\n")
    return ExportReport(path, len(dj_set.tracks), 1)


def _csv_rows(dj_set: DjSet) -> Iterator[tuple[Any, ...]]:
    for number, track in enumerate(dj_set.tracks, 1):
        entry = track.entry
        length = f"{entry.length_ms // 60_000}:{entry.length_ms // 1000 % 60:02}" if entry.length_ms else None
        beatport = names.beatport_track_url(entry.beatport_id)
        spotify = names.track_url(track.track_id) if track.track_id else None
        tones = (entry.bpm, entry.key, track.camelot)
        about = (length, entry.label, entry.publish_date, entry.position)
        yield number, entry.artists, entry.name, entry.mix_name, *tones, *about, spotify, beatport


def _m3u8(dj_set: DjSet) -> str:
    """Extended M3U in UTF-8: a line about each track, then its address. Tempo and key are in the title, where players show them."""
    lines = ["#EXTM3U", f"#PLAYLIST:{_line(dj_set.name)}"]
    for track in dj_set.tracks:
        seconds = round(track.entry.length_ms / 1000) if track.entry.length_ms else -1
        tones = " ".join(filter(None, [str(track.entry.bpm or ""), track.camelot]))
        lines += [f"#EXTINF:{seconds},{_line(f'{track.artists} - {track.entry.full_title}')}{f' [{tones}]' if tones else ''}", track.url]
    return "\n".join([*lines, ""])


def _line(text: str) -> str:
    return " ".join(without_control_characters(text).split())


def _rekordbox(dj_set: DjSet) -> str:
    root = ElementTree.Element("DJ_PLAYLISTS", Version="1.0.0")
    ElementTree.SubElement(root, "PRODUCT", Name="Beatporter", Version="1", Company="Beatporter")
    collection = ElementTree.SubElement(root, "COLLECTION", Entries=str(len(dj_set.tracks)))
    for track in dj_set.tracks:
        ElementTree.SubElement(collection, "TRACK", _rekordbox_track(dj_set.genre, track))
    playlists = ElementTree.SubElement(root, "PLAYLISTS")
    top = ElementTree.SubElement(playlists, "NODE", Type="0", Name="ROOT", Count="1")
    node = {"Name": _line(dj_set.name), "Type": "1", "KeyType": "0", "Entries": str(len(dj_set.tracks))}
    playlist = ElementTree.SubElement(top, "NODE", node)
    for track in dj_set.tracks:
        ElementTree.SubElement(playlist, "TRACK", Key=str(track.entry.beatport_id))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _rekordbox_track(genre: str, track: SetTrack) -> dict[str, str]:
    """A track's attributes; what is not known is left out."""
    entry = track.entry
    known: dict[str, Any] = {
        "TrackID": entry.beatport_id,
        "Name": track.entry.full_title,
        "Artist": track.artists,
        "Album": entry.release,
        "Genre": genre,
        "TotalTime": round(entry.length_ms / 1000) if entry.length_ms else None,
        "Year": (entry.publish_date or "")[:4],
        "AverageBpm": f"{entry.bpm:.2f}" if entry.bpm else None,
        "Comments": ", ".join(filter(None, [f"Beatport #{entry.position}", entry.key, names.beatport_track_url(entry.beatport_id)])),
        "Remixer": ", ".join(entry.remixers),
        "Tonality": track.camelot,
        "Label": entry.label,
        "Mix": entry.mix_name,
        "Location": f"file://localhost{names.track_uri(track.track_id or '')}",
    }
    return {name: _line(str(value)) for name, value in known.items() if value not in (None, "")}
