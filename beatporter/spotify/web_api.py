"""spotipy without redis-py: it imports that for a store of tokens that Beatporter does not use, and each run would hold 7 MB more.

A stand-in takes redis-py's place while spotipy is imported, and goes afterwards, so that anybody who needs the real one gets it.
See docs/decisions/memory-of-a-run.md.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotipy import Spotify as Spotify


def _import_spotipy() -> ModuleType:
    if "redis" in sys.modules:
        return importlib.import_module("spotipy")
    stand_in = ModuleType("redis")
    stand_in.RedisError = type("RedisError", (Exception,), {})  # type: ignore[attr-defined]
    sys.modules["redis"] = stand_in
    try:
        return importlib.import_module("spotipy")
    except ImportError:  # another spotipy, which needs more of redis-py
        del sys.modules["redis"]
        return importlib.import_module("spotipy")
    finally:
        if sys.modules.get("redis") is stand_in:
            del sys.modules["redis"]


if not TYPE_CHECKING:
    Spotify = _import_spotipy().Spotify
