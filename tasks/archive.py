"""Task `archive-ledger`: write new rows of the ledger to its archive."""

from __future__ import annotations

from beatporter.clock import utc_now
from beatporter.errors import SettingsError
from beatporter.settings import load_settings
from orchestration.task import house_task
from orchestration.workspace import open_archive_storage, open_ledger_of


@house_task("archive-ledger", cached=False)
def archive_new_rows() -> dict[str, int]:
    """Rows written per table; empty when nothing was new.

    Raises:
        SettingsError: no archive is set.
    """
    from beatporter.ledger.archive import archive  # loads Arrow, which a run without an archive does not need

    settings = load_settings()
    if not settings.archive:
        raise SettingsError("No archive is set.", "Name a folder, gs://bucket/prefix or gcs-bucket/<block> in BEATPORTER_ARCHIVE.")
    storage = open_archive_storage(settings.archive)
    with open_ledger_of(settings) as ledger:
        written = archive(ledger, storage, utc_now())
    rows: dict[str, int] = {}
    for file in written:
        rows[file.table] = rows.get(file.table, 0) + file.rows
    return rows
