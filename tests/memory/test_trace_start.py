"""A trace that begins while other threads work, and the collector lets them: memray 1.20 on Python 3.11 died of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.timeouts import TIMEOUT_S

COLLECTED_WHILE_IT_STARTS = """
import gc, random, sys, threading, time
from pathlib import Path
import memray
from beatporter.memory.trace import start_trace

work = {}
for count in (0, 1, 3, 7, 13, 29, 61):  # frames of many sizes: one that is gone is then seldom a whole other one
    values = ", ".join(f"value{number}=None" for number in range(count))
    exec(f"def work_{count}(left, {values}):\\n    if left: random.choice(list(work.values()))(left - 1)\\n    time.sleep(0)")
    work[count] = globals()[f"work_{count}"]

def busy():
    while True:
        random.choice(list(work.values()))(random.randrange(12))

class Collected(memray.Tracker):
    def __enter__(self):
        gc.callbacks.append(lambda *_: time.sleep(0.002))  # as a finalizer that lets other threads continue
        gc.set_threshold(1, 1000, 1000)
        try:
            return super().__enter__()
        finally:
            gc.set_threshold(700, 10, 10)
            gc.callbacks.clear()

memray.Tracker = Collected
for _ in range(3):
    threading.Thread(target=busy, daemon=True).start()
for number in range(20):
    trace, note = start_trace(Path(sys.argv[1]) / f"{number}.bin", 2**26)
    assert trace, note
    trace.end()
print("all traced")
"""


def test_a_collection_while_a_trace_begins_harms_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COLLECTED_WHILE_IT_STARTS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert (done.returncode, done.stdout) == (0, "all traced\n"), done.stderr[-2000:]
