"""Prefect's command, for its server on SQLite: `python -m cli.guarded_prefect server start`.

A statement that fails ("database is locked") leaves its cursor open in SQLAlchemy's driver for asyncio. The garbage collector then closes
it in whatever thread it runs, which waits for the connection's lock with Python's own lock in hand, and the whole server stands still for
SQLite's sixty seconds. So here a cursor is closed as soon as it fails. docs/decisions/prefect-server-freezes.md has the evidence.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import aiosqlite


def server_command(port: int) -> list[str]:
    """The command of a guarded server at a port of 127.0.0.1."""
    return [sys.executable, "-m", "cli.guarded_prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]


def close_failed_cursors() -> None:
    """From now on, a cursor of aiosqlite whose statement fails is closed at once, in its connection's own thread."""
    import aiosqlite

    for name in ("execute", "executemany", "fetchall"):
        setattr(aiosqlite.Cursor, name, _closing(getattr(aiosqlite.Cursor, name)))


def _closing(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def guarded(cursor: aiosqlite.Cursor, *arguments: Any) -> Any:
        try:
            return await method(cursor, *arguments)
        except BaseException:
            with suppress(sqlite3.Error, ValueError):  # the latter when the connection is closed, too
                await cursor.close()
            raise

    return guarded


def main() -> None:
    """Run Prefect's command line."""
    close_failed_cursors()
    from prefect.cli import app

    sys.argv[0] = "prefect"
    app()


if __name__ == "__main__":
    main()
