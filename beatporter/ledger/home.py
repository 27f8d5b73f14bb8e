"""Where a ledger's files lie: what the rest of the ledger asks of a folder or a bucket, and the folder.

A home knows paths and bytes, no tables. What it promises: a file is there whole or not at all, and once `write` or
`commit` has returned it survives a power cut. Paths are relative to the root, with slashes.
"""

from __future__ import annotations

import errno
import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from beatporter.errors import LedgerUnwritable
from beatporter.ledger.paths import HIDDEN


class StoredFile(NamedTuple):
    path: str
    size: int
    modified_s: float
    """Seconds since 1970, by the home's clock."""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


class Stage(ABC):
    """A file in the making, invisible to readers until `commit`."""

    file: BinaryIO

    @abstractmethod
    def commit(self, path: str) -> None:
        """Make it the file of that path, in one step."""


class Home(ABC):
    """A folder or a bucket."""

    root: str
    requests_at_once = 1
    """Files that are opened together where many are read."""

    @abstractmethod
    def files(self, folder: str) -> list[StoredFile]:
        """All files below a folder, finished or not, sorted by path; none when there is no such folder."""

    @abstractmethod
    def folders(self, folder: str) -> list[str]:
        """Names of the folders right in a folder, sorted."""

    @abstractmethod
    def has(self, path: str) -> bool:
        """Whether there is such a file."""

    @abstractmethod
    def read(self, path: str) -> pa.Buffer:
        """A whole file.

        Raises:
            FileNotFoundError: it is gone.
        """

    @abstractmethod
    def open(self, path: str) -> pa.NativeFile:
        """A file to read parts of.

        Raises:
            FileNotFoundError: it is gone.
        """

    @abstractmethod
    def write(self, path: str, data: pa.Buffer) -> None:
        """Put a file in place.

        Raises:
            LedgerUnwritable: no room, no permission, no such bucket.
        """

    @abstractmethod
    @contextmanager
    def stage(self, folder: str) -> Iterator[Stage]:
        """Write a file piece by piece; nothing stays of it when the block is left without a commit.

        Raises:
            LedgerUnwritable: no room, no permission, no such bucket.
        """

    @abstractmethod
    def move(self, path: str, target: str) -> None:
        """Give a file another path.

        Raises:
            LedgerUnwritable: no permission, or it is gone.
        """

    @abstractmethod
    def delete(self, path: str) -> None:
        """Remove a file; one that is gone already is no error.

        Raises:
            LedgerUnwritable: no permission.
        """

    def remove_folder(self, folder: str) -> None:  # noqa: B027 - a bucket has no folders
        """Remove a folder that is empty; one that is not, or is gone, stays as it is."""


class FolderHome(Home):
    """A folder of this machine or of a network drive."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self._root = root

    def files(self, folder: str) -> list[StoredFile]:
        files: list[StoredFile] = []
        pending = [folder]
        while pending:
            current = pending.pop()
            for entry in self._entries(current):
                path = f"{current}/{entry.name}" if current else entry.name
                if entry.is_dir():
                    pending.append(path)
                    continue
                with suppress(FileNotFoundError):
                    status = entry.stat()
                    files.append(StoredFile(path, status.st_size, status.st_mtime))
        return sorted(files)

    def folders(self, folder: str) -> list[str]:
        return sorted(entry.name for entry in self._entries(folder) if entry.is_dir())

    def _entries(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._root / folder) as entries:
                return list(entries)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise unwritable(str(self._root / folder), error, "read") from error

    def has(self, path: str) -> bool:
        return (self._root / path).is_file()

    def read(self, path: str) -> pa.Buffer:
        return pa.py_buffer((self._root / path).read_bytes())

    def open(self, path: str) -> pa.NativeFile:
        return pa.OSFile(str(self._root / path), "rb")

    def write(self, path: str, data: pa.Buffer) -> None:
        with self.stage(path.rpartition("/")[0]) as stage:
            stage.file.write(memoryview(data))
            stage.commit(path)

    @contextmanager
    def stage(self, folder: str) -> Iterator[Stage]:
        try:
            self._make_folder(self._root / folder)
            with _FolderStage(self._root, folder) as stage:
                yield stage
        except OSError as error:
            raise unwritable(str(self._root / folder), error) from error

    def delete(self, path: str) -> None:
        try:
            (self._root / path).unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(str(self._root / path), error) from error

    def remove_folder(self, folder: str) -> None:
        with suppress(OSError):
            (self._root / folder).rmdir()

    def move(self, path: str, target: str) -> None:
        try:
            self._make_folder((self._root / target).parent)
            (self._root / path).replace(self._root / target)
        except OSError as error:
            raise unwritable(str(self._root / target), error) from error

    def _make_folder(self, folder: Path) -> None:
        """Make a folder and have its entry on the disk before anything lies in it."""
        if folder.is_dir():
            return
        if folder != folder.parent:
            self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


class _FolderStage(Stage):
    def __init__(self, root: Path, folder: str) -> None:
        self._root = root
        self._temporary = root / folder / f"{HIDDEN}{os.getpid()}-{secrets.token_hex(6)}"

    def __enter__(self) -> _FolderStage:
        self.file = self._temporary.open("xb")
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self._temporary.unlink(missing_ok=True)

    def commit(self, path: str) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        target = self._root / path
        self._temporary.replace(target)
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Have the folder's entries on the disk; where the system cannot (Windows), the rename itself is what there is."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_REMEDIES = {
    errno.ENOSPC: "The disk is full: make room and run again; nothing that was there is harmed.",
    errno.EDQUOT: "The disk quota is used up: make room and run again; nothing that was there is harmed.",
    errno.EROFS: "The disk is read-only: choose another place with BEATPORTER_STORAGE.",
    errno.EACCES: "Give this user the right to read and write there, or choose another place with BEATPORTER_STORAGE.",
    errno.EPERM: "Give this user the right to read and write there, or choose another place with BEATPORTER_STORAGE.",
    errno.ENOTDIR: "There is a file where a folder is needed: move it, or choose another place with BEATPORTER_STORAGE.",
    errno.EEXIST: "There is a file where a folder is needed: move it, or choose another place with BEATPORTER_STORAGE.",
}


def unwritable(place: str, error: OSError, act: str = "write to") -> LedgerUnwritable:
    """The error for a place that could not be written to, or not be read."""
    reason = os.strerror(error.errno) if error.errno else str(error).split("\n", maxsplit=1)[0]
    remedy = _REMEDIES.get(error.errno or 0, "See that the place exists and can be written to, or choose another with BEATPORTER_STORAGE.")
    return LedgerUnwritable(f"The ledger cannot {act} {place}: {reason}.", remedy)
