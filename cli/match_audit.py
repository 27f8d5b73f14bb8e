"""`beatporter match audit`: a person checks random decisions; each answer is saved immediately."""

from __future__ import annotations

import secrets
import sys
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console

from beatporter import names
from beatporter.errors import SettingsError
from beatporter.records.ledger import AuditAnswer
from beatporter.sync.audit import Question, draw, keep_answer, result, say_result
from beatporter.sync.decisions import verdict
from cli.context import command_workspace
from cli.match_view import explain_briefly, print_line, print_runner_up, track_name
from cli.terminal import Terminal, print_document

ANSWERS: dict[str, AuditAnswer] = {"y": "yes", "yes": "yes", "n": "no", "no": "no", "?": "unknown", "c": "unknown"}
INDENT = "      "


def audit(
    genres: Annotated[list[str] | None, typer.Argument(help="Slugs; all enabled genres if you name none.")] = None,
    sample: Annotated[
        int, typer.Option("--sample", min=0, max=5000, help="How many decisions to ask about; 0 only shows the result.")
    ] = 50,
    seed: Annotated[int | None, typer.Option("--seed", help="Draws the same decisions again.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Ask nothing and print the result so far as JSON.")] = False,
) -> None:
    """Check random decisions, and see the resulting precision and recall with 95 % intervals."""
    with command_workspace("match") as workspace:
        if as_json or sample == 0:
            found = result(workspace.ledger.audits.all())
        else:
            if not sys.stdin.isatty():
                raise SettingsError("An audit asks questions, and there is no terminal to answer on.", "`--json` prints the result so far.")
            questions = draw(
                workspace, genres or workspace.settings.enabled_genres(), sample, secrets.randbelow(2**32) if seed is None else seed
            )
            console = Terminal()
            for number, question in enumerate(questions, 1):
                console.rule(f"{number} of {len(questions)}", align="left")
                answer = _ask(console, question)
                if answer is None:
                    break
                keep_answer(workspace, question, answer)
            found = result(workspace.ledger.audits.all())
    if not as_json:
        print_line(Terminal(), "", say_result(found))
        return
    shares = {"precision": found.precision, "recall": found.recall}
    print_document(
        {
            "rules": found.rules,
            "answers": found.answers,
            "cannot_tell": found.unknown,
            **{name: {"value": share.value, "low": share.low, "high": share.high} if share else None for name, share in shares.items()},
            "last_at": found.last_at.isoformat() if found.last_at else None,
        }
    )


def _ask(console: Console, question: Question) -> AuditAnswer | None:
    """The person's answer; None to stop."""
    entry, match = question.entry, question.match
    print_line(console, "", entry.full_name, "bold")
    print_line(console, INDENT, f"{_length(entry.length_ms)} on Beatport")
    if match.track_id:
        print_line(console, INDENT, f"{track_name(match)}, {_length(match.track_duration_ms)}", "green")
        print_line(console, INDENT, names.track_url(match.track_id))
        print_line(console, INDENT, f"{verdict(match)}: {explain_briefly(match)}", "dim")
        asked = "Is it this recording" + (", in another cut" if match.version == "substitute" else "") + "?"
    else:
        print_line(console, INDENT, explain_briefly(match), "dim")
        for other in match.runners_up:
            print_runner_up(console, f"{'or':>{len(INDENT) - 1}} ", other)
        print_line(console, INDENT, f"https://open.spotify.com/search/{quote(f'{entry.artists[0]} {entry.name}')}" if entry.artists else "")
        asked = "Is it right that nothing was taken?"
    print_line(console, INDENT, f"{asked} y: yes, n: no, c: cannot tell, q: stop", "italic")
    while True:
        try:
            typed = typer.prompt(">", default="c", show_default=False, prompt_suffix=" ").strip().lower()
        except typer.Abort:  # Ctrl-C, or the end of the input
            return None
        if typed == "q":
            return None
        if typed in ANSWERS:
            return ANSWERS[typed]
        print_line(console, INDENT, f"{typed!r} is not one of the answers.", "red")


def _length(length_ms: int | None) -> str:
    return f"{length_ms // 60_000}:{length_ms // 1000 % 60:02d}" if length_ms else "length unknown"
