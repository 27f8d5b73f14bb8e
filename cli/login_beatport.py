"""`beatporter login beatport`: saves the sign-in that a person copied from Beatport's API documentation page; runs renew it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from beatporter.beatport.sign_in import (
    BLOCK_TYPE,
    AccountFile,
    account_block,
    account_path,
    account_warning,
    read_pasted,
    uses_account,
)
from beatporter.beatport.tokens import check_sign_in
from beatporter.clock import utc_now
from beatporter.errors import SettingsError, TransientError
from beatporter.settings import Settings
from beatporter.settings_sources import PREFIX
from cli.embedded_prefect import use_embedded_prefect
from cli.terminal import Terminal
from orchestration.blocks import AccountBlock

TOKEN = f"{PREFIX}BEATPORT_TOKEN"
_LARGEST = 1_000_000


def login_beatport(settings: Settings, *, token_file: str, client_id: str, block: str) -> None:
    """Check the pasted sign-in by renewing it, as runs will, and save it. An existing sign-in stays until then.

    Args:
        token_file: the file with the JSON; - for standard input; empty asks for it.
        client_id: the id that it was issued to; empty asks for it.
        block: Prefect's block to save it in instead of the file; empty follows the settings.

    Raises:
        SettingsError: the JSON is wrong, or it could not be saved.
        SignInExpired: Beatport does not renew it.
    """
    console = Terminal()
    store = _open_store(settings, block.removeprefix(BLOCK_TYPE) or account_block(settings))
    text = _read(token_file)
    client_id = client_id or (typer.prompt("Client id") if sys.stdin.isatty() else "")
    sign_in = read_pasted(text, client_id, utc_now())
    try:
        sign_in = check_sign_in(settings, sign_in, now=utc_now)
        checked = "Beatport renewed it, so runs can too." if sign_in.can_be_renewed else ""
    except TransientError as error:
        checked = f"It could not be checked: {error.what}"
    where = store.save(sign_in)
    console.print(f"Signed in to Beatport. Kept in {where}. {checked}", markup=False, highlight=False, soft_wrap=True)
    for line in _what_is_left(settings, block.removeprefix(BLOCK_TYPE)):
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    if warning := account_warning(sign_in, utc_now()):
        console.print(warning, style="yellow", markup=False, highlight=False, soft_wrap=True)


def _open_store(settings: Settings, block: str | None) -> AccountFile | AccountBlock:
    if not block:
        return AccountFile(account_path(settings))
    use_embedded_prefect(settings.home, verbose=False)
    return AccountBlock(block)


def _read(token_file: str) -> str:
    """Read what the person copied."""
    if token_file not in ("", "-"):
        try:
            path = Path(token_file).expanduser()
            if path.stat().st_size > _LARGEST:
                raise SettingsError(
                    f"{token_file} has {path.stat().st_size:,} bytes, more than a token has.", "Name the file with the JSON."
                )
            return path.read_text(encoding="utf-8-sig")
        except OSError as error:
            problem = error.strerror
        except UnicodeDecodeError:
            problem = "it is not text"
        raise SettingsError(f"{token_file} cannot be read: {problem}.", "Name the file with the JSON, or - to paste it.")
    if sys.stdin.isatty() and not token_file:
        end = "Ctrl-Z and Enter" if os.name == "nt" else "Ctrl-D"
        console = Terminal(stderr=True)
        console.print(f"Paste the JSON from Beatport's API documentation page, then press Enter and {end}:", markup=False, highlight=False)
    return sys.stdin.read(_LARGEST)


def _what_is_left(settings: Settings, block: str) -> list[str]:
    """Say what the person must still do before runs use this sign-in."""
    if block and account_block(settings) != block:
        return [f"Runs find it with {TOKEN}={BLOCK_TYPE}{block}"]
    if not block and not uses_account(settings):
        return [f"{TOKEN} is set and wins over it: take it away."]
    if "api" not in settings.chart_source:
        return [f"{PREFIX}CHART_SOURCE does not name api, so no run uses it."]
    return []
