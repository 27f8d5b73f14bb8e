"""Copies of captures outside the home, for machines whose disk does not last: in a folder or a bucket.

Nothing is deleted there; a bucket has lifecycle rules for that.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import quote

_BUCKET = "gs://"


def copy_capture(file: Path, address: str) -> None:
    """Copy a capture under its own name.

    Args:
        address: a folder, or gs://bucket/prefix.

    Raises:
        OSError: the capture cannot be read.
        SettingsError, LedgerUnwritable, UpstreamDown: it cannot be written there.
    """
    from beatporter.ledger.archive_storage import open_storage  # imports Arrow, which only the copying process needs

    storage = open_storage(address)
    with file.open("rb") as capture, storage.draft() as draft:
        shutil.copyfileobj(capture, draft)
        storage.put(draft, file.name)


def copy_link(address: str, capture: str) -> tuple[str, str]:
    """Label and address of a copied capture: in Google's console for a bucket, otherwise its path."""
    if address.startswith(_BUCKET):
        return (
            "capture in the bucket",
            f"https://storage.cloud.google.com/{quote(address.removeprefix(_BUCKET).strip('/'))}/{quote(capture)}",
        )
    return "copy of the capture", (Path(address).expanduser().absolute() / capture).as_uri()
