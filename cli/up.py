"""`beatporter up`: all that a morning needs, in one command: Prefect's server, deployments, alerts, a worker, memory pages, inbox.

Everything it starts ends with it. A second call changes nothing; while one is running, another only prints the addresses.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from filelock import FileLock, Timeout

from beatporter.errors import BeatporterError
from beatporter.home import make_home
from beatporter.private_file import write_private
from beatporter.settings import MEMORY_PAGES_PORT, load_settings
from cli.embedded_prefect import server_environment
from cli.inbox_address import DEFAULT_PORT, inbox_address
from cli.prefect_server import STATE
from cli.terminal import Terminal
from cli.up_install import install_units
from cli.up_processes import Processes, free_port, is_free
from cli.up_sandbox import ENVIRONMENT, sandbox_environment, use_sandbox_home

LOCK = "up.lock"


def up(
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Against stand-ins for Beatport and Spotify; needs no account.")] = False,
    port: Annotated[int, typer.Option(help="Port of Prefect's pages; 0 takes a free one.", min=0, max=65535)] = 4200,
    pages_port: Annotated[int, typer.Option(help="Port of the memory pages; 0 takes a free one.", min=0, max=65535)] = MEMORY_PAGES_PORT,
    inbox_port: Annotated[int, typer.Option(help="Port of the inbox; 0 takes a free one.", min=0, max=65535)] = DEFAULT_PORT,
    notify: Annotated[str, typer.Option(help="Where alerts go: an Apprise address, or a notification block as type/name.")] = "",
    install: Annotated[bool, typer.Option("--install", help="Let systemd start it with this machine.")] = False,
    register: Annotated[bool, typer.Option("--register", help="Only create the pool, deployments, blocks and alerts.")] = False,
) -> None:
    """Start Prefect's server and a worker on 127.0.0.1, with everything that Beatporter needs there. Ctrl-C ends it all."""
    if sandbox:
        use_sandbox_home()
    home = load_settings().home.resolve()
    make_home(home)
    console = Terminal()
    if install:
        for line in install_units(home, port, notify):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        return
    with only_one(home) as mine:
        if not mine:
            _show(console, "It is up already.", json.loads((home / STATE).read_text() or "{}"))
            return
        with ended_by_signals(), Processes(home / "logs") as processes:
            try:
                ports = (port, pages_port, inbox_port)
                _start_and_wait(console, processes, home, sandbox=sandbox, ports=ports, notify=notify, only_register=register)
            except KeyboardInterrupt:
                console.print("Ending …")


@contextmanager
def only_one(home: Path) -> Iterator[bool]:
    """Whether this is the only `up` in the home; the system releases the lock of a killed one."""
    lock = FileLock(home / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        (home / STATE).unlink(missing_ok=True)
        lock.release()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Treat SIGTERM and a closed terminal like Ctrl-C; a further signal does not interrupt the clean-up."""

    def interrupt(number: int, _frame: Any) -> None:
        for one in handled:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(one, interrupt) for one in handled]
    try:
        yield
    finally:
        for one, handler in zip(handled, before, strict=True):
            signal.signal(one, handler)


def _start_and_wait(
    console: Terminal,
    processes: Processes,
    home: Path,
    *,
    sandbox: bool,
    ports: tuple[int, int, int],
    notify: str,
    only_register: bool,
) -> None:
    """Start the processes in order, print their addresses, and wait until one ends or a signal arrives."""
    environment = {**os.environ, "BEATPORTER_HOME": str(home)}
    api = os.environ.get("PREFECT_API_URL", "")
    if api:
        console.print(f"Prefect's server is the one that PREFECT_API_URL names: {api}", markup=False, highlight=False, soft_wrap=True)
    port = 0 if api else _chosen(ports[0], "--port")
    pages_port, inbox_port = _chosen(ports[1], "--pages-port"), _chosen(ports[2], "--inbox-port")
    addresses: dict[str, str] = {}
    if sandbox:
        console.print("Starting the sandbox …")
        processes.start_sandbox(home / "sandbox.json", home / ENVIRONMENT, home / "sandbox.ports")
        environment |= sandbox_environment(home / ENVIRONMENT)
        addresses["Sandbox"] = json.loads((home / "sandbox.ports").read_text())["control"]
    environment.setdefault("BEATPORTER_MEMORY_URL", f"http://127.0.0.1:{pages_port}")  # the artifacts link there
    environment = server_environment(home, port, environment)
    if not api:
        console.print("Starting Prefect's server …")
        processes.start_server(port, environment)
    for line in processes.register(environment, notify):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if only_register:
        return
    processes.start_worker(environment)
    addresses = {"Prefect": environment["PREFECT_API_URL"].removesuffix("/api")} | addresses
    processes.start_pages(pages_port, environment)
    inbox = inbox_address(home, inbox_port)
    processes.start_inbox(inbox_port, environment)
    addresses |= {"Memory": f"http://127.0.0.1:{pages_port}", "Inbox": f"{inbox}/"}
    write_private(home / STATE, json.dumps(addresses))  # the inbox's address is a secret
    processes.wait_until_up(pages_port, inbox_port)
    _show(console, "Everything is up. Ctrl-C ends it.", addresses)
    _say_what_is_missing(console, sandbox=sandbox)
    raise typer.Exit(processes.wait(console))


def _chosen(port: int, option: str) -> int:
    if not port:
        return free_port()
    if not is_free(port):
        what = f"port {port} is taken by another program; choose another one, or 0 for any free one"
        raise typer.BadParameter(what, param_hint=option)
    return port


def _show(console: Terminal, headline: str, addresses: Mapping[str, str]) -> None:
    console.print(headline, style="bold")
    for name, address in addresses.items():
        console.print(f"  {name:<9}{address}", markup=False, highlight=False, soft_wrap=True)
    if "Prefect" in addresses:
        console.print(
            f"Run a genre: {addresses['Prefect']}/deployments – sync-genre, Run. `daily` runs every morning at seven.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _say_what_is_missing(console: Terminal, *, sandbox: bool) -> None:
    """Warn now if there is no sign-in, since every run would fail."""
    if sandbox:
        return
    from beatporter.spotify.sign_in import load_sign_in
    from orchestration.blocks import names_a_block

    settings = load_settings()
    if names_a_block(settings):  # `beatporter doctor` opens blocks
        return
    try:
        load_sign_in(settings)
    except BeatporterError as error:
        console.print(str(error), style="yellow", markup=False, highlight=False, soft_wrap=True)
