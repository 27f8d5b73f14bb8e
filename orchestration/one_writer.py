"""One writer per playlist, across processes and machines. No Prefect: commands use it, too.

Locks in places that the processes share anyway: a file on this machine, and a lock in the ledger's PostgreSQL if there are several
machines. Both disappear with the process that held them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from zlib import crc32

from filelock import FileLock

from beatporter.errors import LedgerUnwritable
from beatporter.ledger.ledger import Ledger
from beatporter.playlist_kinds import PlaylistKind, playlist_number
from beatporter.settings import Settings

POLL_S = 0.2
KINDS: tuple[PlaylistKind, ...] = ("collect", "daily", "mirror")


def playlist_lock(settings: Settings, ledger: Ledger) -> Callable[[str], AbstractContextManager[None]]:
    """A function that gives the lock of a playlist by its id: that of its genre, chart or label if it has one."""

    @contextmanager
    def only_writer_of(playlist_id: str) -> Iterator[None]:
        name, number = _writer_of(settings, ledger, playlist_id)
        with only_writer_here(name, settings.home / "locks"):
            if ledger.database.is_sqlite:
                yield
                return
            with ledger.database.only_writer(number):
                yield

    return only_writer_of


@contextmanager
def only_writer_here(genre: str, folder: Path) -> Iterator[None]:
    """Wait until no other process of this machine holds the lock, then make others wait; the system releases a dead process's lock.

    Raises:
        LedgerUnwritable: no lock file can be written in the folder.
    """
    lock = FileLock(folder / f"{genre}.lock", poll_interval=POLL_S)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        raise LedgerUnwritable(
            f"Cannot write in {folder}: {error.strerror}.", "Make the folder writable, or set BEATPORTER_HOME."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _writer_of(settings: Settings, ledger: Ledger, playlist_id: str) -> tuple[str, int]:
    """Name and number of the lock under which a playlist is written."""
    owners = ledger.playlists.owners(playlist_id)
    for slug, one in settings.all_lists().items():
        if owners & {playlist_number(one, kind) for kind in KINDS}:
            return slug, one.genre_id
    return f"playlist-{playlist_id}", crc32(playlist_id.encode()) >> 1
