"""A database that is locked, away, or refuses: our own error, which names the ledger and no secret, and nothing is written."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import connect

import pytest
from sqlalchemy import text

from beatporter.errors import BeatporterError, LedgerCorrupt, LedgerUnavailable, LedgerUnwritable, SettingsError
from beatporter.ledger import database, engine
from beatporter.ledger.calls import Held
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.records.ledger import HistoryRow, SnapshotRow
from tests.contract.ledger.conftest import NewDatabase
from tests.postgres import Postgres
from tests.timeouts import TIMEOUT_S

T0 = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)

WRITES: dict[str, Callable[[Ledger], object]] = {
    "a transaction": lambda ledger: ledger.history.append("P", [history()]),
    "a statement": lambda ledger: ledger.snapshots.save(SnapshotRow("P", "writing", None, T0)),
    "calls": lambda ledger: ledger.calls.exchange(Held(), [], run_key="r", at=T0, wanted=5, budget=9, since=T0),
}


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (database, engine):
        monkeypatch.setattr(module, "LOCK_TIMEOUT_S", 0.1)
    monkeypatch.setattr(database, "UNREACHABLE_TIMEOUT_S", 0)


def history(track_id: str = "a") -> HistoryRow:
    return HistoryRow(track_id, None, "r", None, "chart", T0)


def is_told_well(error: BeatporterError, ledger: str) -> None:
    assert ledger in error.what
    assert error.remedy
    assert "hush-hush" not in repr(error.args)
    assert "SELECT" not in str(error)
    assert "INSERT" not in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


class TestLocked:
    @pytest.fixture
    def kind(self) -> str:
        return "sqlite"

    @pytest.mark.parametrize("write", WRITES)
    def test_a_lock_held_by_another_process_is_reported_and_can_be_waited_out(self, address: str, write: str) -> None:
        with open_ledger(address) as ledger, closing(connect(address)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerUnavailable, match=r"locked by another process for 0\.1 s") as caught:
                WRITES[write](ledger)
            is_told_well(caught.value, address)
            assert ledger.history.playlists() == [], "a lock must not block readers"
            other.rollback()
            WRITES[write](ledger)
        ledger.close()

    def test_a_lock_released_in_time_is_waited_for(self, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine, "LOCK_TIMEOUT_S", TIMEOUT_S)
        ledger = open_ledger(address)
        with closing(connect(address, check_same_thread=False)) as other, ThreadPoolExecutor(1) as pool:
            other.execute("BEGIN IMMEDIATE")
            writing = pool.submit(ledger.history.append, "P", [history()])
            time.sleep(0.3)
            assert not writing.done()
            other.rollback()
            writing.result(TIMEOUT_S)
        assert ledger.history.playlists() == ["P"]
        ledger.close()

    def test_a_database_locked_before_it_has_tables_is_reported(self, new_database: NewDatabase) -> None:
        address = new_database()
        Path(address).parent.mkdir()
        with closing(connect(address)) as other:
            other.execute("PRAGMA application_id=1")  # else the file is empty, which is damage
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(LedgerUnavailable, match="locked"):
                open_ledger(address)
        open_ledger(address).close()


class TestServer:
    @pytest.fixture
    def kind(self) -> str:
        return "postgres"

    def test_a_missing_server_is_reported(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerUnavailable, match="does not answer") as caught:
            open_ledger(f"postgresql://me:hush-hush@/ledger?host={tmp_path}")
        is_told_well(caught.value, "postgresql:///ledger")
        with pytest.raises(LedgerUnavailable, match=r"postgresql://127\.0\.0\.1:1/ledger"):
            open_ledger("postgres://me:hush-hush@127.0.0.1:1/ledger")

    def test_a_server_that_comes_back_in_time_is_waited_for(self, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "UNREACHABLE_TIMEOUT_S", 100_000)
        at, _, sockets = address.partition("?host=")
        with ThreadPoolExecutor(1) as pool:
            opening = pool.submit(open_ledger, f"{at}?host={tmp_path}/sockets")
            time.sleep(0.5)
            assert not opening.done()
            (tmp_path / "sockets").symlink_to(sockets)
            ledger = opening.result(TIMEOUT_S)
        assert ledger.history.playlists() == []
        ledger.close()

    def test_a_missing_database_is_a_wrong_setting_at_once(self, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "UNREACHABLE_TIMEOUT_S", 100_000)  # not waited for
        with pytest.raises(SettingsError, match=r'database "nix" does not exist.*BEATPORTER_DATABASE') as caught:
            open_ledger(postgres.address("nix"))
        is_told_well(caught.value, "postgresql:///nix")

    def test_an_unknown_user_is_a_wrong_setting(self, postgres: Postgres, address: str) -> None:
        with pytest.raises(SettingsError, match='role "stranger" does not exist') as caught:
            open_ledger(address.replace("beatporter:", "stranger:"))
        is_told_well(caught.value, "postgresql:///test_")

    def test_a_user_without_write_access_is_a_wrong_setting(self, postgres: Postgres, address: str) -> None:
        postgres.sql("CREATE ROLE reader LOGIN")
        postgres.sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", address)
        ledger = open_ledger(address.replace("beatporter:", "reader:"))
        assert ledger.history.playlists() == []
        with pytest.raises(SettingsError, match="permission denied") as caught:
            ledger.history.append("P", [history()])
        is_told_well(caught.value, "postgresql:///test_")
        ledger.close()

    @pytest.mark.parametrize(
        ("code", "kind_of_error", "words"),
        [
            ("53100", LedgerUnwritable, "cannot be written"),
            ("53200", LedgerUnwritable, "cannot be written"),
            ("57P01", LedgerUnavailable, "does not answer"),
            ("40P01", LedgerUnavailable, "was in use by others at the same time"),
            ("55P03", LedgerUnavailable, "does not answer"),
            ("XX001", LedgerCorrupt, "rejects a statement"),
        ],
        ids=["disk full", "out of memory", "shutting down", "deadlock", "lock not available", "data corrupted"],
    )
    def test_the_servers_errors_become_our_own(
        self, new_database: NewDatabase, code: str, kind_of_error: type[BeatporterError], words: str
    ) -> None:
        ledger = open_ledger(new_database())
        with ledger.transaction() as connection:
            raising = f"RAISE EXCEPTION 'says the server' USING ERRCODE = '{code}'"
            connection.execute(text(f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {raising}; END $$"))
            connection.execute(text("CREATE TRIGGER fail BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION fail()"))
        with pytest.raises(kind_of_error, match=f"{words}: says the server") as caught:
            ledger.history.append("P", [history()])
        is_told_well(caught.value, "postgresql:///test_")
        assert ledger.history.playlists() == []
        ledger.snapshots.save(SnapshotRow("P", "writing", None, T0))
        ledger.close()

    def test_a_connection_lost_in_a_transaction_rolls_it_back_and_the_next_one_works(
        self, postgres: Postgres, ledger: Ledger, address: str
    ) -> None:
        def write_and_lose() -> None:
            with ledger.transaction():
                ledger.history.append("P", [history()])
                others = "FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
                postgres.sql(f"SELECT pg_terminate_backend(pid, 10000) {others}", address)
                ledger.history.append("P", [history("b")])

        with pytest.raises(LedgerUnavailable) as caught:
            write_and_lose()
        is_told_well(caught.value, "postgresql:///test_")
        assert ledger.history.playlists() == []
        ledger.history.append("P", [history("c")])
        assert list(ledger.history.track_ids("P")) == ["c"]

    def test_connections_that_a_restart_broke_are_opened_again(self, postgres: Postgres, ledger: Ledger, address: str) -> None:
        ledger.history.append("P", [history()])
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid != pg_backend_pid()"
        postgres.sql(f"SELECT pg_terminate_backend(pid, 10000) {others}", address)
        assert ledger.history.playlists() == ["P"]


@pytest.mark.parametrize("address", ["", "sqlite:///x.db", "mysql://me@host/x", "s3://bucket/x", "gcs-bucket://block", "http://host"])
def test_an_invalid_address_is_a_wrong_setting(address: str) -> None:
    with pytest.raises(SettingsError, match="BEATPORTER_DATABASE"):
        open_ledger(address)
