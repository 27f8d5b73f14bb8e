"""Opens the domain's workspace for a task: reads the settings on call, and resolves Prefect blocks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from beatporter.errors import SettingsError
from beatporter.home import make_home
from beatporter.ledger.engine import is_postgres
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.ledger.parquet_ledger import refuse_forgotten
from beatporter.ledger.startup_check import check_before_run
from beatporter.settings import BLOCK_PREFIX, Settings, load_settings
from beatporter.sync.workspace import Workspace
from orchestration.blocks import (
    APP_BLOCK,
    BUCKET_BLOCK,
    bucket_access,
    load_bucket,
    open_account_store,
    open_store,
    secret_value,
    with_secrets,
)
from orchestration.redaction import hide

if TYPE_CHECKING:
    from beatporter.ledger.archive_storage import ArchiveStorage


def open_workspace(run_key: str, slug: str = "", max_searches: int | None = None, reserve: int = 0) -> Workspace:
    """Open the workspace of one task; use it as a context manager.

    Args:
        run_key: of the current run, see `orchestration.run_key`.
        slug: the genre; empty for work on the whole account.
        max_searches: see `Workspace`, as `reserve`.
    """
    from orchestration.limits import shared_rate  # imports Prefect; the command line must set Prefect's environment before that

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
        account_store=open_account_store(settings),
    )


def open_app_workspace(app: str) -> Workspace:
    """Open a workspace for a person's own flow, signed in with the block `spotify-app/<app>`; use it as a context manager.

    Raises:
        SettingsError: there is no such block, or nobody has signed in with it.
    """
    settings = with_secrets(load_settings(spotify_app=app))
    return Workspace(settings, open_ledger_of(settings), run_key=f"{APP_BLOCK}{app}", sign_in_store=open_store(settings))


def open_ledger_of(settings: Settings, *, begin_beside_older: bool = False) -> Ledger:
    """Open the ledger that the settings name.

    Args:
        begin_beside_older: open an empty one although the home has a ledger of Parquet files, which is about to be imported.

    Raises:
        SettingsError: there is no such block, it holds no address, or an older ledger in the home was not imported.
        LedgerCorrupt, LedgerUnwritable, LedgerUnavailable: the database cannot be used.
    """
    with suppress(OSError):  # code that needs the home reports it
        make_home(settings.home)
    ledger = open_ledger(address_of(settings))
    if not begin_beside_older:
        refuse_forgotten(settings.home, ledger)
    return ledger


def address_of(settings: Settings) -> str:
    """The address of the ledger's database, which may be in a Prefect block of type Secret.

    Raises:
        SettingsError: there is no such block, or it holds no address.
    """
    address = settings.ledger_address()
    if not address.startswith(BLOCK_PREFIX):
        return address
    found = secret_value(address.removeprefix(BLOCK_PREFIX))
    if not isinstance(found, str) or not is_postgres(found):
        raise SettingsError(
            f"BEATPORTER_DATABASE names the Prefect block {address}, which holds no postgresql:// address.", "Correct the block."
        )
    hide(urlsplit(found).password or found)
    return found


def open_archive_storage(address: str) -> ArchiveStorage:
    """Open the archive: a folder, gs://bucket/prefix, or gcs-bucket/<block> of prefect-gcp.

    Raises:
        SettingsError: the address is invalid, there is no such block, or it names no bucket.
        LedgerUnwritable, UpstreamDown: it cannot be reached.
    """
    from beatporter.ledger.archive_storage import BUCKET, open_storage  # imports Arrow, which genre runs do not need

    if not address.startswith(BUCKET_BLOCK):
        return open_storage(address)
    bucket = load_bucket(address.removeprefix(BUCKET_BLOCK))
    prefix = f"/{bucket.bucket_folder.strip('/')}" if bucket.bucket_folder else ""
    return open_storage(f"{BUCKET}{bucket.bucket}{prefix}", lambda: bucket_access(bucket))


def check_ledger() -> None:
    """Check, before a run sends anything, that the ledger is sound and is the one that the last run left.

    Raises:
        LedgerCorrupt, LedgerUnavailable, LedgerUnwritable: the check failed.
    """
    with open_ledger_of(load_settings()) as ledger:
        check_before_run(ledger.database)


def archive_is_set() -> bool:
    """Whether the settings name an archive."""
    return bool(load_settings().archive)
