"""A home folder with a ledger from the time before it was a database: no run starts with an empty one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from beatporter.errors import LedgerCorrupt, SettingsError
from beatporter.ledger.archive_storage import open_storage
from beatporter.ledger.import_parquet_ledger import import_ledger
from beatporter.settings import Settings, load_settings
from orchestration.workspace import open_ledger_of
from tests.contract.ledger.parquet_ledger_files import write_older

COLUMNS = {"track_id": ["a"], "added_at": [datetime(2026, 11, 20, tzinfo=UTC)], "isrc": [None], "recording": ["r"]}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_older(tmp_path / "ledger", "history", {"playlist_id": "P"}, {**COLUMNS, "beatport_id": [1], "source": ["chart"]})
    return load_settings(home=tmp_path)


def test_a_database_without_history_is_refused_until_the_import(settings: Settings) -> None:
    for _ in range(2):
        with pytest.raises(SettingsError, match="beatporter ledger import"):
            open_ledger_of(settings)
    with open_ledger_of(settings, begin_beside_older=True) as ledger:
        import_ledger(ledger, open_storage(str(settings.home / "ledger")))
    assert open_ledger_of(settings).history.playlists() == ["P"]


def test_an_import_of_nothing_does_not_count(settings: Settings) -> None:
    storage = open_storage(str(settings.home / "ledger"))
    with open_ledger_of(settings, begin_beside_older=True) as ledger:
        import_ledger(ledger, storage, dry_run=True)
    with pytest.raises(SettingsError, match="beatporter ledger import"):
        open_ledger_of(settings)
    (path,) = settings.home.rglob("*.parquet")
    path.write_bytes(b"damaged")
    with open_ledger_of(settings, begin_beside_older=True) as ledger, pytest.raises(LedgerCorrupt):
        import_ledger(ledger, storage)
    with pytest.raises(SettingsError, match="beatporter ledger import"):
        open_ledger_of(settings)


def test_a_home_without_an_older_ledger_starts_at_once(tmp_path: Path) -> None:
    (tmp_path / "ledger" / "history" / "playlist_id=P").mkdir(parents=True)
    open_ledger_of(load_settings(home=tmp_path)).close()
