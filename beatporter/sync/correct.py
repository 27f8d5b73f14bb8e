"""A person's word: what was decided for a chart entry is set, ruled out or taken back, and playlists follow at the next run.

The word is a decision like any other, and the latest of an entry stands; the rules never overrule it. What it replaces is kept as a
correction, so that every playlist which the wrong track got into loses it, and has the right one in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from beatporter.errors import RequestRefused
from beatporter.ledger.rows import CorrectionRow, HistoryRow
from beatporter.matching import RULES, recording_key
from beatporter.matching.match import Match, Method
from beatporter.spotify.track import PlaylistRef, SpotifyTrack
from beatporter.sync.workspace import Workspace


def set_match(workspace: Workspace, beatport_id: int, track: SpotifyTrack) -> Match:
    """This track, and no other, is the chart entry's."""
    word = _word(workspace, beatport_id, "person", "a person chose it")
    word = replace(
        word,
        track_id=track.track_id,
        version="same",
        track_name=track.name,
        track_artists=track.artists,
        track_isrc=track.isrc,
        score=100.0,
    )
    return _keep(workspace, word)


def never_match(workspace: Workspace, beatport_id: int) -> Match:
    """Nothing is ever to be taken for the chart entry."""
    return _keep(workspace, _word(workspace, beatport_id, "person", "a person ruled every track out"))


def forget_match(workspace: Workspace, beatport_id: int) -> Match:
    """Whatever was decided does not stand any more; the next run searches anew."""
    return _keep(workspace, _word(workspace, beatport_id, "forgotten", "a person took the decision back"))


def ruled_out(workspace: Workspace, playlist_id: str) -> dict[str, Match | None]:
    """Tracks that the playlist once held and that a person ruled out since, with the decision that stands instead."""
    corrections = workspace.ledger.corrections.all()
    if not corrections:
        return {}
    standing = workspace.ledger.matches.latest({row.beatport_id for row in corrections})
    wrong: dict[str, Match | None] = {}
    for row in corrections:
        match = standing.get(row.beatport_id)
        taken_back = match is not None and (match.method == "forgotten" or match.track_id == row.replaces)
        if not taken_back:
            wrong[row.replaces] = match
    held = workspace.ledger.history.known(playlist_id, track_ids=wrong).track_ids
    return {track_id: match for track_id, match in wrong.items() if track_id in held}


def correct_playlist(workspace: Workspace, playlist: PlaylistRef, wrong: Mapping[str, Match | None], held: Mapping[str, int]) -> None:
    """Put the right tracks in the place of the wrong ones and take the wrong ones out; the playlist must be read again after it.

    The right track goes in before the wrong one goes out, so that what an interruption leaves is mended by doing it again.

    Args:
        wrong: tracks to take out, all of them held, with the decision that stands instead.
        held: position of each track that the playlist holds.
    """
    for track_id in sorted(wrong, key=lambda track_id: -held[track_id]):
        right = wrong[track_id]
        if right is None or not right.track_id:
            continue
        if right.track_id not in held:
            workspace.spotify.add_items(playlist.playlist_id, [right.track_id], position=held[track_id])
        recording = recording_key(right.track_name or "", right.track_artists)
        row = HistoryRow(right.track_id, right.track_isrc, recording, right.beatport_id, "person", workspace.now())
        workspace.ledger.history.append(playlist.playlist_id, [row])
    workspace.spotify.remove_items(playlist.playlist_id, list(wrong))


def _word(workspace: Workspace, beatport_id: int, method: Method, reason: str) -> Match:
    previous = workspace.ledger.matches.latest([beatport_id]).get(beatport_id)
    if previous is None:
        raise RequestRefused(
            f"No decision is known for Beatport id {beatport_id}.",
            "`beatporter match show GENRE` lists the ids of a genre's chart.",
            status=404,
        )
    at = max(workspace.now(), previous.decided_at + timedelta(seconds=1))
    return Match(beatport_id, previous.isrc, None, method, 0.0, None, RULES, at, None, (reason,), runners_up=previous.runners_up)


def _keep(workspace: Workspace, word: Match) -> Match:
    """The correction first: without the decision it would only be void, the other way round the wrong track would stay."""
    previous = workspace.ledger.matches.latest([word.beatport_id])[word.beatport_id]
    if previous.track_id and previous.track_id != word.track_id and word.method == "person":
        workspace.ledger.corrections.append(CorrectionRow(word.beatport_id, previous.track_id, word.track_id, word.decided_at))
    workspace.ledger.matches.append([word])
    return word
