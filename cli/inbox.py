"""`beatporter inbox`: reads charts that the person hands over, from the browser or as files."""

from __future__ import annotations

import time
import webbrowser
from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from beatporter.errors import SettingsError
from beatporter.sync.inbox import Inbox, InboxResult, make_inbox
from cli.context import command_workspace
from cli.inbox_address import DEFAULT_PORT
from cli.inbox_server import InboxServer
from cli.terminal import Terminal

LOOK_EVERY_S = 2.0


def inbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = DEFAULT_PORT,
    once: Annotated[bool, typer.Option("--once", help="Read the files in the folder, and end.")] = False,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page with the bookmarklet.")] = True,
) -> None:
    """Take charts from your browser, by a bookmarklet, or as saved pages and JSON files put into a folder. Runs of that day use them."""
    console = Terminal()

    def say(taken: InboxResult) -> None:
        name = f"{taken.name}: " if taken.name else ""
        console.print(f"{name}{taken.message}", style="" if taken.accepted else "red", markup=False, highlight=False, soft_wrap=True)

    with command_workspace("inbox") as workspace:
        try:
            folder = make_inbox(workspace.settings)
        except OSError as error:
            raise SettingsError(
                f"Cannot write in {workspace.settings.home}: {error.strerror}.", "Make BEATPORTER_HOME a writable folder."
            ) from None
        taking = Inbox(workspace.settings, workspace.ledger, now=workspace.now)
        if once:
            bad = [taken for taken in _tell(taking.take_files(), say) if not taken.accepted]
            raise typer.Exit(1 if bad else 0)
        with InboxServer(workspace.settings, taking, port) as server:
            console.print(f"The bookmarklet is at {server.address}/", markup=False, highlight=False, soft_wrap=True)
            console.print(f"Files go into {folder}. Ctrl-C ends this.", markup=False, highlight=False, soft_wrap=True)
            if open_page:
                webbrowser.open(f"{server.address}/")
            watch(server, say)


def watch(server: InboxServer, say: Callable[[InboxResult], None], *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Read files as they arrive, and report them and what the browser sent, until interrupted."""
    told: list[InboxResult] = []
    try:
        while True:
            for taken in server.inbox.take_files():
                server.note(taken)
            told = _news(server, told, say)
            sleep(LOOK_EVERY_S)
    except KeyboardInterrupt:
        return


def _news(server: InboxServer, told: list[InboxResult], say: Callable[[InboxResult], None]) -> list[InboxResult]:
    now = list(server.taken)
    _tell(reversed([taken for taken in now if not any(taken is one for one in told)]), say)
    return now


def _tell(news: Iterable[InboxResult], say: Callable[[InboxResult], None]) -> list[InboxResult]:
    told = list(news)
    for taken in told:
        say(taken)
    return told
