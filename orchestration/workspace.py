"""Opens the domain's workspace for a task: settings are read here, on call, and a Prefect block is turned into an address."""

from __future__ import annotations

from beatporter.errors import SettingsError
from beatporter.ledger.database import is_postgres
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.settings import BLOCK_PREFIX, Settings, load_settings
from beatporter.sync.workspace import Workspace
from orchestration.blocks import open_store, secret_value, with_secrets


def open_workspace(run_key: str, slug: str = "", max_searches: int | None = None, reserve: int = 0) -> Workspace:
    """The workspace of one task; leave it as a context manager.

    Args:
        run_key: of the present run, see `orchestration.run_key`.
        slug: the genre; empty for what concerns the account.
        max_searches: see `Workspace`, as `reserve`.
    """
    from orchestration.limits import shared_rate  # imports Prefect, whose environment the command line sets before that

    settings = with_secrets(load_settings())
    return Workspace(
        settings,
        open_ledger_of(settings),
        run_key=run_key,
        slug=slug,
        max_searches=max_searches,
        reserve=reserve,
        acquire=shared_rate(settings),
        sign_in_store=open_store(settings),
    )


def open_ledger_of(settings: Settings) -> Ledger:
    """The ledger that the settings name; its address may lie in a Prefect block of type Secret.

    Raises:
        SettingsError: there is no such block, or it holds no address.
        LedgerCorrupt, LedgerUnwritable, LedgerUnavailable: as the database says.
    """
    address = settings.ledger_address()
    if not address.startswith(BLOCK_PREFIX):
        return open_ledger(address)
    found = secret_value(address.removeprefix(BLOCK_PREFIX))
    if not isinstance(found, str) or not is_postgres(found):
        raise SettingsError(
            f"BEATPORTER_DATABASE names the Prefect block {address}, which holds no postgresql:// address.", "Correct the block."
        )
    return open_ledger(found)
