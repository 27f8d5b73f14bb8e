"""Opens the ledger's database: SQLite's file, which is created with care, or a PostgreSQL. One engine per database and process."""

from __future__ import annotations

import atexit
import os
import sqlite3
import stat
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Engine, create_engine, event

from beatporter.errors import LedgerCorrupt, LedgerUnwritable, SettingsError

LOCK_TIMEOUT_S = 30
"""How long a write waits for another process's lock."""
STATEMENTS_KEPT = 16
"""Prepared statements per connection (sqlite3 keeps 128): those with a list of values hold a lot of memory, and hardly one comes again."""
SETTLE_BYTES = 4 * 1024 * 1024
"""`settle` empties SQLite's log when it is at least this large."""
PRAGMAS = (
    "page_size=2048",  # for new files: a history batch changes about 300 index pages; small pages halve the writes
    "synchronous=FULL",
    "foreign_keys=ON",
    "cache_size=-512",  # KiB; with SQLite's 2,000 a process of many genres ends 1.4 MB larger and is no faster
    "wal_autocheckpoint=0",
    f"journal_size_limit={SETTLE_BYTES // 2}",  # otherwise the log keeps its largest size, and every step empties it
)
"""For each connection to SQLite."""
MIN_FILE_BYTES = 512
"""The smallest page of an SQLite file."""
NETWORK_FILE_SYSTEMS = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "ceph",
    "glusterfs",
    "davfs",
    "fuse.sshfs",
    "fuse.gcsfuse",
    "fuse.s3fs",
    "fuse.rclone",
}
"""Types of file systems on which SQLite's locks and shared memory do not work (sqlite.org/wal.html)."""
LATER, LAST = "later", "last"
"""Execution options of a statement in a transaction: it need not be sent before the next one, or the commit goes with it. Only the
dialect for PostgreSQL heeds them."""
MOUNTS = Path("/proc/mounts")
MAX_ENGINES = 4
_ENGINES: dict[str, Engine] = {}
_ENGINES_LOCK = threading.RLock()
APPLICATION_ID = 0x62656174
"""Marks the file as a ledger; writing it makes SQLite write the first page."""


def is_postgres(address: str) -> bool:
    """Whether a setting names a PostgreSQL."""
    return address.startswith(("postgresql://", "postgres://", "postgresql+psycopg://"))


def engine_of(address: str) -> Engine:
    """One engine per database and process, so that compiled statements are reused. The last few databases stay open.

    Args:
        address: SQLite's absolute path, or a PostgreSQL address.

    Raises:
        LedgerCorrupt: the file is too short to be a database.
        LedgerUnwritable, SettingsError: it cannot be opened or created there.
    """
    with _ENGINES_LOCK:
        if not _ENGINES:
            os.register_at_fork(before=_close_all)  # connections must not be shared across a fork
            atexit.register(_close_all)  # this empties SQLite's log into its file
        engine = _ENGINES.pop(address, None) or (_postgres(address) if is_postgres(address) else _sqlite(Path(address)))
        _ENGINES[address] = engine
        while len(_ENGINES) > MAX_ENGINES:
            _ENGINES.pop(next(iter(_ENGINES))).dispose()
        return engine


def _close_all() -> None:
    for engine in list(_ENGINES.values()):
        engine.dispose()


def _sqlite(path: Path) -> Engine:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_network(path.parent)
        if path.is_file() and path.stat().st_size < MIN_FILE_BYTES:  # SQLite would treat it as a new database
            raise cut_off(path)
        if not path.exists():
            _make_file(path)
    except FileExistsError as error:
        if not path.is_file():
            raise LedgerUnwritable(
                f"{path.parent} is a file where a folder is needed.", "Set BEATPORTER_DATABASE to another place."
            ) from error
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise LedgerUnwritable(f"The ledger {path} cannot be opened: {reason}.", "Set BEATPORTER_DATABASE to a writable place.") from error
    # The file as a URI: a path may hold any character, and with mode=rw SQLite does not create a world-readable file if it has gone.
    url = URL.create("sqlite", database=f"file:{quote(str(path))}", query={"mode": "rw", "uri": "true"})
    options = {"timeout": LOCK_TIMEOUT_S, "isolation_level": None, "check_same_thread": False, "cached_statements": STATEMENTS_KEPT}
    engine = create_engine(url, connect_args=options)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _make_file(path: Path) -> None:
    """Create a database, open to its owner only. It is never empty, because an empty file means that its content was lost."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    os.close(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, stat.S_IRUSR | stat.S_IWUSR))
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            for pragma in (*PRAGMAS, f"application_id={APPLICATION_ID}"):
                connection.execute(f"PRAGMA {pragma}")
        try:
            os.link(draft, path)
        except FileExistsError:  # another process did it first
            return
        except OSError:  # a file system without links
            draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def set_wal(driver: Any) -> None:
    """Set the mode. When several processes begin at once, SQLite does not let the others wait for it, so they try again."""
    ends_at = time.monotonic() + LOCK_TIMEOUT_S
    while driver.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            driver.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() >= ends_at:
                raise
            time.sleep(0.02)


def cut_off(path: Path) -> LedgerCorrupt:
    """The error for a file that ends too early."""
    size = path.stat().st_size
    remedy = "Restore a copy." if size else "Restore a copy, or remove the file to begin a new ledger."
    return LedgerCorrupt(f"The ledger {path} is cut off after {size} bytes.", remedy)


def _postgres(address: str) -> Engine:
    try:
        from beatporter.ledger.postgres import postgres_engine  # an optional dependency
    except ImportError:
        raise SettingsError("BEATPORTER_DATABASE names a PostgreSQL, but its driver is missing.", "Install beatporter[postgres].") from None
    return postgres_engine(address)


def _refuse_network(folder: Path) -> None:
    """Refuse a network drive, where SQLite loses data.

    Raises:
        SettingsError: the folder is on one, as far as the system can tell.
    """
    try:
        mounts = [line.split()[1:3] for line in MOUNTS.read_text().splitlines()]
    except OSError:  # not Linux
        return
    place, kind, longest = folder.resolve(), "", 0
    for point, mounted in mounts:  # the last mount at a point counts: an automount precedes what it mounted
        if len(point) >= longest and place.is_relative_to(point.replace("\\040", " ")):
            kind, longest = mounted, len(point)
    if kind in NETWORK_FILE_SYSTEMS:
        raise SettingsError(
            f"{folder} is on a network drive ({kind}), where SQLite loses data.",
            "Set BEATPORTER_DATABASE to a local path, or to postgresql://… if several machines share it.",
        )
