"""A home that has a ledger from before it was a database does not begin from nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from beatporter.errors import SettingsError
from beatporter.settings import load_settings
from orchestration.workspace import open_ledger_of


def test_a_new_database_beside_an_older_ledger_is_refused_until_that_was_taken_in(tmp_path: Path) -> None:
    (tmp_path / "ledger" / "history" / "playlist_id=P").mkdir(parents=True)
    settings = load_settings(home=tmp_path)
    with pytest.raises(SettingsError, match="beatporter ledger import"):
        open_ledger_of(settings)
    assert not (tmp_path / "beatporter.db").exists()
    open_ledger_of(settings, begin_beside_older=True).close()
    open_ledger_of(settings).close()
