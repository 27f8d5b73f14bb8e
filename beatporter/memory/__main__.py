"""`python -m beatporter.memory CAPTURE` prints the analysis of a memray capture as JSON.

Without an argument it answers requests, one line of JSON each, until its input ends; `beatporter.memory.reader_process` uses that.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from beatporter.errors import BeatporterError
from beatporter.memory.analysis import analyse
from beatporter.memory.copies import copy_capture
from beatporter.memory.records import Step


def main(arguments: Sequence[str]) -> int:
    """Print a capture's analysis as JSON; returns 1, with the reason, if it cannot be read, 2 for more than one file."""
    if len(arguments) > 1:
        sys.stderr.write("usage: python -m beatporter.memory [CAPTURE]\n")
        return 2
    if not arguments:
        return _serve()
    try:
        details = analyse(Path(arguments[0]))
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    json.dump(asdict(details), sys.stdout)
    return 0


def _serve() -> int:
    for line in sys.stdin:
        try:
            answer = _answer(json.loads(line))
        except (OSError, RuntimeError, BeatporterError) as error:
            answer = {"error": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    if "to" in request:
        copy_capture(Path(request["file"]), request["to"])
        return {}
    steps = [Step(**step) for step in request["steps"]]
    return asdict(analyse(Path(request["file"]), steps, request["began_at"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
