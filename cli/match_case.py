"""`beatporter match case`, `try`, `replay` and `learn`: decisions as files, and the effect of other rules on them. They make no calls."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer

from beatporter.control_characters import escape_control_characters
from beatporter.errors import SettingsError
from beatporter.matching import OWN_FIRST
from beatporter.matching.case import CaseError, candidates_of, case_document, judge_case, read_case
from beatporter.records.match import Match
from beatporter.settings import load_settings
from beatporter.sync.learning import Lesson, lessons
from beatporter.sync.replay import Replayed, kept_decisions, replay
from cli.context import command_workspace
from cli.match_view import print_line, track_name
from cli.terminal import Terminal, print_document

_MOST_SHOWN = 10


def case(
    beatport_id: Annotated[int, typer.Argument(min=1, max=2**63 - 1, help="As `match show` lists it.", show_default=False)],
) -> None:
    """Print a decision as one JSON line, with the chart entry and the saved candidates, for reporting a wrong match."""
    with command_workspace("match") as workspace:
        entry = workspace.ledger.charts.described([beatport_id]).get(beatport_id)
        match = workspace.ledger.matches.latest([beatport_id]).get(beatport_id)
        order = workspace.settings.version_order
    if entry is None:
        raise SettingsError(
            f"No chart that was read has the Beatport id {beatport_id}.", "`beatporter match show GENRE` lists the ids of a genre's chart."
        )
    _print_line(case_document(entry, candidates_of(match) if match else (), order))


def try_(
    file: Annotated[Path, typer.Argument(help="A file of such lines; - for standard input.", show_default=False, allow_dash=True)],
) -> None:
    """Judge cases, one JSON line each, and print each decision as a JSON line. Needs no ledger and makes no calls."""
    order = load_settings().version_order or OWN_FIRST
    with _opened(file) as lines:
        answers = [_answer(line, number, order) for number, line in enumerate(lines, 1) if line.strip()]
    for answer in answers:
        _print_line(answer)
    if any("error" in answer for answer in answers):
        raise typer.Exit(1)


def replay_(
    rules: Annotated[str | None, typer.Option("--rules", help="Only decisions of this version of the rules.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
) -> None:
    """Judge every decision again from its saved candidates, and list what would change. Changes nothing."""
    judged, unkept, changes = 0, 0, []
    with command_workspace("match") as workspace:
        for kept in kept_decisions(workspace.ledger, rules):
            if not kept.candidates:
                unkept += kept.match.track_id is not None or bool(kept.match.runners_up)
                continue
            judged += 1
            replayed = replay(kept, workspace.settings.version_order)
            if replayed.changes:
                changes.append(replayed)
    if as_json:
        print_document({"judged": judged, "without_candidates": unkept, "changes": [_change(one) for one in changes]}, ensure_ascii=False)
        return
    console = Terminal()
    for one in changes:
        _print_change(console, one)
    kinds = Counter(_kind(one) for one in changes)
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none would change"
    print_line(console, "", f"{judged} decisions judged again: {said}.")
    if unkept:
        print_line(console, "", f"{unkept} were left out: they are older than the saved candidates.")
    if changes:
        print_line(console, "", "A hit stays until you say otherwise: `beatporter match forget ID` lets the next run decide again.")


def learn(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list and nothing else.")] = False) -> None:
    """Propose words that would have made your overrides unnecessary, with what each would change. Applies nothing."""
    with command_workspace("match") as workspace:
        found = lessons(workspace.ledger, workspace.settings.version_order)
    if as_json:
        print_document([_lesson(lesson) for lesson in found], ensure_ascii=False)
        return
    console = Terminal()
    for lesson in found:
        print_line(console, "", str(lesson.proposal), "bold")
        for entry in lesson.settles[:_MOST_SHOWN]:
            print_line(console, "  settles ", entry.full_name, "green")
        for one in lesson.changes[:_MOST_SHOWN]:
            print_line(console, "  changes ", f"{one.entry.full_name}: {_said(one.before)} → {_said(one.after)}", "yellow")
        more = len(lesson.changes) - _MOST_SHOWN
        print_line(console, "  ", f"and {more} more" if more > 0 else "" if lesson.changes else "changes no other decision", "dim")
    if found:
        print_line(
            console, "", "These are lines for beatporter/matching/words.py; none was applied. One of several for an override is enough."
        )
    else:
        print_line(console, "", "No single word would have made one of your overrides unnecessary.")


def _opened(file: Path) -> TextIO:
    if str(file) == "-":
        return sys.stdin
    try:
        return file.open(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be read: {error.strerror}.", "Name a file of lines as `beatporter match case ID` prints them."
        ) from error


def _answer(line: str, number: int, order: tuple[str, ...]) -> dict[str, Any]:
    try:
        return judge_case(read_case(json.loads(line)), order)
    except (CaseError, json.JSONDecodeError, RecursionError) as error:
        said = f"not JSON: {error}" if isinstance(error, json.JSONDecodeError) else str(error)
        return {"error": f"line {number}: {said}"}


def _print_line(document: dict[str, Any]) -> None:
    print(escape_control_characters(json.dumps(document, ensure_ascii=False)))  # noqa: T201 - the document is the output


def _kind(one: Replayed) -> str:
    before, after = one.before, one.after
    if before.track_id is None:
        return "would be taken"
    if after.track_id is None:
        return "would not be taken any more"
    return "would be another track" if before.track_id != after.track_id else f"would be {after.version} instead of {before.version}"


def _said(match: Match) -> str:
    return f"{track_name(match)} ({match.version})" if match.track_id else "nothing"


def _print_change(console: Terminal, one: Replayed) -> None:
    print_line(console, f"{one.entry.beatport_id:<11}", one.entry.full_name, "bold")
    print_line(console, " " * 11, f"{_said(one.before)} → {_said(one.after)}", "yellow")
    print_line(console, " " * 11, "; ".join(one.after.reasons), "dim")


def _change(one: Replayed) -> dict[str, Any]:
    return {
        "beatport_id": one.entry.beatport_id,
        "entry": one.entry.full_name,
        "rules": one.before.rules,
        "before": {"track_id": one.before.track_id, "version": one.before.version, "name": one.before.track_name},
        "after": {"track_id": one.after.track_id, "version": one.after.version, "name": one.after.track_name},
        "why": list(one.after.reasons),
    }


def _lesson(lesson: Lesson) -> dict[str, Any]:
    return {
        "word_list": lesson.proposal.word_list,
        "phrase": lesson.proposal.phrase,
        "meaning": lesson.proposal.meaning,
        "settles": [entry.beatport_id for entry in lesson.settles],
        "changes": [_change(one) for one in lesson.changes],
    }
