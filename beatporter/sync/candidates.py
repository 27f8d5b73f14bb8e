"""What was found for chart entries: decisions by Spotify track, and which of the tracks a genre's playlist never had."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from beatporter.genres import Genre
from beatporter.matching import keys_of_some_artists, recording_key
from beatporter.playlist_kinds import KINDS, PlaylistKind, playlist_number
from beatporter.records.ledger import BackupRow, HistoryRow, Known
from beatporter.records.match import Match
from beatporter.records.track import SpotifyTrack
from beatporter.spotify.plan import Candidate, select_new
from beatporter.sync.workspace import Workspace


def matches_by_track(workspace: Workspace, beatport_ids: Sequence[int], track_ids: Iterable[str] = ()) -> dict[str, Match]:
    """The decisions that found a chart's tracks, by Spotify id; if two entries share a track, the higher one's.

    Args:
        beatport_ids: the chart, in order.
        track_ids: tracks possibly found for earlier charts; their decisions are looked up by track.
    """
    matches = workspace.ledger.matches.latest(beatport_ids)
    by_track: dict[str, Match] = {}
    for beatport_id in beatport_ids:
        match = matches.get(beatport_id)
        if match is not None and match.track_id:
            by_track.setdefault(match.track_id, match)
    if others := [track_id for track_id in track_ids if track_id not in by_track]:
        found = workspace.ledger.matches.by_track(others)
        by_track.update((track_id, min(found[track_id], key=lambda match: match.beatport_id)) for track_id in others if track_id in found)
    return by_track


SAME_LENGTH_MS = 1_000
"""Two ids of one track differ only by rounding; cuts of a recording differ by many seconds."""


class KnownTracks:
    """Tracks that were sent, for recognising listed ones: Spotify may list a track under another id than the one that was sent.

    The same id, the same ISRC, or the same recording with the same length means the same track.

    Args:
        matches: the decisions that chose them, by id.
    """

    def __init__(self, matches: Mapping[str, Match]) -> None:
        self._ids = frozenset(matches)
        self._by_isrc = {match.track_isrc: track_id for track_id, match in matches.items() if match.track_isrc}
        self._by_recording: dict[str, list[tuple[int, str]]] = {}
        for track_id, match in matches.items():
            if match.track_duration_ms is not None:
                self._by_recording.setdefault(match_recording(match), []).append((match.track_duration_ms, track_id))

    def id_of(self, listed: SpotifyTrack) -> str:
        """The id under which a listed track was sent; its own when it is none of these."""
        if listed.track_id in self._ids or not self._ids:
            return listed.track_id
        if listed.isrc in self._by_isrc:
            return self._by_isrc[listed.isrc]
        if listed.duration_ms is not None and self._by_recording:
            for duration_ms, track_id in self._by_recording.get(recording_key(listed.name, listed.artists), ()):
                if abs(duration_ms - listed.duration_ms) <= SAME_LENGTH_MS:
                    return track_id
        return listed.track_id

    def id_of_row(self, row: BackupRow) -> str | None:
        """The id under which the track in a backup's row was sent, as far as a backup shows it: it holds no lengths."""
        return row.track_id if row.track_id in self._ids or row.isrc is None else self._by_isrc.get(row.isrc, row.track_id)


class RecordingsSeen:
    """Which of some recordings a playlist holds now, under whatever id: found while its entries are gone through.

    Args:
        candidates: the tracks in question.
    """

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        wanted = list(candidates)
        self._ids = {one.track_id for one in wanted}
        self._isrcs = {one.isrc for one in wanted if one.isrc}
        self._recordings = {one.recording for one in wanted if one.recording}
        self._found: tuple[set[str], set[str], set[str]] = (set(), set(), set())

    def see(self, track_id: str, isrc: str | None, name: str, artists: Sequence[str]) -> None:
        """Take note of an entry."""
        recording = recording_key(name, artists)
        for found, wanted, key in zip(self._found, (self._ids, self._isrcs, self._recordings), (track_id, isrc, recording), strict=True):
            if key in wanted and key is not None:
                found.add(key)

    @property
    def known(self) -> Known:
        """The ids, ISRCs and recordings of the candidates that were seen."""
        return Known(*map(frozenset, self._found))


def match_recording(match: Match) -> str:
    """The history's `recording` for a decision."""
    return recording_key(match.track_name or "", match.track_artists)


def history_row(match: Match, added_at: datetime) -> HistoryRow:
    """The history's row for a decision."""
    return HistoryRow(match.track_id or "", match.track_isrc, match_recording(match), match.beatport_id, "chart", added_at)


def candidate_of(match: Match) -> Candidate:
    """The track of a decision, with what identifies the same recording under another id."""
    return Candidate(match.track_id or "", match.track_isrc, match_recording(match))


def known_of(workspace: Workspace, playlist_id: str, candidates: Sequence[Candidate]) -> Known:
    """Which candidates are in a playlist's history, by id, ISRC and recording."""
    return _known(workspace, playlist_id, candidates)


def known_elsewhere(workspace: Workspace, genre: Genre, candidates: Sequence[Candidate]) -> Known:
    """Which candidates are in the history of a playlist that is not one of this list's own."""
    own = [playlist_id for kind in KINDS for playlist_id in workspace.ledger.playlists.ids(playlist_number(genre, kind))]
    return _known(
        workspace,
        None,
        candidates,
        except_for=own,
    )


def _known(workspace: Workspace, playlist_id: str | None, candidates: Sequence[Candidate], except_for: Collection[str] = ()) -> Known:
    """Which candidates a history has.

    The script that Beatporter replaces recorded only the first artist of many tracks. So an imported row by some of the artists counts too.
    """
    history = workspace.ledger.history
    recordings = [one.recording for one in candidates if one.recording]
    track_ids, isrcs = [one.track_id for one in candidates], [one.isrc for one in candidates if one.isrc]
    by_some = {recording: keys_of_some_artists(recording) for recording in recordings}
    some = frozenset[str]().union(*by_some.values())
    known = history.known(playlist_id, track_ids, isrcs, recordings, imported=some, except_for=except_for)
    shortened = {recording for recording, keys in by_some.items() if keys & known.imported}
    return Known(known.track_ids, known.isrcs, known.recordings | shortened)


def removed_from_earlier(
    workspace: Workspace, genre: Genre, playlist_id: str, candidates: Sequence[Candidate], kind: PlaylistKind = "collect"
) -> frozenset[str]:
    """Ids of candidates that the person removed from an earlier playlist of the list and kind.

    A playlist that was deleted as a whole starts again, but tracks removed from it before that stay out: they are in its history but
    not in its last backup.
    """
    gone: set[str] = set()
    for earlier in workspace.ledger.playlists.ids(playlist_number(genre, kind)) - {playlist_id}:
        held = known_of(workspace, earlier, candidates).track_ids
        backup = workspace.ledger.backups.latest(earlier)
        if held and backup is not None:
            gone |= held - {row.track_id for row in workspace.ledger.backups.items(earlier, backup.snapshot_id)}
    return frozenset(gone)


def never_had(workspace: Workspace, genre: Genre, matches: Iterable[Match], kinds: Sequence[PlaylistKind] | None = None) -> set[str]:
    """Spotify ids of found tracks that are still to be put into the list's playlist; of several for one recording the first.

    That is the collecting playlist, or without one the mirror: a daily playlist takes only as many as it has room for.

    Args:
        kinds: of the run; None for those of the settings.
    """
    options = workspace.settings.playlist_options(genre)
    kind = next((one for one in KINDS if one in (kinds or options.kinds) and one != "daily"), None)
    candidates = [candidate_of(match) for match in matches if match.track_id]
    if not candidates or kind is None:
        return set()
    playlists = sorted(workspace.ledger.playlists.ids(playlist_number(genre, kind)))
    known = [known_of(workspace, playlist_id, candidates) for playlist_id in playlists]
    if kind == "collect" and options.digging == "all":
        known.append(known_elsewhere(workspace, genre, candidates))
    return set(select_new(candidates, *known))
