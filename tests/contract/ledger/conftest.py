"""The ledger's two homes: a local folder, and a bucket of the storage emulator that the fixture starts on a free port."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from gcp_storage_emulator.server import Server, create_server

from beatporter.ledger.bucket import gcs_filesystem
from beatporter.ledger.ledger import Ledger, open_ledger

BUCKET = "beatporter-tests"


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """host:port of a running emulator with one bucket, in memory."""
    server: Server = create_server("127.0.0.1", 0, in_memory=True, default_bucket=BUCKET)
    server.start()
    yield f"127.0.0.1:{server._api._httpd.server_address[1]}"
    server.stop()


@pytest.fixture(params=["folder", "bucket"])
def home_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ledger(home_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Ledger:
    """An empty ledger at each kind of home."""
    if home_kind == "folder":
        return open_ledger(tmp_path / "ledger")
    endpoint = request.getfixturevalue("emulator")
    return open_ledger(f"gs://{BUCKET}/test {secrets.token_hex(4)}", gcs_filesystem(endpoint=endpoint))
