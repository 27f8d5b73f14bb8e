"""A person's word: what was decided for a chart entry is set, ruled out or taken back, and playlists follow at the next run.

The word is a decision like any other, and the latest of an entry stands; the rules never overrule it. Every track that an entry had
before is kept as a correction, so that each playlist which a wrong track got into loses it, and has the right one in its place. A decision
that was taken back is kept likewise: its track stays until another one is found in its stead.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from beatporter.beatport.chart import ChartEntry
from beatporter.errors import SettingsError
from beatporter.genres import Genre
from beatporter.ledger.rows import CorrectionRow, HistoryRow
from beatporter.matching import RULES
from beatporter.matching.match import Match, Method
from beatporter.spotify.client import WRITE_LIMIT
from beatporter.spotify.track import PlaylistRef, SpotifyTrack
from beatporter.sync.found import candidate_of, known_of, match_recording
from beatporter.sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Subject:
    """What a person can have a word about.

    Attributes:
        entry: as its genre's last chart shows it; None when no last chart has it any more.
        slug: that genre.
        match: the decision that stands; None when there never was one.
    """

    beatport_id: int
    entry: ChartEntry | None
    slug: str
    match: Match | None


def find_subject(workspace: Workspace, beatport_id: int) -> Subject:
    """What is known of a Beatport id.

    Raises:
        SettingsError: nothing is: it stood in no chart that was read.
    """
    match = workspace.ledger.matches.latest([beatport_id]).get(beatport_id)
    for genre in workspace.settings.all_genres().values():
        chart = workspace.ledger.charts.latest(genre.genre_id)
        for entry in chart.entries if chart else ():
            if entry.beatport_id == beatport_id:
                return Subject(beatport_id, entry, genre.slug, match)
    if match is None:
        raise SettingsError(
            f"No chart that was read has the Beatport id {beatport_id}.", "`beatporter match show GENRE` lists the ids of a genre's chart."
        )
    return Subject(beatport_id, None, "", match)


def set_match(workspace: Workspace, beatport_id: int, track: SpotifyTrack) -> Match:
    """This track, and no other, is the chart entry's.

    Raises:
        SettingsError: nothing is known of the id.
    """
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
    """Nothing is ever to be taken for the chart entry.

    Raises:
        SettingsError: nothing is known of the id.
    """
    return _keep(workspace, _word(workspace, beatport_id, "person", "a person ruled every track out"))


def forget_match(workspace: Workspace, beatport_id: int) -> Match:
    """Whatever was decided does not stand any more; the next run searches anew.

    Raises:
        SettingsError: nothing is known of the id.
    """
    return _keep(workspace, _word(workspace, beatport_id, "forgotten", "a person took the decision back"))


def ruled_out(workspace: Workspace, genre: Genre, playlist_id: str) -> dict[str, Match]:
    """Tracks that the genre's playlist once held and that are to leave it, with the decision that stands instead.

    A track that stands for another entry of the genre's charts stays.
    """
    corrections = workspace.ledger.corrections.all()
    if not corrections:
        return {}
    standing = workspace.ledger.matches.latest({row.beatport_id for row in corrections})
    wrong = {row.replaces: standing[row.beatport_id] for row in corrections if _is_wrong(row, standing.get(row.beatport_id))}
    held = workspace.ledger.history.known(playlist_id, track_ids=wrong).track_ids
    others = workspace.ledger.matches.by_track(held)
    right = {
        track_id
        for track_id, matches in others.items()
        if workspace.ledger.charts.entries(genre.genre_id, [match.beatport_id for match in matches])
    }
    return {track_id: match for track_id, match in wrong.items() if track_id in held - right}


def correct_playlist(workspace: Workspace, playlist: PlaylistRef, wrong: Mapping[str, Match], held: Mapping[str, int]) -> None:
    """Put the right tracks in the place of the wrong ones and take the wrong ones out; the playlist must be read again after it.

    The right track goes in before the wrong one goes out, so that what an interruption leaves is mended by doing it again. One whose
    recording stays in the playlist, under whatever id, does not come in a second time.

    Args:
        wrong: tracks to take out, all of them held, with the decision that stands instead.
        held: position of each track that the playlist holds.
    """
    there = held.keys() - wrong.keys()
    for track_id in sorted(wrong, key=lambda track_id: -held[track_id]):
        right = wrong[track_id]
        if not right.track_id or _is_there(workspace, playlist.playlist_id, right, there):
            continue
        if right.track_id not in held:
            workspace.spotify.add_items(playlist.playlist_id, [right.track_id], position=held[track_id])
        row = HistoryRow(right.track_id, right.track_isrc, match_recording(right), right.beatport_id, "person", workspace.now())
        workspace.ledger.history.append(playlist.playlist_id, [row])
        there = there | {right.track_id}
    leaving = list(wrong)
    for start in range(0, len(leaving), WRITE_LIMIT):
        workspace.spotify.remove_items(playlist.playlist_id, leaving[start : start + WRITE_LIMIT])


def _is_wrong(row: CorrectionRow, standing: Match | None) -> bool:
    """Whether the correction's track is to leave; see `_keep` for what its rows mean."""
    if standing is None or standing.method == "forgotten" or standing.track_id == row.replaces:
        return False
    return row.track_id != row.replaces or standing.track_id is not None


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


def _word(workspace: Workspace, beatport_id: int, method: Method, reason: str) -> Match:
    subject = find_subject(workspace, beatport_id)
    previous, now = subject.match, workspace.now()
    if previous is None:
        isrc = subject.entry.isrc if subject.entry else None
        return Match(beatport_id, isrc, None, method, 0.0, None, RULES, now, None, (reason,))
    at = max(now, previous.decided_at + timedelta(seconds=1))
    return Match(beatport_id, previous.isrc, None, method, 0.0, None, RULES, at, None, (reason,), runners_up=previous.runners_up)


def _keep(workspace: Workspace, word: Match) -> Match:
    """Keep the word, and what it means for each track that the entry had before: ruled out, or, named as its own successor, taken back.

    The corrections come first: without the decision they are only void, the other way round the wrong track would stay.
    """
    previous = workspace.ledger.matches.latest([word.beatport_id]).get(word.beatport_id)
    known = {row.replaces: row for row in workspace.ledger.corrections.all() if row.beatport_id == word.beatport_id}
    had = known.keys() | ({previous.track_id} if previous and previous.track_id else set())
    for track_id in sorted(had - {word.track_id}):
        instead = word.track_id if word.method == "person" else track_id
        at = word.decided_at if track_id not in known else max(word.decided_at, known[track_id].at + timedelta(seconds=1))
        workspace.ledger.corrections.append(CorrectionRow(word.beatport_id, track_id, instead, at))
    workspace.ledger.matches.append([word])
    return word
