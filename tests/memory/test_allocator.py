"""malloc keeps one arena for all threads of a run: each further one would keep free memory of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.timeouts import TIMEOUT_S

ROOT = Path(__file__).parents[2]
THREADS = 8
ARENAS = f"""
import ctypes, sys, threading
from beatporter.memory.allocator import keep_little_free

if sys.argv[1] == "little" and not keep_little_free():
    sys.exit("no such options")
all_are_there = threading.Barrier({THREADS})

def work():
    held = [bytearray(1000) for _ in range(1000)]
    all_are_there.wait()

threads = [threading.Thread(target=work) for _ in range({THREADS})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[2].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems' malloc has no arenas")
@pytest.mark.parametrize(("how", "arenas"), [("little", 1), ("as ever", THREADS + 1)])
def test_threads_share_one_arena(how: str, arenas: int, tmp_path: Path) -> None:
    file = tmp_path / "malloc.xml"
    command = [sys.executable, "-c", ARENAS, how, str(file)]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if "no such options" in done.stderr:
        pytest.skip("this system's malloc has no such options")
    assert done.returncode == 0, done.stderr
    assert file.read_text().count("<heap nr=") == arenas


def test_workers_run_with_the_same_settings() -> None:
    document = yaml.safe_load((ROOT / "prefect.yaml").read_text())
    shared = document["definitions"]["work_pools"]["genres"]["job_variables"]["env"]
    assert {shared["MALLOC_ARENA_MAX"], shared["MALLOC_TOP_PAD_"], shared["MALLOC_TRIM_THRESHOLD_"]} == {"1", "65536", "131072"}
