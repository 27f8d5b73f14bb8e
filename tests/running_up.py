"""`beatporter up --sandbox` as a process in its own folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.conftest import BIN, ROOT, free_port
from tests.prefect_api import keep_schedules_away
from tests.timeouts import TIMEOUT_S

SANDBOX_HOME = ".beatporter/sandbox"


class RunningUp:
    """The command and everything that it started.

    Attributes:
        home: Beatporter's.
        port: of Prefect's server; `api` and `pages` are its addresses.
        log: the command's output.
        addresses: by name, as the command prints them.
    """

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self.folder, self.home, self.log, self.port = folder, folder / SANDBOX_HOME, folder / "up.log", free_port()
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "BEATPORTER_"))}
        self.environment = {**inherited, "PYTHONPATH": str(ROOT), "PREFECT_WORKER_QUERY_SECONDS": "1"}
        ports = [f"--port={self.port}", f"--pages-port={free_port()}", f"--inbox-port={free_port()}"]
        command = [str(BIN / "beatporter"), "up", "--sandbox", *ports, *options]
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=folder, env=self.environment, stdout=out, stderr=out)
        self.pages = f"http://127.0.0.1:{self.port}"
        self.api = f"{self.pages}/api"
        self.addresses: dict[str, str] = {}

    def wait(self) -> None:
        """Wait until everything is up."""
        end = time.monotonic() + TIMEOUT_S
        while "Everything is up" not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.5)
        keep_schedules_away(self.api)
        self.addresses = json.loads((self.home / "up.json").read_text())

    def stop(self) -> None:
        """End the command as a person does, and kill what is left."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
        for number in self.running():
            os.kill(number, signal.SIGKILL)

    def run(self, *arguments: str, folder: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Run another command of Beatporter's there, with more in its environment."""
        command, environment = [str(BIN / "beatporter"), *arguments], self.environment | more
        return subprocess.run(
            command, cwd=folder or self.folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )

    def running(self) -> dict[int, str]:
        """The commands of all processes that have this home in their environment, by process id."""
        found = {}
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if f"BEATPORTER_HOME={self.home}".encode() in (path / "environ").read_bytes():
                    found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return found

    def page(self, address: str) -> str:
        """The page at an address, once it answers."""
        end = time.monotonic() + TIMEOUT_S
        while True:
            try:
                with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:
                    return str(answer.read().decode())
            except OSError:
                assert time.monotonic() < end, f"{address} does not answer: {self.log.read_text()}"
                time.sleep(0.5)

    def spoil(self, *faults: dict[str, Any]) -> None:
        """Have the sandbox answer with these faults."""
        body = json.dumps(list(faults)).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.addresses['Sandbox']}/faults", data=body), timeout=TIMEOUT_S).close()

    def searches(self) -> int:
        """Searches that the sandbox has answered."""
        return len(json.loads(self.page(f"{self.addresses['Sandbox']}/requests?service=spotify&kind=search")))
