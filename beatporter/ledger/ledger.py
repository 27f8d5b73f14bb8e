"""The ledger: ten append-only tables under one root, a folder or a bucket.

A table's rows lie in immutable Parquet files; reading takes their union, writing adds a file. See docs/ledger.md. Merging
files (`compaction`), checking and export are modules of their own, which a genre's run does not load.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

from beatporter.errors import SettingsError
from beatporter.ledger.account import Listings, Playlists, Snapshots
from beatporter.ledger.backups import Backups
from beatporter.ledger.calls import Calls
from beatporter.ledger.charts import Charts
from beatporter.ledger.corrections import Corrections
from beatporter.ledger.history import History
from beatporter.ledger.home import FolderHome, Home, unwritable
from beatporter.ledger.matches import Matches
from beatporter.ledger.runs import Runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyarrow.fs import FileSystem

    from beatporter.ledger.bucket import Access

BUCKET = "gs://"


class Ledger:
    """All tables at one home.

    Attributes:
        root: where it lies, as a person would write it.
        home: its files, for compaction, check and export.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self.charts = Charts(home)
        self.matches = Matches(home)
        self.history = History(home)
        self.backups = Backups(home)
        self.snapshots = Snapshots(home)
        self.playlists = Playlists(home)
        self.corrections = Corrections(home)
        self.listings = Listings(home)
        self.calls = Calls(home)
        self.runs = Runs(home)

    @property
    def root(self) -> str:
        return self.home.root


def open_ledger(root: str | Path, filesystem: FileSystem | Callable[[], Access] | None = None) -> Ledger:
    """Open the ledger at a root; an empty or missing folder is an empty ledger.

    Args:
        root: a folder, or gs://bucket/prefix.
        filesystem: how to reach the bucket, or what opens that and says when it ends; None takes the environment's Google
            credentials.

    Raises:
        SettingsError: the root is no folder's name and no gs:// address.
        LedgerUnwritable: the folder cannot be made.
    """
    text = str(root)
    if text.startswith(BUCKET):
        from beatporter.ledger.bucket import Access, BucketHome, gcs_filesystem  # only those who keep it in a bucket load that

        connect = filesystem if callable(filesystem) else lambda: Access(filesystem or gcs_filesystem())
        return Ledger(BucketHome(text.removeprefix(BUCKET), connect))
    if not text or "://" in text or text.startswith("gcs-bucket/"):
        raise SettingsError(f"BEATPORTER_STORAGE: {text!r} is no place for a ledger.", "Give a folder or gs://bucket/prefix.")
    folder = Path(text).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if isinstance(error, FileExistsError):
            error.errno = errno.EEXIST
        raise unwritable(str(folder), error) from error
    return Ledger(FolderHome(folder))
