"""Opens a command's workspace: settings, ledger and services; imports Prefect only if a setting names one of its blocks."""

from __future__ import annotations

from beatporter.settings import Settings, load_settings
from beatporter.sync.workspace import Workspace
from cli.embedded_prefect import use_embedded_prefect
from orchestration.blocks import names_a_block, open_account_store, open_store, with_secrets
from orchestration.workspace import open_ledger_of


def command_workspace(run_key: str) -> Workspace:
    """Open a workspace for a command; use it as a context manager.

    Args:
        run_key: the name under which the ledger counts its calls to Spotify.

    Raises:
        SettingsError: a setting is wrong, or a block that one names cannot be loaded.
    """
    settings = load_settings()
    use_prefect_for_blocks(settings)
    settings = with_secrets(settings)
    return Workspace(
        settings, open_ledger_of(settings), run_key=run_key, sign_in_store=open_store(settings), account_store=open_account_store(settings)
    )


def use_prefect_for_blocks(settings: Settings) -> None:
    """If a setting names a block, point Prefect at its server or at Beatporter's own. Call this before importing Prefect."""
    if names_a_block(settings):
        use_embedded_prefect(settings.home, verbose=False)
