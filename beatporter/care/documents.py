"""The results of looking after playlists as short documents: for JSON, tables in a terminal, and Prefect's pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from beatporter.care.dedupe import Deduped
from beatporter.care.playlist_backups import BackedUp
from beatporter.care.refresh_history import Refreshed
from beatporter.care.restore import Restored
from beatporter.care.restore_drill import Drilled
from beatporter.care.time_machine import changes_document
from beatporter.counted import counted
from beatporter.markdown import escape
from beatporter.names import playlist_url
from beatporter.records.ledger import BackupRow

Document = dict[str, Any]
MOST_SHOWN = 200
"""Entries that a page lists; further ones are only counted."""


def track_name(row: BackupRow) -> str:
    """An entry for a person."""
    if row.name:
        return f"{', '.join(row.artists)} – {row.name}" if row.artists else row.name
    return row.track_id or "an entry without an id (local file, episode, or taken down)"


def refreshed_document(one: Refreshed) -> Document:
    playlist = {"id": one.playlist.playlist_id, "name": one.playlist.name}
    return {"playlist": playlist, "outcome": one.outcome, "learned": one.learned, "calls": one.calls, "why": one.why}


def backed_up_document(one: BackedUp) -> Document:
    return asdict(one)


def deduped_document(one: Deduped) -> Document:
    """One playlist, each duplicate with the entry that stays; positions from 1."""
    duplicates = [
        {
            "position": duplicate.position + 1,
            "track": track_name(one.rows[duplicate.position]),
            "stays": duplicate.first + 1,
            "stays_as": track_name(one.rows[duplicate.first]),
            "why": duplicate.why,
        }
        for duplicate in one.duplicates[:MOST_SHOWN]
    ]
    return {
        "playlist": {"id": one.playlist.playlist_id, "name": one.playlist.name},
        "entries": len(one.rows),
        "duplicates": len(one.duplicates),
        "listed": duplicates,
        "calls": one.calls,
        "operations": one.operations,
        "new_dates": one.sent_again,
        "refused": list(one.refused),
        "gone": list(one.gone),
        "finished_first": one.finished,
        "error": one.error,
    }


def restored_document(one: Restored) -> Document:
    changes = {
        name: [track | {"name": track["name"][:200]} for track in found[:MOST_SHOWN]] if isinstance(found, list) else found
        for name, found in changes_document(one.changes).items()
    }
    counts = {"came": len(one.changes.came), "left": len(one.changes.left), "moved": len(one.changes.moved)}
    return {
        "playlist": {"id": one.playlist.playlist_id, "name": one.playlist.name},
        "as_of": f"{one.backup.taken_at:%Y-%m-%dT%H:%M:%SZ}",
        "entries": one.backup.rows,
        "counts": counts,
        "changes": changes,
        "calls": one.calls,
        "operations": one.operations,
        "new_dates": one.sent_again,
        "not_restorable": one.unsendable,
        "gone": list(one.gone),
        "refused": list(one.refused),
        "finished_first": one.finished,
    }


def drilled_document(one: Drilled) -> Document:
    return asdict(one) | {"taken_at": f"{one.taken_at:%Y-%m-%dT%H:%M:%SZ}"}


def refreshed_page(documents: Sequence[Document], unchanged: int) -> str:
    """What was learned, a line per playlist that was read or could not be."""
    rows = [
        f"| {_link(one['playlist'])} {escape(one['playlist']['name'])} | {one['outcome']} | {one['learned']:,} | {one['calls']:,} | "
        f"{escape(one['why'])} |"
        for one in documents
    ]
    head = ["| Playlist | | New to its history | Calls | |", "|---|---|---:|---:|---|"]
    return "\n".join([*(head + rows if rows else []), "", f"Unchanged and not read: {counted(unchanged, 'playlist')}."])


def backed_up_page(documents: Sequence[Document]) -> str:
    rows = [
        f"| {escape(one['name'])} | {escape(one['playlist'])} | {one['outcome']} | {one['entries']:,} | "
        f"{_into(one)} | {one['calls']:,} | {escape(one['why'])} |"
        for one in documents
    ]
    return "\n".join(["| | Playlist | | Entries | Into | Calls | Why |", "|---|---|---|---:|---|---:|---|", *rows])


def _into(one: Document) -> str:
    return f"{escape(one['into'])}: {one['added']:,} added" if one["into"] else ""


def deduped_page(documents: Sequence[Document], *, dry_run: bool) -> str:
    """Each playlist with its duplicates."""
    lines: list[str] = []
    for one in documents:
        said = escape(one["error"]) if one["error"] else deduped_words(one, dry_run=dry_run)
        lines += [f"## {escape(one['playlist']['name'])}", "", f"{said} {_link(one['playlist'])}", ""]
        if one["listed"]:
            lines += ["| # | Track | Stays | As | Why |", "|---:|---|---:|---|---|"]
            lines += [
                f"| {two['position']} | {escape(two['track'])} | {two['stays']} | {escape(two['stays_as'])} | {two['why']} |"
                for two in one["listed"]
            ]
    return "\n".join(lines)


def deduped_words(one: Document, *, dry_run: bool) -> str:
    """One playlist's result in a sentence or some."""
    if one["error"]:
        return str(one["error"])
    said = f"{one['duplicates']:,} of {one['entries']:,} entries {'would be ' if dry_run else ''}removed, {counted(one['calls'], 'call')}."
    return said + _remarks(one)


def restored_words(one: Document, *, dry_run: bool) -> str:
    """A restore's result in a sentence or some."""
    counts, would = one["counts"], "would be " if dry_run else ""
    moves = f"{counts['came']:,} {would}put back, {counts['left']:,} {would}removed, {counts['moved']:,} {would}moved"
    return f"As of {one['as_of']}: {moves}; {counted(one['calls'], 'call')}." + _remarks(one)


def restored_page(one: Document) -> str:
    """The playlist, and what came, left and moved."""
    lines = [f"{_link(one['playlist'])} {escape(one['playlist']['name'])}", ""]
    for name, heading in (("came", "Put back"), ("left", "Removed"), ("moved", "Moved")):
        if one["changes"][name]:
            lines += [f"## {heading}", "", "| # | Track |", "|---:|---|"]
            lines += [
                f"| {track['position']} | {escape(', '.join(track['artists']))} – {escape(track['name'])} |"
                for track in one["changes"][name]
            ]
    return "\n".join(lines)


def drilled_page(documents: Sequence[Document]) -> str:
    """Problems first, then every state that was restored on paper."""
    problems = [f"- **{escape(one['name'])}, {one['taken_at']}: {escape(one['problem'])}**" for one in documents if one["problem"]]
    rows = [
        f"| {escape(one['name'])} | {one['taken_at']} | {one['entries']:,} | {one['unsendable']:,} | {one['calls']:,} | "
        f"{'differs' if one['problem'] else 'agrees'} |"
        for one in documents
    ]
    head = ["| Playlist | State of | Entries | Not restorable | Calls | |", "|---|---|---:|---:|---:|---|"]
    return "\n".join([*problems, "", *(head + rows if rows else ["There are no backups yet."])])


def _remarks(one: Document) -> str:
    remarks = []
    if one.get("new_dates"):
        remarks.append(f"Entries with a new date of addition: {one['new_dates']:,}.")
    if one.get("not_restorable"):
        remarks.append(f"Entries without an id (local files, episodes), which an app cannot put back: {one['not_restorable']:,}.")
    if one.get("gone"):
        remarks.append(f"Spotify no longer has {', '.join(one['gone'][:5])}.")
    if one.get("refused"):
        remarks.append(f"Spotify refuses to remove {', '.join(one['refused'][:5])}: it lists them under another id. Remove them by hand.")
    if one.get("finished_first"):
        remarks.append(f"An interrupted {one['finished_first']} is finished first.")
    return "".join(f" {remark}" for remark in remarks)


def _link(playlist: Document) -> str:
    return f"[▶]({playlist_url(playlist['id'])})" if playlist["id"] else ""
