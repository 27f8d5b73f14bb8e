"""`beatporter ui`: shows this machine's runs on Prefect's pages."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.console import Console

from beatporter.settings import load_settings
from cli.demo import HOME
from cli.embedded_prefect import prepare_prefect
from cli.guarded_prefect import server_command
from cli.up_processes import free_port, is_free


def ui(
    demo: Annotated[bool, typer.Option(help="Show the demo's runs instead of your own.")] = False,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 4200,
) -> None:
    """Start Prefect's server on 127.0.0.1, for its pages: runs, artifacts, memory reports. Ctrl-C ends it."""
    console = Console()
    if api := os.environ.get("PREFECT_API_URL"):
        console.print(f"Your runs are on the Prefect server that PREFECT_API_URL names; open {api.removesuffix('/api')}", soft_wrap=True)
        return
    if port and not is_free(port):
        raise typer.BadParameter(f"port {port} is taken, perhaps by another `beatporter ui`; 0 takes a free one", param_hint="--port")
    home = HOME if demo else load_settings().home
    port = port or free_port()
    os.environ["PREFECT_UI_API_URL"] = f"http://127.0.0.1:{port}/api"
    prepare_prefect(home, verbose=True)
    console.print(f"Open [bold]http://127.0.0.1:{port}/v2/artifacts[/] in some seconds – Ctrl-C ends it.")
    command = server_command(port)
    os.execv(command[0], command)  # noqa: S606 - Prefect's own command
