"""Applies overrides to a genre's playlist: removes wrong tracks, puts right ones in their place, and restores withdrawn removals.

When a run reaches the playlist, the corrections are compared with the current decisions:

- A track that its entry no longer has is removed. After a withdrawn override this waits until another track is found.
- A track that was removed for an override, and is right again after the override was changed or withdrawn, is put back.
- A track that belongs to another entry of the genre stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from beatporter.genres import Genre
from beatporter.matching import recording_key
from beatporter.records.ledger import CorrectionRow, HistoryRow
from beatporter.records.match import Match
from beatporter.records.track import PlaylistRef
from beatporter.spotify.apply import remove_listed
from beatporter.sync.candidates import KnownTracks, candidate_of, known_of, match_recording
from beatporter.sync.playlist_state import PlaylistState
from beatporter.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Due:
    """Changes to a playlist that a person's overrides require.

    Attributes:
        wrong: tracks to remove, with the decision that now applies.
        back: tracks that an earlier override may have removed and that are right again, with the decision that has them.
    """

    wrong: Mapping[str, Match]
    back: Mapping[str, Match]


def apply_overrides(workspace: Workspace, genre: Genre, playlist: PlaylistRef, state: PlaylistState) -> bool:
    """Apply what is due in the genre's playlist; Spotify is not called when nothing is due.

    Args:
        playlist: its current state.
        state: reconciled with it: its last backup shows what the playlist holds.

    Returns:
        Whether anything was sent; the playlist must then be read again.
    """
    due = overrides_due(workspace, genre, playlist.playlist_id)
    if not due.wrong and not due.back:
        return False
    if not due.back and not _may_hold(workspace, playlist, state, due.wrong):
        return False
    return _correct(workspace, playlist, state, due, _held(workspace, playlist.playlist_id, due))


@dataclass(frozen=True, slots=True)
class Place:
    """A track's position in the playlist, and the id under which it is listed there."""

    position: int
    listed_id: str


def _may_hold(workspace: Workspace, playlist: PlaylistRef, state: PlaylistState, wrong: Collection[str]) -> bool:
    """Whether the last backup allows that a wrong track is in the playlist; backups hold no track lengths."""
    if not state.is_unchanged(playlist):
        return True
    took = workspace.ledger.matches.that_took(wrong)
    isrcs = {match.track_isrc for match in took.values() if match.track_isrc}
    without_isrc = {match_recording(match) for match in took.values() if not match.track_isrc}
    recordings = {match_recording(match) for match in took.values()}
    for row in workspace.ledger.backups.items(playlist.playlist_id, playlist.snapshot_id):
        if row.track_id in wrong or row.isrc in isrcs:
            return True
        among = without_isrc if row.isrc else recordings
        if among and row.track_id is not None and recording_key(row.name, row.artists) in among:
            return True
    return False


def _held(workspace: Workspace, playlist_id: str, due: Due) -> dict[str, Place]:
    """The place of each track that the playlist holds, read from Spotify, by the id under which it was sent."""
    known = KnownTracks({**workspace.ledger.matches.that_took(due.wrong), **due.back})
    places: dict[str, Place] = {}
    for item in workspace.spotify.playlist_items(playlist_id):
        if item.track is not None:
            places.setdefault(known.id_of(item.track), Place(item.position, item.track.track_id))
    return places


def overrides_due(workspace: Workspace, genre: Genre, playlist_id: str) -> Due:
    """What the person's overrides require of a playlist, by its history."""
    corrections = workspace.ledger.corrections.all()
    if not corrections:
        return Due({}, {})
    held = workspace.ledger.history.known(playlist_id, track_ids={row.replaces for row in corrections}).track_ids
    corrections = [row for row in corrections if row.replaces in held]
    standing = workspace.ledger.matches.latest({row.beatport_id for row in corrections})
    right = {track_id: match for track_id in held if (match := _standing_here(workspace, genre, track_id))}
    wrong = {row.replaces: standing[row.beatport_id] for row in corrections if _is_wrong(row, standing.get(row.beatport_id))}
    return Due(
        {track_id: match for track_id, match in wrong.items() if track_id not in right},
        {row.replaces: right[row.replaces] for row in corrections if row.replaces in right and row.track_id != row.replaces},
    )


def _correct(workspace: Workspace, playlist: PlaylistRef, state: PlaylistState, due: Due, held: Mapping[str, Place]) -> bool:
    """Put the right tracks in the place of the wrong ones, remove the wrong ones, and put restored ones on top.

    The right track goes in before the wrong one goes out, so that repeating this repairs an interruption. A track whose recording
    is in the playlist under any id is not put in a second time.
    """
    leaving = sorted(due.wrong.keys() & held.keys(), key=lambda track_id: -held[track_id].position)
    coming = [(held[track_id].position, due.wrong[track_id]) for track_id in leaving if due.wrong[track_id].track_id]
    coming += [(0, match) for track_id, match in due.back.items() if track_id not in held]
    if leaving or coming:
        state.begin_write()
    there = held.keys() - set(leaving)
    for position, match in coming:
        if not _is_there(workspace, playlist.playlist_id, match, there):
            _insert(workspace, playlist, match, None if match.track_id in held else position)
            there = there | {match.track_id or ""}
    remove_listed(workspace.spotify, playlist.playlist_id, {track_id: held[track_id].listed_id for track_id in leaving})
    _settle(workspace, due.back)
    return bool(leaving or coming)


def _standing_here(workspace: Workspace, genre: Genre, track_id: str) -> Match | None:
    """The decision by which an entry of the genre's charts has the track; None when there is none."""
    matches = {match.beatport_id: match for match in workspace.ledger.matches.by_track([track_id]).get(track_id, ())}
    return next((matches[found] for found in sorted(workspace.ledger.charts.entries(genre.genre_id, matches))), None) if matches else None


def _is_wrong(row: CorrectionRow, standing: Match | None) -> bool:
    """Whether the correction's track must be removed, regardless of other entries."""
    if standing is None or standing.method == "forgotten" or standing.track_id == row.replaces:
        return False
    return standing.method == "person" or standing.track_id is not None  # after a withdrawn override, a track that the rules miss stays


def _insert(workspace: Workspace, playlist: PlaylistRef, match: Match, position: int | None) -> None:
    """Put a track in, and into the history; without a position it is already there, left by a run that died."""
    if position is not None:
        workspace.spotify.add_items(playlist.playlist_id, [match.track_id or ""], position=position)
    row = HistoryRow(match.track_id or "", match.track_isrc, match_recording(match), match.beatport_id, "person", workspace.now())
    workspace.ledger.history.append(playlist.playlist_id, [row])


def _settle(workspace: Workspace, back: Collection[str]) -> None:
    """Record that these tracks are in place, so that they do not come back again after the person removes them."""
    for row in workspace.ledger.corrections.all():
        if row.replaces in back and row.track_id != row.replaces:
            workspace.ledger.corrections.append(replace(row, track_id=row.replaces, at=row.at + timedelta(seconds=1)))


def _is_there(workspace: Workspace, playlist_id: str, right: Match, there: Collection[str]) -> bool:
    """Whether one of the tracks that stay is the right one, or the same recording under another id."""
    if right.track_id in there:
        return True
    one = candidate_of(right)
    known = known_of(workspace, playlist_id, [one])
    if not known.isrcs and not known.recordings:
        return False
    rows = workspace.ledger.history.rows(playlist_id, there).values()
    return any((row.isrc and row.isrc == one.isrc) or row.recording == one.recording for row in rows)
