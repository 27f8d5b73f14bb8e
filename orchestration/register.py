"""Creates what Beatporter needs on Prefect's server: the work pool, the deployments, the block types and the alerts.

`beatporter up` runs `python -m orchestration.register`. Running it again keeps what a person changed in the UI,
unless the deployments themselves have changed: see `deployments_changed`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.variables import Variable

from beatporter.errors import BeatporterError, PermanentError
from beatporter.settings import load_settings
from orchestration.alerts import AUTOMATIONS, notification_block, put_automations
from orchestration.block_types import BLOCK_TYPES
from orchestration.code_version import ROOT, code_version, digest_of

POOL = "beatporter"
PREFECT_FILE = ROOT / "prefect.yaml"
DEPLOYED = "beatporter_deployed"
"""The Prefect variable with the digest of the last deployment."""


def register(notify: str = "") -> list[str]:
    """Create everything; returns what was done, in words.

    Args:
        notify: where alerts go: an Apprise address, or the name of a notification block; empty keeps the current one.

    Raises:
        BeatporterError: the server refuses something.
    """
    with get_client(sync_client=True) as client:
        said = [_make_pool(client)]
        for kind in BLOCK_TYPES:
            kind.register_type_and_schema()
        block = notification_block(client, notify)
        made = put_automations(client, AUTOMATIONS, block)
        said.append(f"{made} automations are in place; alerts " + ("are sent." if block else "are shown in the UI only (see --notify)."))
    said.append(_deploy())
    return said


def _make_pool(client: SyncPrefectClient) -> str:
    try:
        client.read_work_pool(POOL)
    except ObjectNotFound:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process", description="Where Beatporter's runs are carried out."))
        return f"The work pool {POOL} was made."
    return f"The work pool {POOL} is there."


def deployments_changed() -> bool:
    """Whether prefect.yaml, the flows or the genres have changed since the last deployment.

    Deploying resets schedules and parameters that a person changed in the UI, so it happens only then.
    """
    return Variable.get(DEPLOYED) != _digest()


def _deploy() -> str:
    if not deployments_changed():
        return "The deployments are as before; what you changed in the UI stays."
    command = [str(Path(sys.executable).with_name("prefect")), "--no-prompt", "deploy", "--all", "--prefect-file", str(PREFECT_FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - Prefect's own command
    if done.returncode:
        raise PermanentError(f"`prefect deploy` failed: {' '.join((done.stderr or done.stdout).split())[-800:]}")
    Variable.set(DEPLOYED, _digest(), overwrite=True)
    return "The deployments of prefect.yaml were made."


def _digest() -> str:
    parts = [PREFECT_FILE.read_text(), code_version(), digest_of([ROOT / "flows"]), json.dumps(sorted(load_settings().all_genres()))]
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def _wait_for_server(longest_s: float) -> None:
    end = time.monotonic() + longest_s
    with get_client(sync_client=True) as client:
        while client.api_healthcheck() is not None and time.monotonic() < end:
            time.sleep(1)


def main() -> int:
    """Run the command; returns 1 if something could not be created."""
    parser = argparse.ArgumentParser(prog="orchestration.register", description=__doc__)
    parser.add_argument("--notify", default="", help="where alerts go")
    parser.add_argument("--wait-s", type=float, default=0, help="seconds to wait for a server that does not answer yet")
    chosen = parser.parse_args()
    try:
        _wait_for_server(chosen.wait_s)
        said = register(chosen.notify)
    except (BeatporterError, HTTPError) as error:
        print(f"Not registered: {error}", file=sys.stderr)  # noqa: T201 - this is a command
        return 1
    print("\n".join(said))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
