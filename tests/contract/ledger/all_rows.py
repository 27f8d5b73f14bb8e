"""The complete content of a ledger, for comparison."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import select

from beatporter.ledger.ledger import Ledger
from beatporter.ledger.tables import metadata

Contents = dict[str, list[tuple[Any, ...]]]
"""The rows of each table, sorted."""


def contents(ledger: Ledger, *, of_another_thread: bool = False) -> Contents:
    """All rows of all tables except `ledger`.

    Args:
        of_another_thread: read in another thread, outside this thread's transaction.
    """
    if of_another_thread:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(contents, ledger).result()
    with ledger.database.read() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
            if table.name != "ledger"
        }
