"""`beatporter profile`: the memory of past runs, from the ledger and from the captures on this machine."""

from __future__ import annotations

import webbrowser
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from beatporter.clock import utc_now
from beatporter.counted import counted
from beatporter.errors import PermanentError, SettingsError
from beatporter.memory.compare import StepDifference, compare_captures, compare_runs
from beatporter.memory.keeping import KEPT, Bounds, captures, prune
from beatporter.memory.megabytes import MB, show_bytes
from beatporter.memory.page_links import KINDS
from beatporter.memory.pages import make_page
from beatporter.memory.past_runs import RUN, holders_of
from beatporter.memory.reader_process import READER, ReadingFailed
from beatporter.names import memory_artifact
from beatporter.records.ledger import MemoryRow
from beatporter.settings import MEMORY_PAGES_PORT, Settings, load_settings
from cli.context import use_prefect_for_blocks
from cli.ledger_view import figures_table, say
from cli.profile_runs import HOW, GenreRuns, all_genre_runs, find_capture, find_run, genre_runs, index_of, latest_capture
from cli.terminal import Terminal, print_document
from orchestration.workspace import open_ledger_of

app = typer.Typer(help="What runs took in memory: list, show, compare, open and serve.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show each genre's last run: its peak, whether that is usual, and how many captures there are."""
    settings = _settings()
    with open_ledger_of(settings) as ledger:
        genres = all_genre_runs(ledger, settings)
    kept = captures(settings.captures())
    if as_json:
        print_document([_genre_document(one) for one in genres])
        return
    rows = [
        (
            one.genre.slug,
            f"{one.runs[0].at:%Y-%m-%d %H:%M}",
            one.runs[0].state,
            show_bytes(one.runs[0].peak_bytes),
            f"{one.usual.median_mb:.0f} MB" if one.usual else "–",
            one.verdict,
            str(sum(capture.name == memory_artifact(one.genre.slug) for capture in kept)),
        )
        for one in genres
    ]
    say(figures_table(("genre", "last run (UTC)", "ended", "peak", "usual", "verdict", "captures"), rows))


@app.command("show")
def show_(
    genre: Annotated[str, typer.Argument(help="A genre's last run; house~1 is the one before, house@2026-11-20 a day's last.")],
    as_json: Json = False,
) -> None:
    """Show a run step by step: peak, what was left, time, and who held most; below it the genre's last runs."""
    settings = _settings()
    with open_ledger_of(settings) as ledger:
        rows = find_run(ledger, settings, genre)
        known = genre_runs(ledger, settings.find_list(genre.partition("@")[0].partition("~")[0]))
    if as_json:
        print_document({**_genre_document(known), "run": [_row_document(row) for row in rows]})
        return
    say(figures_table(("step", "peak", "left", "seconds", "held most"), [_step_cells(row) for row in rows]))
    if left := holders_of(rows[0], "left"):
        say(figures_table(("left behind by", "line", "MB"), [(one.function, one.place, f"{one.held_bytes / MB:.2f}") for one in left]))
    say(figures_table(("run (UTC)", "ended", "peak", "searches", "history", "code"), [_run_cells(row) for row in known.runs[:10]]))
    say(f"The last run: {known.verdict}.")


@app.command("compare")
def compare_(
    before: Annotated[str, typer.Argument(metavar="A", help=HOW)],
    after: Annotated[str, typer.Argument(metavar="B", help="As A; the comparison shows what B holds more.")],
    as_json: Json = False,
) -> None:
    """Show what B holds more or less than A: by step, and by function.

    A and B are runs (house, house~1, house@2026-11-20, house@<code version>)
    or captures, by name or path. Both of them runs, or both captures.
    """
    settings = _settings()
    first, second = (find_capture(settings, said) for said in (before, after))
    if (first is None) != (second is None):
        raise SettingsError("One of the two is a capture and the other a run.", HOW)
    if first and second:
        try:
            differences = [compare_captures(READER.read(first), READER.read(second))]
        except ReadingFailed as error:
            raise PermanentError(str(error), "Name other captures.") from None
        finally:
            READER.close()
    else:
        with open_ledger_of(settings) as ledger:
            differences = compare_runs(find_run(ledger, settings, before), find_run(ledger, settings, after))
    if as_json:
        print_document({"a": before, "b": after, "steps": [_difference_document(one) for one in differences]})
        return
    _show_differences(differences)


@app.command("open")
def open_(
    genre: Annotated[str, typer.Argument(help="A genre, for its newest capture; or a capture's name.")],
    kind: Annotated[str, typer.Option(help=f"{', '.join(KINDS)}.")] = "flamegraph",
    browser: Annotated[bool, typer.Option(help="Show it in the browser.")] = True,
    as_json: Json = False,
) -> None:
    """Make a page from a capture and show it in the browser."""
    if kind not in KINDS:
        raise typer.BadParameter(f"{kind!r} is not one of {', '.join(KINDS)}", param_hint="--kind")
    settings = _settings()
    page = make_page(find_capture(settings, genre) or latest_capture(settings, genre), kind).resolve()
    if as_json:
        print_document({"page": str(page)})
        return
    say(str(page))
    if browser:
        webbrowser.open(page.as_uri())


@app.command("prune")
def prune_(
    each: Annotated[int, typer.Option(help="Captures to keep of each genre.", min=1)] = KEPT.each,
    total_mb: Annotated[int, typer.Option(help="Most space for all captures and their pages.", min=1)] = KEPT.total_bytes // MB,
    days: Annotated[int, typer.Option(help="Days to keep a capture.", min=1)] = KEPT.age.days,
    as_json: Json = False,
) -> None:
    """Delete captures beyond the limits, as every run does; the figures in the ledger stay."""
    gone = prune(load_settings().captures(), Bounds(each, total_mb * MB, timedelta(days=days)), utc_now())
    if as_json:
        print_document({"deleted": [one.path.name for one in gone], "bytes": sum(one.bytes for one in gone)})
        return
    say(f"{counted(len(gone), 'capture')} deleted, {sum(one.bytes for one in gone) / MB:.1f} MB.")


@app.command("serve")
def serve_(port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = MEMORY_PAGES_PORT) -> None:
    """Serve the memory pages on 127.0.0.1: every genre's trend, flame graphs, tables. Ctrl-C ends it."""
    serve_pages(_settings(), port)


def serve_pages(settings: Settings, port: int) -> None:
    """Serve the memory pages until the process is stopped.

    Raises:
        SettingsError: the port is taken.
    """
    from cli.profile_server import HOST, make_server

    try:
        server = make_server(settings.captures(), lambda: index_of(lambda: open_ledger_of(settings), settings), port)
    except OSError as error:
        raise SettingsError(
            f"Port {port} cannot be used: {error.strerror}.", "Take another one with --port, and set BEATPORTER_MEMORY_URL."
        ) from None
    Terminal().print(f"Memory pages: http://{HOST}:{server.server_address[1]}/", soft_wrap=True, highlight=False)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


def _settings() -> Settings:
    settings = load_settings()
    use_prefect_for_blocks(settings)
    return settings


def _step_cells(row: MemoryRow) -> tuple[str, ...]:
    left = None if row.after_bytes is None or row.before_bytes is None else row.after_bytes - row.before_bytes
    who = ", ".join(f"{one.function} {one.held_bytes / MB:.1f}" for one in holders_of(row)[:2])
    return (
        "the run" if row.step == RUN else row.step,
        show_bytes(row.peak_bytes),
        show_bytes(left, sign=True),
        f"{row.duration_s:.2f}",
        who,
    )


def _run_cells(row: MemoryRow) -> tuple[str, ...]:
    counts = ("–" if count is None else f"{count:,}" for count in (row.searches, row.history_rows))
    return (f"{row.at:%Y-%m-%d %H:%M}", row.state, show_bytes(row.peak_bytes), *counts, row.code_version)


def _show_differences(differences: list[StepDifference]) -> None:
    if not differences:
        say("The two have no step in common.")
        return
    say(f"B holds {differences[0].words()}.")
    rows = [
        (one.step, show_bytes(one.before_bytes), show_bytes(one.after_bytes), show_bytes(one.more_bytes, sign=True), _greatest(one))
        for one in differences
    ]
    say(figures_table(("step", "A", "B", "more", "most of it in"), rows))


def _greatest(difference: StepDifference) -> str:
    return ", ".join(f"{one.function} {one.more_bytes / MB:+.1f}" for one in difference.functions[:1] if one.more_bytes)


def _difference_document(one: StepDifference) -> dict[str, Any]:
    functions = [asdict(function) | {"more_bytes": function.more_bytes} for function in one.functions]
    return asdict(one) | {"more_bytes": one.more_bytes, "functions": functions, "words": one.words()}


def _genre_document(one: GenreRuns) -> dict[str, Any]:
    return {
        "genre": one.genre.slug,
        "verdict": one.verdict,
        "usual": asdict(one.usual) if one.usual else None,
        "runs": [_row_document(row) for row in one.runs],
    }


def _row_document(row: MemoryRow) -> dict[str, Any]:
    holders = {kind: [asdict(one) for one in holders_of(row, kind)] for kind in ("held", "left")}
    return asdict(row) | {"at": row.at.isoformat(), "shared_process": bool(row.shared_process), "holders": holders}
