"""`beatporter login`: sign in to Spotify once; runs renew their access by themselves for about six months."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer
from rich.console import Console

from beatporter.clock import utc_now
from beatporter.settings import load_settings
from beatporter.spotify.login import DEFAULT_PORT, Loopback, authorize_url, code_from_address, exchange_code, new_state, redirect_uri
from beatporter.spotify.sign_in import LIFETIME, require_client, save_sign_in


def login(
    paste: Annotated[bool, typer.Option("--paste", help="No browser on this machine: paste the address that yours ends at.")] = False,
    port: Annotated[int, typer.Option(help="Port of 127.0.0.1 that the browser comes back to.")] = DEFAULT_PORT,
) -> None:
    """Sign in to Spotify and keep the sign-in, readable by you alone, under Beatporter's home."""
    settings = load_settings()
    require_client(settings)
    console = Console()
    state = new_state()
    console.print(f"The app's redirect URIs must hold [bold]{redirect_uri(port)}[/] (developer.spotify.com/dashboard, your app, Settings).")
    if paste:
        redirect = redirect_uri(port)
        _show(console, authorize_url(settings, redirect, state))
        code = code_from_address(typer.prompt("The address that the browser ended at"), state)
    else:
        with Loopback(state, port) as loopback:
            redirect = loopback.redirect
            address = authorize_url(settings, redirect, state)
            _show(console, address)
            webbrowser.open(address)
            code = loopback.wait_for_code()
    sign_in = exchange_code(settings, code, redirect, now=utc_now)
    path = save_sign_in(settings, sign_in)
    ends = (sign_in.signed_in_at or utc_now()) + LIFETIME
    console.print(f"Signed in. Kept in {path}; good until about {ends:%Y-%m-%d}.", highlight=False)
    if settings.spotify_refresh_token is not None:
        console.print("BEATPORTER_SPOTIFY_REFRESH_TOKEN is set and wins over that file: take it away.", style="yellow")


def _show(console: Console, address: str) -> None:
    console.print("Open this address and allow the app:")
    console.print(address, markup=False, highlight=False, soft_wrap=True)
