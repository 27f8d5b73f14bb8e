"""Databases of every past version of the tables, with data in them, as SQL dumps in `versions`.

After a new migration, give `sample_ledger.STEPS_OF` steps that use what is new, and run
`python -m tests.contract.ledger.frozen_databases` once. Commit the file and never change it: people have such databases.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from beatporter.ledger.ledger import open_ledger
from beatporter.ledger.migrate import HEAD
from tests.contract.ledger.sample_ledger import fill

FOLDER = Path(__file__).parent / "versions"
LEDGER_ID = "0123456789abcdef"
VERSIONS = sorted(path.stem for path in FOLDER.glob("*.sql"))


def write(version: str, path: Path) -> None:
    """Write the dump of a database that this code creates and fills."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "beatporter.db"
        ledger = open_ledger(database)
        fill(ledger, version)
        ledger.close()
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("UPDATE ledger SET value = ? WHERE key = 'id'", [LEDGER_ID])
            path.write_text("".join(f"{line}\n" for line in connection.iterdump()))


def load(version: str, path: Path) -> Path:
    """Create the SQLite database of a version, as that Beatporter left it."""
    path.touch(mode=0o600)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript((FOLDER / f"{version}.sql").read_text())
    return path


def rows_of(version: str) -> dict[str, list[dict[str, Any]]]:
    """The content of a version's database as stored, table by table."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript((FOLDER / f"{version}.sql").read_text())
        connection.row_factory = sqlite3.Row
        tables = [row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        asked = {name: f"SELECT * FROM {name}" for name in tables}
        return {name: [dict(row) for row in connection.execute(question)] for name, question in asked.items()}


if __name__ == "__main__":
    file = FOLDER / f"{HEAD}.sql"
    assert not file.exists(), f"{file} exists and must never change"
    write(HEAD, file)
    print(file)
