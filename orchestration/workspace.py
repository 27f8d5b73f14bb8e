"""Opens the domain's workspace for a task: settings are read here, on call, and a Prefect block is turned into an address."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from beatporter.errors import SettingsError
from beatporter.home import make_home
from beatporter.ledger.database import is_postgres
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
        account_store=open_account_store(settings),
    )


def open_app_workspace(app: str) -> Workspace:
    """A workspace for a person's own flow, signed in by the block `spotify-app/<app>`; leave it as a context manager.

    Raises:
        SettingsError: there is no such block, or nobody has signed in with it.
    """
    settings = with_secrets(load_settings(spotify_app=app))
    return Workspace(settings, open_ledger_of(settings), run_key=f"{APP_BLOCK}{app}", sign_in_store=open_store(settings))


def open_ledger_of(settings: Settings, *, begin_beside_older: bool = False) -> Ledger:
    """The ledger that the settings name.

    Args:
        begin_beside_older: open one without history although the home has a ledger of Parquet files, which is about to be taken in.

    Raises:
        SettingsError: there is no such block, it holds no address, or a ledger from before is forgotten in the home.
        LedgerCorrupt, LedgerUnwritable, LedgerUnavailable: as the database says.
    """
    with suppress(OSError):  # whatever needs the home says so
        make_home(settings.home)
    ledger = open_ledger(address_of(settings))
    if not begin_beside_older:
        refuse_forgotten(settings.home, ledger)
    return ledger


def address_of(settings: Settings) -> str:
    """The address of the ledger's database, which may lie in a Prefect block of type Secret.

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
    """The archive: a folder, gs://bucket/prefix, or gcs-bucket/<block> of prefect-gcp.

    Raises:
        SettingsError: it is no such address, there is no such block, or it names no bucket.
        LedgerUnwritable, UpstreamDown: it cannot be reached.
    """
    from beatporter.ledger.archive_storage import BUCKET, open_storage  # imports Arrow, which no genre's run needs

    if not address.startswith(BUCKET_BLOCK):
        return open_storage(address)
    bucket = load_bucket(address.removeprefix(BUCKET_BLOCK))
    prefix = f"/{bucket.bucket_folder.strip('/')}" if bucket.bucket_folder else ""
    return open_storage(f"{BUCKET}{bucket.bucket}{prefix}", lambda: bucket_access(bucket))


def check_ledger() -> None:
    """See that the ledger is sound, and the one that the last run left, before a run sends anything.

    Raises:
        LedgerCorrupt, LedgerUnavailable, LedgerUnwritable: it is not.
    """
    with open_ledger_of(load_settings()) as ledger:
        check_before_run(ledger.database)


def archive_is_set() -> bool:
    """Whether the settings name an archive."""
    return bool(load_settings().archive)
