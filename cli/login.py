"""`beatporter login`: sign in to Spotify once; runs renew their access by themselves for about six months. Beatport: `login_beatport`."""

from __future__ import annotations

import webbrowser
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from beatporter.clock import utc_now
from beatporter.settings import BLOCK_PREFIX, Settings, load_settings
from beatporter.settings_sources import PREFIX
from beatporter.spotify.login import (
    DEFAULT_PORT,
    Loopback,
    authorize_url,
    code_from_address,
    exchange_code,
    new_state,
    new_verifier,
    redirect_uri,
)
from beatporter.spotify.sign_in import LIFETIME, SIGN_IN_PREFIX, FileStore, block_name, require_client, sign_in_path
from cli.context import use_prefect_for_blocks
from cli.embedded_prefect import use_embedded_prefect
from cli.login_beatport import login_beatport
from cli.terminal import Terminal
from orchestration.blocks import APP_BLOCK, AppBlock, SignInBlock, with_secrets

REFRESH_TOKEN = f"{PREFIX}SPOTIFY_REFRESH_TOKEN"


class Service(StrEnum):
    """Services to sign in to."""

    spotify = "spotify"
    beatport = "beatport"


def login(
    service: Annotated[Service, typer.Argument(help="What to sign in to.")] = Service.spotify,
    paste: Annotated[bool, typer.Option("--paste", help="No browser on this machine: paste the address at which yours ends.")] = False,
    block: Annotated[str, typer.Option(help="Save it in this Prefect block instead of a file.", show_default=False)] = "",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1 to which the browser returns.")] = DEFAULT_PORT,
    token_file: Annotated[str, typer.Option(help="Beatport: file with the copied JSON, or - for standard input.", show_default=False)] = "",
    client_id: Annotated[str, typer.Option(help="Beatport: the client id that the token was issued to.", show_default=False)] = "",
) -> None:
    """Sign in to Spotify, or to Beatport's API, and keep it where runs find it: a file that you alone may read, or a Prefect block."""
    settings = load_settings()
    if service is Service.beatport:
        login_beatport(settings, token_file=token_file, client_id=client_id, block=block)
        return
    if token_file or client_id:
        raise typer.BadParameter("--token-file and --client-id are for `beatporter login beatport`")
    use_prefect_for_blocks(settings)
    settings = with_secrets(settings)
    require_client(settings)
    if settings.spotify_app and not block:
        block = f"{APP_BLOCK}{settings.spotify_app}"
    name = block if block.startswith(APP_BLOCK) else block.removeprefix(SIGN_IN_PREFIX).removeprefix(BLOCK_PREFIX) or block_name(settings)
    store = _open_store(settings, name)
    console = Terminal()
    verifier = new_verifier()
    code, redirect = _ask(console, settings, port, verifier, paste=paste)
    sign_in = exchange_code(settings, code, redirect, verifier, now=utc_now)
    where = store.save(sign_in)
    ends = (sign_in.signed_in_at or utc_now()) + LIFETIME
    _said(console, f"Signed in. Kept in {where}; good until about {ends:%Y-%m-%d}.")
    for line in [*_renew_the_old(store), *_what_is_left(settings, name)]:
        _said(console, line, "yellow")


def _open_store(settings: Settings, block: str | None) -> FileStore | SignInBlock | AppBlock:
    """Where to save the sign-in; checks a block now, before the person signs in."""
    if block is None:
        return FileStore(sign_in_path(settings))
    use_embedded_prefect(settings.home, verbose=False)
    store = AppBlock(block.removeprefix(APP_BLOCK), settings) if block.startswith(APP_BLOCK) else SignInBlock(block)
    store.check()
    return store


def _ask(console: Console, settings: Settings, port: int, verifier: str, *, paste: bool) -> tuple[str, str]:
    """The code that Spotify issues for the person's consent, and its redirect address."""
    state = new_state()
    if paste:
        redirect = redirect_uri(port)
        _show(console, redirect, authorize_url(settings, redirect, state, verifier))
        _said(console, "The browser will end at an address that it cannot open. Copy that address.")
        return code_from_address(typer.prompt("Paste it here"), state), redirect
    with Loopback(state, port) as loopback:
        address = authorize_url(settings, loopback.redirect, state, verifier)
        _show(console, loopback.redirect, address)
        if webbrowser.open(address):
            _said(console, "A browser was asked to open it. Waiting for its answer …")
        else:
            _said(console, "No browser was found here: open it yourself on this machine, or stop this and use --paste.")
        return loopback.wait_for_code(), loopback.redirect


def _show(console: Console, redirect: str, address: str) -> None:
    _said(console, f"The app's redirect URIs must hold {redirect}")
    _said(console, "(developer.spotify.com/dashboard, your app, Settings). Open this address and allow the app:")
    _said(console, address)


def _renew_the_old(store: FileStore | SignInBlock | AppBlock) -> list[str]:
    """Say what to do about a token that was shown unmasked: it stays valid until Spotify ends it."""
    if not isinstance(store, SignInBlock) or not store.removed:
        return []
    return [
        f"The Prefect block {store.removed} showed the old token on Prefect's pages; it is removed.",
        "Anybody who saw that token can still use it. To end it, remove the app's access at https://www.spotify.com/account/apps",
        "and run `beatporter login` once more.",
    ]


def _what_is_left(settings: Settings, block: str | None) -> list[str]:
    """Say what the person must still do before runs use this sign-in; usually nothing."""
    if block is not None and block.startswith(APP_BLOCK):
        name = block.removeprefix(APP_BLOCK)
        return [] if settings.spotify_app == name else [f"Runs find it with {PREFIX}SPOTIFY_APP={name}"]
    if block is not None:
        return [] if block_name(settings) == block else [f"Runs find it with {REFRESH_TOKEN}={SIGN_IN_PREFIX}{block}"]
    if settings.spotify_refresh_token is not None:
        return [f"{REFRESH_TOKEN} is set and wins over that file: take it away."]
    return []


def _said(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
