"""A ledger's files in a Google Cloud Storage bucket, through pyarrow's own filesystem.

An object is visible when its upload is complete, and not before. But the storage library completes an upload also when a
stream is dropped halfway (as an exception would), so what is written piece by piece is made in a local temporary file first.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Literal, NamedTuple, cast

import pyarrow as pa
from pyarrow import fs

from beatporter.clock import utc_now
from beatporter.errors import LedgerUnwritable, SettingsError, UpstreamDown
from beatporter.ledger.home import Home, Stage, StoredFile, unwritable
from beatporter.ledger.paths import HIDDEN

EMULATOR = "STORAGE_EMULATOR_HOST"
ONE_PUT_BYTES = 8 * 1024 * 1024
"""Up to this size an object is uploaded in one write; a larger one under a hidden name, and then renamed by the service."""

RENEWED_BEFORE = timedelta(minutes=5)
"""A token is renewed so long before its end: longer than one request with its retries lasts."""
PATIENCE = timedelta(seconds=60)
"""How long the storage library tries again by itself; its own default is a quarter of an hour."""
_REFUSALS = ("PERMISSION_DENIED", "UNAUTHENTICATED", "NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION")


class Access(NamedTuple):
    """A way to reach the service, and when its token ends; None: it renews itself."""

    filesystem: fs.FileSystem
    ends_at: datetime | None = None


class BucketHome(Home):
    """A prefix of a bucket.

    Args:
        place: bucket, or bucket/prefix.
        connect: how to reach it; called again shortly before a token ends.

    Raises:
        SettingsError: no bucket is named.
    """

    requests_at_once = 16
    """A request takes tens of milliseconds, nearly all of it waiting."""

    def __init__(self, place: str, connect: Callable[[], Access]) -> None:
        self._place = place.strip("/")
        if not self._place:
            raise SettingsError("BEATPORTER_STORAGE: gs:// names no bucket.", "Give gs://bucket or gs://bucket/prefix.")
        self.root = f"gs://{self._place}"
        self._connect = connect
        self._access = connect()

    @property
    def _filesystem(self) -> fs.FileSystem:
        if self._access.ends_at is not None and utc_now() >= self._access.ends_at - RENEWED_BEFORE:
            self._access = self._connect()
        return self._access.filesystem

    def files(self, folder: str) -> list[StoredFile]:
        selector = fs.FileSelector(self._at(folder), allow_not_found=True, recursive=True)
        start = len(self._place) + 1
        with self._reached(folder):
            return sorted(
                StoredFile(found.path[start:], found.size or 0, (found.mtime_ns or 0) / 1e9)
                for found in self._filesystem.get_file_info(selector)
                if found.type == fs.FileType.File and not found.path.endswith("/")
            )

    def folders(self, folder: str) -> list[str]:
        start = len(folder) + 1
        below = (file.path[start:] for file in self.files(folder))  # a bucket has no folders but in its objects' names
        return sorted({path.partition("/")[0] for path in below if "/" in path})

    def has(self, path: str) -> bool:
        with self._reached(path):
            return bool(self._filesystem.get_file_info(self._at(path)).type == fs.FileType.File)

    def read(self, path: str) -> pa.Buffer:
        with self._reached(path), self._filesystem.open_input_stream(self._at(path)) as stream:
            return pa.py_buffer(stream.read())

    def open(self, path: str) -> pa.NativeFile:
        with self._reached(path):
            return self._filesystem.open_input_file(self._at(path))

    def write(self, path: str, data: pa.Buffer) -> None:
        with self._reached(path, missing="bucket"), self._filesystem.open_output_stream(self._at(path)) as stream:
            stream.write(data)

    @contextmanager
    def stage(self, folder: str) -> Iterator[Stage]:
        try:
            with tempfile.TemporaryFile() as file:
                yield _BucketStage(self, cast("BinaryIO", file))
        except OSError as error:
            raise unwritable(tempfile.gettempdir(), error) from error

    def upload(self, file: BinaryIO, path: str) -> None:
        """Put a local file in place; a large one in pieces."""
        size = file.seek(0, 2)
        file.seek(0)
        if size <= ONE_PUT_BYTES:
            self.write(path, pa.py_buffer(file.read()))
            return
        folder, _, name = path.rpartition("/")
        hidden = self._at(f"{folder}/{HIDDEN}{name}")
        with self._reached(path, missing="bucket"):
            with self._filesystem.open_output_stream(hidden) as stream:
                while piece := file.read(ONE_PUT_BYTES):
                    stream.write(piece)
            try:
                self._filesystem.move(hidden, self._at(path))
            except FileNotFoundError:  # a move that was done, and tried again since its answer was lost
                if not self.has(path):
                    raise

    def delete(self, path: str) -> None:
        with self._reached(path), suppress(FileNotFoundError):
            self._filesystem.delete_file(self._at(path))

    def move(self, path: str, target: str) -> None:
        with self._reached(path):
            self._filesystem.move(self._at(path), self._at(target))

    @contextmanager
    def _reached(self, path: str, *, missing: Literal["object", "bucket"] = "object") -> Iterator[None]:
        """Turn the storage service's refusals into errors of ours; a missing object stays a FileNotFoundError."""
        try:
            yield
        except OSError as error:
            words = str(error)
            if isinstance(error, FileNotFoundError) and missing == "object":
                raise
            if any(status in words for status in _REFUSALS):
                raise LedgerUnwritable(
                    f"The bucket does not let Beatporter use {self.root}/{path}: {_status(words)}.",
                    "See that the bucket exists, and that the account may read and write objects in it.",
                ) from error
            raise UpstreamDown(
                f"Google Cloud Storage did not answer for {self.root}/{path}: {_status(words)}.", "Run again later."
            ) from error

    def _at(self, path: str) -> str:
        return f"{self._place}/{path}" if path else self._place


class _BucketStage(Stage):
    def __init__(self, home: BucketHome, file: BinaryIO) -> None:
        self._home, self.file = home, file

    def commit(self, path: str) -> None:
        self._home.upload(self.file, path)


def _status(words: str) -> str:
    """The service's status word; the rest of what the library says may hold addresses with tokens."""
    found = re.search(r"google::cloud::Status\(([A-Z_]+)", words)
    return found[1] if found else "no status"


def gcs_filesystem(
    *,
    access_token: str | None = None,
    token_expires_at: datetime | None = None,
    endpoint: str | None = None,
    project_id: str | None = None,
) -> fs.FileSystem:
    """Google Cloud Storage as pyarrow reaches it.

    Args:
        access_token: an OAuth token, with the time that it ends; None takes the environment's default credentials.
        endpoint: host:port of an emulator, reached over plain HTTP without credentials; without a token, the environment's
            STORAGE_EMULATOR_HOST is one, as Google's own clients have it.
        project_id: needed only to make buckets.

    Raises:
        SettingsError: this pyarrow was built without Google Cloud Storage, or there are no credentials.
    """
    filesystem: Any = getattr(fs, "GcsFileSystem", None)
    if filesystem is None:
        raise SettingsError(
            "This build of pyarrow knows no Google Cloud Storage.", "Install pyarrow from PyPI, or keep the ledger in a folder."
        )
    if endpoint is None and access_token is None:
        endpoint = os.environ.get(EMULATOR, "").rpartition("/")[2] or None
    if endpoint is not None:
        found = filesystem(anonymous=True, scheme="http", endpoint_override=endpoint, project_id=project_id, retry_time_limit=PATIENCE)
    elif access_token is not None:
        found = filesystem(
            access_token=access_token, credential_token_expiration=token_expires_at, project_id=project_id, retry_time_limit=PATIENCE
        )
    else:
        _check_credentials()
        found = filesystem(project_id=project_id, retry_time_limit=PATIENCE)
    return cast("fs.FileSystem", found)


def _check_credentials() -> None:
    """Say at once that there are none; the storage library would look for a cloud machine's for minutes."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        google.auth.default()
    except DefaultCredentialsError as error:
        raise SettingsError(
            "BEATPORTER_STORAGE names a bucket, and this machine has no Google credentials.",
            "Run `gcloud auth application-default login`, set GOOGLE_APPLICATION_CREDENTIALS to a service account's key file, "
            "or name a Prefect block with gcs-bucket/<block>.",
        ) from error
