"""Pages for the browser: memray's pages of a capture, made in a separate process, and an index with every genre's trend.

They load nothing from other hosts and show no source code. Finished pages are stored below the captures and deleted with their capture.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from beatporter.errors import PermanentError
from beatporter.memory.keeping import PAGES, CaptureFile
from beatporter.memory.megabytes import MB
from beatporter.memory.page_links import KINDS, page_path
from beatporter.memory.picture import trend_svg
from beatporter.memory.reader_process import reader_environment
from beatporter.memory.trend import RULE_USUAL, Usual
from beatporter.records.ledger import MemoryRow

TIMEOUT_S = 300.0
_FLAMEGRAPH = ("flamegraph", "--no-web", "--confidential-files", "all")
_MAKERS = {
    "flamegraph": _FLAMEGRAPH,
    "temporal": (*_FLAMEGRAPH, "--temporal"),
    "leaks": (*_FLAMEGRAPH, "--leaks"),
    "table": ("table", "--no-web"),
}
_making = threading.Lock()
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --faint: #7f8590; --warn: #d9641a; --link: #3f7fe8 }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)) }
section { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 0 } p { margin: .3rem 0 } svg { height: auto; max-width: 100% }
a { color: var(--link) } .worse, .killed { color: var(--warn); font-weight: 600 } small, summary { color: var(--faint) }
"""


class PageNotMade(PermanentError):
    """memray could not make a page from a capture."""


@dataclass(frozen=True, slots=True)
class GenrePages:
    """A genre in the index.

    Attributes:
        runs: its last runs, oldest first.
        verdict: on the last run, for a person.
        captures: newest first.
    """

    genre: str
    runs: Sequence[MemoryRow]
    usual: Usual | None
    verdict: str
    captures: Sequence[CaptureFile]


def make_page(capture: Path, kind: str) -> Path:
    """A capture's page, made if necessary, which takes some seconds.

    Args:
        kind: one of `KINDS`.

    Raises:
        PageNotMade: memray says why.
    """
    target = capture.parent / PAGES / f"{capture.stem}.{kind}.html"
    with _making:
        if target.exists():
            return target
        draft = target.with_suffix(".part")
        command = [sys.executable, "-m", "memray", *_MAKERS[kind], "--force", "--output", str(draft), str(capture)]
        try:
            target.parent.mkdir(exist_ok=True)
            done = subprocess.run(  # noqa: S603 - memray, on a capture of ours
                command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=reader_environment()
            )
            if done.returncode:
                said = (done.stderr or done.stdout).strip().splitlines()[-1:]
                raise PageNotMade(f"memray could not read {capture.name}: {' '.join(said)[:200]}", "Open another capture.")
            draft.replace(target)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PageNotMade(f"No page of {capture.name} could be made ({type(error).__name__}).", "Make room in the home.") from error
        finally:
            draft.unlink(missing_ok=True)
    return target


def index_page(genres: Sequence[GenrePages]) -> str:
    """The index as HTML: each genre's trend, its last run and its captures."""
    body = "".join(_genre(one) for one in genres) or "<p>No genre has run yet.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Memory of the genres</title><style>{_STYLE}</style></head><body><h1>Memory of the genres</h1>"
        f"<main>{body}</main><p><small>{escape(RULE_USUAL)}</small></p></body></html>"
    )


def _genre(one: GenrePages) -> str:
    last = one.runs[-1] if one.runs else None
    peaks = [(row.peak_bytes or 0) / MB for row in one.runs if row.peak_bytes]
    usual = one.usual
    parts = [f'<section id="{escape(one.genre, quote=True)}"><h2>{escape(one.genre)}</h2>']
    if last:
        kind = "killed" if last.state == "killed" else one.verdict.split()[0]
        parts.append(f'<p class="{escape(kind, quote=True)}">{escape(_said(last, one.verdict))}</p>')
    parts.append(trend_svg(peaks, usual.median_mb if usual else None, usual.limit_mb if usual else None))
    if one.captures:
        parts.append(_links(one.captures[0]))
    if one.captures[1:]:
        parts.append(
            "<details><summary>Earlier captures</summary>" + "".join(_links(capture) for capture in one.captures[1:]) + "</details>"
        )
    return "".join([*parts, "</section>"])


def _said(row: MemoryRow, verdict: str) -> str:
    peak = f"{row.peak_bytes / MB:.0f} MB" if row.peak_bytes else "peak unknown"
    return f"{peak} on {row.at:%Y-%m-%d %H:%M} UTC, {row.state}: {verdict}"


def _links(capture: CaptureFile) -> str:
    links = " · ".join(f'<a href="{escape(page_path(capture.path.name, kind), quote=True)}">{label}</a>' for kind, label in KINDS.items())
    return f"<p>{links}<br><small>{capture.at:%Y-%m-%d %H:%M} UTC, {capture.bytes / MB:.1f} MB</small></p>"
