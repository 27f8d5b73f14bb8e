"""A person's word: what was decided for a chart entry is set, ruled out or taken back, and playlists follow at the next run.

The word is a decision like any other, and the latest of an entry stands; the rules never overrule it. Every track that an entry had
before is kept as a correction, so that each playlist which a wrong track got into loses it, and has the right one in its place. What the
corrections say is read against the decisions that stand when a run comes to the playlist:

- a track that its entry does not have any more leaves; after a word that was taken back only once another one was found;
- a track that left for a word and stands again, since the word was changed or taken back, comes back;
- a track that stands for another entry of the genre stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from beatporter.errors import SettingsError
from beatporter.genres import Genre
from beatporter.matching import RULES
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import CorrectionRow, HistoryRow
from beatporter.records.match import Match, Method
from beatporter.records.track import PlaylistRef, SpotifyTrack
from beatporter.spotify.client import WRITE_LIMIT
from beatporter.sync.found import candidate_of, known_of, match_recording
from beatporter.sync.present import mark
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


@dataclass(frozen=True, slots=True)
class Due:
    """What is to change in a playlist for a person's words.

    Attributes:
        wrong: tracks that are to leave, with the decision that stands instead.
        back: tracks that may have left for an earlier word and stand now, with the decision that has them.
    """

    wrong: Mapping[str, Match]
    back: Mapping[str, Match]


def corrections_due(workspace: Workspace, genre: Genre, playlist_id: str) -> Due | None:
    """What is due in the genre's playlist, None when nothing is, as far as can be told without reading it.

    A playlist whose last backup stands for a finished run holds what that shows, but for what the person did since; that is noticed
    when the playlist is read for it, and the next run does what it asks for.
    """
    corrections = workspace.ledger.corrections.all()
    if not corrections:
        return None
    due = _due(workspace, genre, playlist_id, corrections)
    backup, state = workspace.ledger.backups.latest(playlist_id), workspace.ledger.snapshots.latest(playlist_id)
    if due.back or backup is None or state is None or state.state != "recorded":
        return due
    shown = (row.track_id for row in workspace.ledger.backups.items(playlist_id, backup.snapshot_id))
    return due if not due.wrong.keys().isdisjoint(shown) else None


def _due(workspace: Workspace, genre: Genre, playlist_id: str, corrections: Sequence[CorrectionRow]) -> Due:
    held = workspace.ledger.history.known(playlist_id, track_ids={row.replaces for row in corrections}).track_ids
    corrections = [row for row in corrections if row.replaces in held]
    standing = workspace.ledger.matches.latest({row.beatport_id for row in corrections})
    right = {track_id: match for track_id in held if (match := _standing_here(workspace, genre, track_id))}
    wrong = {row.replaces: standing[row.beatport_id] for row in corrections if _is_wrong(row, standing.get(row.beatport_id))}
    return Due(
        {track_id: match for track_id, match in wrong.items() if track_id not in right},
        {row.replaces: right[row.replaces] for row in corrections if row.replaces in right and row.track_id != row.replaces},
    )


def correct_playlist(workspace: Workspace, playlist: PlaylistRef, due: Due, held: Mapping[str, int]) -> bool:
    """Put the right tracks in the place of the wrong ones, take the wrong ones out, and put on top what comes back.

    The right track goes in before the wrong one goes out, so that what an interruption leaves is mended by doing it again. One whose
    recording stays in the playlist, under whatever id, does not come in a second time.

    Args:
        due: as `corrections_due` gives it.
        held: position of each track that the playlist holds.

    Returns:
        Whether anything was sent; the playlist must be read again then.
    """
    leaving = sorted(due.wrong.keys() & held.keys(), key=lambda track_id: -held[track_id])
    coming = [(held[track_id], due.wrong[track_id]) for track_id in leaving if due.wrong[track_id].track_id]
    coming += [(0, match) for track_id, match in due.back.items() if track_id not in held]
    if leaving or coming:
        mark(workspace, playlist.playlist_id, "writing", None)
    there = held.keys() - set(leaving)
    for position, match in coming:
        if not _is_there(workspace, playlist.playlist_id, match, there):
            _insert(workspace, playlist, match, None if match.track_id in held else position)
            there = there | {match.track_id or ""}
    for start in range(0, len(leaving), WRITE_LIMIT):
        workspace.spotify.remove_items(playlist.playlist_id, leaving[start : start + WRITE_LIMIT])
    _settle(workspace, due.back)
    return bool(leaving or coming)


def _standing_here(workspace: Workspace, genre: Genre, track_id: str) -> Match | None:
    """The decision by which an entry of the genre's charts has the track; None when none does."""
    matches = {match.beatport_id: match for match in workspace.ledger.matches.by_track([track_id]).get(track_id, ())}
    return next((matches[found] for found in sorted(workspace.ledger.charts.entries(genre.genre_id, matches))), None) if matches else None


def _is_wrong(row: CorrectionRow, standing: Match | None) -> bool:
    """Whether the correction's track has to leave, other entries aside."""
    if standing is None or standing.method == "forgotten" or standing.track_id == row.replaces:
        return False
    return standing.method == "person" or standing.track_id is not None  # what the rules miss after a word was taken back stays


def _insert(workspace: Workspace, playlist: PlaylistRef, match: Match, position: int | None) -> None:
    """Put a track in, and into the history; without a position it is there already, left by a run that died."""
    if position is not None:
        workspace.spotify.add_items(playlist.playlist_id, [match.track_id or ""], position=position)
    row = HistoryRow(match.track_id or "", match.track_isrc, match_recording(match), match.beatport_id, "person", workspace.now())
    workspace.ledger.history.append(playlist.playlist_id, [row])


def _settle(workspace: Workspace, back: Collection[str]) -> None:
    """Keep that these tracks are where they belong, so that they do not come back once more when the person throws them out."""
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


def _word(workspace: Workspace, beatport_id: int, method: Method, reason: str) -> Match:
    subject = find_subject(workspace, beatport_id)
    previous, now = subject.match, workspace.now()
    if previous is None:
        isrc = subject.entry.isrc if subject.entry else None
        return Match(beatport_id, isrc, None, method, 0.0, None, RULES, now, None, (reason,))
    at = max(now, previous.decided_at + timedelta(seconds=1))
    return Match(beatport_id, previous.isrc, None, method, 0.0, None, RULES, at, None, (reason,), runners_up=previous.runners_up)


def _keep(workspace: Workspace, word: Match) -> Match:
    """Keep the word, and a correction for each track that the entry had before: ruled out, or, if the word only takes back, as it was.

    The corrections come first: without the decision they are only void, the other way round the wrong track would stay.
    """
    previous = workspace.ledger.matches.latest([word.beatport_id]).get(word.beatport_id)
    known = {row.replaces: row.at for row in workspace.ledger.corrections.all() if row.beatport_id == word.beatport_id}
    had = {previous.track_id} if previous and previous.track_id else set()
    had = had | known.keys() if word.method == "person" else had - known.keys()
    for track_id in sorted(had - {word.track_id}):
        at = max(word.decided_at, known[track_id] + timedelta(seconds=1)) if track_id in known else word.decided_at
        instead = word.track_id if word.method == "person" else track_id
        workspace.ledger.corrections.append(CorrectionRow(word.beatport_id, track_id, instead, at))
    workspace.ledger.matches.append([word])
    return word
