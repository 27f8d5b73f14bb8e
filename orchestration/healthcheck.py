"""`python -m orchestration.healthcheck`: checks whether this container works; exit code 0 if Prefect's server answers.

A worker without its server does nothing, so it counts as unhealthy as well.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

TIMEOUT_S = 8


def main() -> int:
    """Ask the server that PREFECT_API_URL names, or the one in this container."""
    api = os.environ.get("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    if not api.startswith(("http://", "https://")):
        return 1
    try:
        urllib.request.urlopen(f"{api}/health", timeout=TIMEOUT_S).close()  # noqa: S310 - http only, see above
    except (urllib.error.URLError, OSError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
