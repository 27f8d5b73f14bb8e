"""`python -m beatporter.memory CAPTURE` prints what a memray capture says, as JSON."""

from __future__ import annotations

import sys

from beatporter.memory.analysis import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
