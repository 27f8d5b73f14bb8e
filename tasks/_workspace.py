"""Opens the domain's workspace for a task: settings are read here, on call, and a Prefect block is turned into a bucket."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

import httpx

from beatporter.errors import SettingsError
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.settings import Settings, load_settings
from beatporter.sync.workspace import Workspace
from tasks._sign_in import SERVER, open_store

if TYPE_CHECKING:
    from beatporter.ledger.bucket import Access

BLOCK = "gcs-bucket/"


def open_workspace(run_key: str, slug: str = "", allowance: int | None = None, reserve: int = 0) -> Workspace:
    """The workspace of one task; leave it as a context manager."""
    from tasks._shared import shared_rate  # imports Prefect, whose environment the command line sets before that

    settings = load_settings()
    return Workspace(
        settings,
        open_storage(settings),
        run_key=run_key,
        slug=slug,
        allowance=allowance,
        reserve=reserve,
        acquire=shared_rate(settings),
        sign_in_store=open_store(settings),
    )


def open_storage(settings: Settings) -> Ledger:
    """The ledger that the settings name.

    Raises:
        SettingsError: when the block is not there or names no bucket.
        LedgerUnwritable: when the folder or bucket cannot be used.
    """
    root = settings.ledger_root()
    if not root.startswith(BLOCK):
        return open_ledger(root)
    bucket = _load_block(root.removeprefix(BLOCK))
    prefix = f"/{bucket.bucket_folder.strip('/')}" if bucket.bucket_folder else ""
    return open_ledger(f"gs://{bucket.bucket}{prefix}", filesystem=lambda: _access(bucket))


def _load_block(name: str) -> Any:
    from prefect_gcp import GcsBucket  # 155 MB, so only where a bucket block is named

    try:
        return GcsBucket.load(name)
    except ValueError:  # Prefect's word for a block that is not there
        problem, remedy = "there is none of that name", "Make it in Prefect's UI under Blocks, or name a folder or gs://bucket/prefix."
    except (httpx.HTTPError, RuntimeError) as error:  # the latter when a temporary server does not start
        problem, remedy = type(error).__name__, SERVER
    raise SettingsError(f"BEATPORTER_STORAGE names the block {BLOCK}{name}, which cannot be loaded: {problem}.", remedy)


def _access(bucket: Any) -> Access:
    """A token of the block's service account, and when it ends; the ledger asks for another one in time."""
    from google.auth.transport.requests import Request

    from beatporter.ledger.bucket import Access, gcs_filesystem

    credentials = bucket.gcp_credentials.get_credentials_from_service_account()
    credentials.refresh(Request())
    ends_at = credentials.expiry.replace(tzinfo=UTC)
    return Access(gcs_filesystem(access_token=credentials.token, token_expires_at=ends_at), ends_at)
