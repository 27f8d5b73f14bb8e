"""A cursor of Prefect's server whose statement fails is closed at once, not by the garbage collector."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import aiosqlite
import pytest

from cli.guarded_prefect import close_failed_cursors


def test_a_cursor_that_fails_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("execute", "executemany", "fetchall"):
        monkeypatch.setattr(aiosqlite.Cursor, name, getattr(aiosqlite.Cursor, name))  # put back after the test
    close_failed_cursors()

    async def locked_out() -> None:
        async with aiosqlite.connect(tmp_path / "one.db", timeout=0) as first, aiosqlite.connect(tmp_path / "one.db", timeout=0) as second:
            await first.execute("CREATE TABLE t (n)")
            await first.execute("BEGIN IMMEDIATE")
            cursor = await second.cursor()
            assert await (await cursor.execute("SELECT 1")).fetchall() == [(1,)], "one that works stays as it is"
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                await cursor.execute("BEGIN IMMEDIATE")
            with pytest.raises(sqlite3.ProgrammingError, match="closed cursor"):
                await cursor.execute("SELECT 1")

    asyncio.run(locked_out())
