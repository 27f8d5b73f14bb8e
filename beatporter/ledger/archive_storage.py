"""The archive's storage: a folder, or a prefix of a Google Cloud Storage bucket. Deals in paths and bytes, not in what files hold.

A file is written completely or not at all, and after `put` has returned it survives a power cut.
"""

from __future__ import annotations

import errno
import mmap
import os
import re
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from pyarrow import fs

from beatporter.clock import utc_now
from beatporter.errors import BeatporterError, LedgerCorrupt, LedgerUnwritable, SettingsError, UpstreamDown

EMULATOR = "STORAGE_EMULATOR_HOST"
BUCKET = "gs://"
RENEWED_BEFORE = timedelta(minutes=5)
"""A token is renewed this long before it ends: longer than a request with its retries takes."""
RETRY_TIME_LIMIT = timedelta(seconds=60)
"""How long the storage library retries by itself; its default is a quarter of an hour."""
_DRAFT = ".draft-"
_PIECE_BYTES = 1024 * 1024
_REFUSALS = ("PERMISSION_DENIED", "UNAUTHENTICATED", "NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION")


class Access(NamedTuple):
    """A filesystem, and when its token ends; None: the token renews itself."""

    filesystem: fs.FileSystem
    ends_at: datetime | None = None


class ArchiveStorage(ABC):
    """A folder or a bucket. Paths are relative, with slashes.

    Every method raises LedgerUnwritable when access is refused or there is no space, UpstreamDown when the storage service does not answer.

    Args:
        name: the storage's name in messages.
        root: prefix for all paths.
        connect: opens the filesystem; called again shortly before a token ends.
        drafts: folder for unfinished files; None: the system's.
    """

    def __init__(self, name: str, root: str, connect: Callable[[], Access], drafts: Path | None = None) -> None:
        self.name, self._root, self._connect, self._drafts = name, root, connect, drafts
        self._access = connect()

    @property
    def _filesystem(self) -> fs.FileSystem:
        if self._access.ends_at is not None and utc_now() >= self._access.ends_at - RENEWED_BEFORE:
            self._access = self._connect()
        return self._access.filesystem

    def files(self) -> list[str]:
        """Paths of all Parquet files, sorted; empty when the folder does not exist."""
        with self._reached():
            found = self._filesystem.get_file_info(fs.FileSelector(self._root, allow_not_found=True, recursive=True))
        paths = [file.path for file in found if file.type == fs.FileType.File and file.path.endswith(".parquet")]
        return sorted(path[len(self._root) + 1 :] for path in paths)

    @contextmanager
    def draft(self) -> Iterator[BinaryIO]:
        """An unfinished file, which no reader mistakes for an archived one; deleted when the block is left."""
        with self._reached():
            if self._drafts is not None:
                self._drafts.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(prefix=_DRAFT, dir=self._drafts, delete=False) as file:
                try:
                    yield cast("BinaryIO", file)
                finally:
                    Path(file.name).unlink(missing_ok=True)

    @abstractmethod
    def put(self, draft: BinaryIO, path: str) -> None:
        """Store a draft under that path, in one step."""

    @abstractmethod
    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """Open a file for reading, on this machine.

        Raises:
            LedgerCorrupt: it is gone.
        """

    def delete(self, path: str) -> None:
        """Remove a file; no error if it is already gone."""
        with self._reached(path), suppress(FileNotFoundError):
            self._filesystem.delete_file(f"{self._root}/{path}")

    def sweep(self) -> None:
        """Remove drafts that a killed run left; call this only while no other run writes here."""
        for path in self._drafts.glob(f"{_DRAFT}*") if self._drafts is not None else ():
            self.delete(path.name)

    @contextmanager
    def _reached(self, path: str = "", *, to_read: bool = False) -> Iterator[None]:
        where = f"{self.name}/{path}".rstrip("/")
        try:
            yield
        except OSError as error:
            if to_read and isinstance(error, FileNotFoundError):
                raise LedgerCorrupt(f"{where} is gone.", "Restore the file from a copy.") from error
            raise self._error(where, error) from error

    def _error(self, where: str, error: OSError) -> BeatporterError:
        """The error in our own words: the storage library's may hold addresses with tokens."""
        status = re.search(r"google::cloud::Status\(([A-Z_]+)", str(error))
        said = status[1] if status else os.strerror(error.errno) if error.errno else type(error).__name__
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return LedgerUnwritable(f"There is no space to archive to {self.name}: {said}.", "Free space there, and for temporary files.")
        if status and status[1] not in _REFUSALS:
            return UpstreamDown(f"Google Cloud Storage did not answer for {where}: {said}.", "Run again later.")
        return LedgerUnwritable(
            f"The archive cannot be used at {where}: {said}.", "Make sure that it exists and that Beatporter may read and write there."
        )


class FolderStorage(ArchiveStorage):
    """A folder on this machine or a network drive."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.expanduser().absolute()
        super().__init__(str(self._folder), self._folder.as_posix(), lambda: Access(fs.LocalFileSystem()), self._folder)

    def put(self, draft: BinaryIO, path: str) -> None:
        target = self._folder / path
        with self._reached(path):
            draft.flush()
            os.fsync(draft.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(draft.name).replace(target)
            for folder in (*target.parents[: len(target.parents) - len(self._folder.parents)], self._folder.parent):
                _flush_folder(folder)

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        with self._reached(path, to_read=True):
            file = (self._folder / path).open("rb")
        with file:
            yield file


class BucketStorage(ArchiveStorage):
    """A prefix of a bucket: bucket, or bucket/prefix."""

    def __init__(self, prefix: str, connect: Callable[[], Access]) -> None:
        root = prefix.strip("/")
        if not root:
            raise SettingsError("BEATPORTER_ARCHIVE: gs:// names no bucket.", "Give gs://bucket or gs://bucket/prefix.")
        super().__init__(f"{BUCKET}{root}", root, connect)

    def put(self, draft: BinaryIO, path: str) -> None:
        draft.flush()
        with self._reached(path), mmap.mmap(draft.fileno(), 0, access=mmap.ACCESS_READ) as data:
            with self._filesystem.open_output_stream(f"{self._root}/{path}") as stream:
                stream.write(data)  # in one call: the library completes the upload even when a stream is abandoned halfway
            stored = self._filesystem.get_file_info(f"{self._root}/{path}").size
            if stored != len(data):
                self.delete(path)
                raise UpstreamDown(f"Google Cloud Storage has {stored} of {len(data)} bytes of {self.name}/{path}.", "Run again later.")

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        with tempfile.TemporaryFile() as file:
            with self._reached(path, to_read=True), self._filesystem.open_input_stream(f"{self._root}/{path}") as stream:
                shutil.copyfileobj(stream, file, _PIECE_BYTES)
            file.seek(0)
            yield cast("BinaryIO", file)


def open_storage(address: str, connect: Callable[[], Access] | None = None) -> ArchiveStorage:
    """Open the storage that an address names: a folder, or gs://bucket/prefix.

    Args:
        connect: opens the bucket's filesystem; by default with the environment's credentials.

    Raises:
        SettingsError: the address is not valid, or there are no credentials.
    """
    if address.startswith(BUCKET):
        return BucketStorage(address.removeprefix(BUCKET), connect or (lambda: Access(gcs_filesystem())))
    if not address or "://" in address:
        raise SettingsError(f"BEATPORTER_ARCHIVE: {address!r} is not valid.", "Give a folder, gs://bucket/prefix or gcs-bucket/<block>.")
    return FolderStorage(Path(address))


def gcs_filesystem(
    *, access_token: str | None = None, token_expires_at: datetime | None = None, endpoint: str | None = None
) -> fs.FileSystem:
    """Google Cloud Storage as a pyarrow filesystem.

    Args:
        access_token: an OAuth token and the time when it ends; None uses the environment's default credentials.
        endpoint: host:port of an emulator, reached over plain HTTP without credentials. Without a token, STORAGE_EMULATOR_HOST in the
            environment names one, as it does for Google's own clients.

    Raises:
        SettingsError: this pyarrow was built without Google Cloud Storage, or there are no credentials.
    """
    filesystem: Any = getattr(fs, "GcsFileSystem", None)
    if filesystem is None:
        raise SettingsError("This build of pyarrow lacks Google Cloud Storage.", "Install pyarrow from PyPI, or archive to a folder.")
    if endpoint is None and access_token is None:
        endpoint = os.environ.get(EMULATOR, "").rpartition("/")[2] or None
    if endpoint is not None:
        found = filesystem(anonymous=True, scheme="http", endpoint_override=endpoint, retry_time_limit=RETRY_TIME_LIMIT)
    elif access_token is not None:
        found = filesystem(access_token=access_token, credential_token_expiration=token_expires_at, retry_time_limit=RETRY_TIME_LIMIT)
    else:
        _check_credentials()
        found = filesystem(retry_time_limit=RETRY_TIME_LIMIT)
    return cast("fs.FileSystem", found)


def _check_credentials() -> None:
    """Fail early without credentials; the storage library would look for a cloud machine's for minutes."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        google.auth.default()
    except DefaultCredentialsError as error:
        raise SettingsError(
            "BEATPORTER_ARCHIVE names a bucket, and this machine has no Google credentials.",
            "Run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, "
            "or name a Prefect block with gcs-bucket/<block>.",
        ) from error


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
