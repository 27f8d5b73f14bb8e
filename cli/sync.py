"""`beatporter sync`: runs the genres here and now, and shows the results."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any

import typer

from beatporter.clock import utc_now
from beatporter.errors import BeatporterError
from beatporter.http.content import clean_text
from beatporter.memory.allocator import keep_little_free
from beatporter.playlist_kinds import KINDS, PlaylistKind, read_kind
from beatporter.progress import listening
from beatporter.settings import Settings, load_settings
from beatporter.spotify.sign_in import load_sign_in, require_client, sign_in_warning
from cli.embedded_prefect import use_embedded_prefect
from cli.signals import STOPPED, Stopped, dies_quietly, ends_cleanly
from cli.terminal import Terminal, outcome_table, print_document, progress_shown
from orchestration.blocks import names_a_block, open_store, with_secrets
from orchestration.redaction import without_secrets

FAILED = 1
_NOWHERE = logging.NullHandler()

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show Prefect's log and, on an error, the traceback.")]


def sync(
    genres: Annotated[
        list[str] | None, typer.Argument(help="Slugs, such as afro-house (`beatporter genres`), or overall, chart:ADDRESS, label:NAME/ID.")
    ] = None,
    all_genres: Annotated[bool, typer.Option("--all", help="Every enabled genre, and the subscribed charts and labels.")] = False,
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help=f"Only playlists of this kind, may be repeated: {', '.join(KINDS)}.", metavar="KIND")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option(help="Find everything, change no playlist; show what would change and what it would cost.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")] = False,
    verbose: Verbose = False,
) -> None:
    """Update playlists from their charts.

    Exit code 0 if every genre completed, 1 if one failed (the others still run), 2 for bad arguments or settings.
    """
    with document_of_failure() if as_json else nullcontext():
        document, warning = _sync(genres or [], kinds or [], all_genres=all_genres, dry_run=dry_run, verbose=verbose, quiet=as_json)
    if as_json:
        print_document(document)
    else:
        show(document, dry_run=dry_run)
    if warning:
        Terminal(stderr=True).print(warning, style="yellow", markup=False, highlight=False, soft_wrap=True)
    if any(outcome["state"] == "failed" for outcome in document["genres"].values()):
        raise typer.Exit(1)


@contextmanager
def document_of_failure() -> Iterator[None]:
    """Print the document of a run that failed as a whole, so that standard output always has one; raises the error again."""
    try:
        yield
    except Stopped:
        _print_failure(STOPPED)
        raise
    except Exception as error:
        is_ours = isinstance(error, BeatporterError | typer.BadParameter)
        _print_failure(str(error) if is_ours else without_secrets(f"{type(error).__name__}: {error}"))
        raise


def _print_failure(said: str) -> None:
    document: dict[str, Any] = {"genres": {}, "spotify_calls": None, "budget_left": None, "error": clean_text(said)}
    print_document(document)


def _sync(
    genres: list[str], kinds: list[str], *, all_genres: bool, dry_run: bool, verbose: bool, quiet: bool
) -> tuple[dict[str, Any], str | None]:
    """The run's document, and a message about the sign-in."""
    if not genres and not all_genres:
        raise typer.BadParameter("name the genres to sync, or use --all")
    if genres and all_genres:
        raise typer.BadParameter("name genres or use --all, not both")
    chosen = [read_kind(kind) for kind in kinds]
    settings = load_settings()
    slugs = [settings.find_list(name).slug for name in genres or settings.enabled_lists()]
    if names_a_block(settings):
        use_embedded_prefect(settings.home, verbose=verbose)
    sign_in = load_sign_in(settings, open_store(settings))
    require_client(with_secrets(settings))
    document = run_here(settings, slugs, kinds=chosen, dry_run=dry_run, verbose=verbose, quiet=quiet)
    return document, sign_in_warning(sign_in, utc_now())


def run_here(
    settings: Settings,
    slugs: Sequence[str],
    *,
    kinds: Sequence[PlaylistKind] = (),
    dry_run: bool = False,
    verbose: bool = False,
    quiet: bool = False,
    before: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Run `sync-genres` in this process and return its document.

    Args:
        kinds: the kinds of playlist to update; empty for those of the settings.
        before: called just before the run, when Prefect is loaded and its server is starting.

    Raises:
        BeatporterError: when the run as a whole could not be done.
    """
    console, errors = Terminal(stderr=True, quiet=quiet), Terminal(stderr=True)

    def say(message: str) -> None:
        (errors if quiet else console).print(message, style="yellow", markup=False, highlight=False, soft_wrap=True)

    def give_up(message: str) -> None:
        """End the process from a thread while the run waits for a dead server; for the ledger this is like a kill."""
        say(f"{message} {STOPPED}")
        if quiet:
            _print_failure(message)
        sys.stdout.flush()
        os._exit(FAILED)

    keep_little_free()
    use_embedded_prefect(settings.home, verbose=verbose, say=say, give_up=give_up)
    if not verbose:
        for package in ("beatporter", "orchestration"):
            logging.getLogger(package).addHandler(_NOWHERE)
    with dies_quietly():
        from flows.sync_genres import sync_genres  # imports Prefect, which then reads its environment
        from orchestration.events import confirm_events_often
        from orchestration.failure import explain
        from orchestration.heartbeat import own_heartbeats
        from orchestration.results import GenresFailed

    confirm_events_often()
    before()
    with ends_cleanly(), progress_shown(console, len(slugs)) as listener, listening(listener), own_heartbeats():
        state: Any = sync_genres(genres=list(slugs), kinds=list(kinds), dry_run=dry_run, return_state=True)
    document = state.result(raise_on_failure=False)
    if isinstance(document, GenresFailed):
        return document.document
    if isinstance(document, BeatporterError):
        raise document
    if isinstance(document, BaseException):
        raise explain(state) from document
    return dict(document)


def show(document: dict[str, Any], *, dry_run: bool = False) -> None:
    """Print a run's table on standard output, then each failure with what to do."""
    from beatporter.sync.report import playlist_words  # imports SQLAlchemy, which Prefect's server need not wait for when it is started

    console = Terminal()
    console.print(outcome_table(document, dry_run=dry_run))
    for slug, outcome in document["genres"].items():
        if dry_run or len(outcome["playlists"]) > 1:
            for kind, one in outcome["playlists"].items():
                console.print(f"{slug}, {kind}: {playlist_words(one)} ({one['name']})", markup=False, highlight=False, soft_wrap=True)
        if outcome["error"]:
            console.print(f"{slug} failed: {outcome['error']}", style="red", markup=False, highlight=False, soft_wrap=True)
