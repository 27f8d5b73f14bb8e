"""Frees each genre's reference cycles soon, so that genres in one process do not add up. See docs/decisions/memory-of-many-genres.md.

Python looks through all objects only once their number has grown by a quarter. Prefect's modules alone are 190,000 objects, so what twenty
genres left in cycles used to stay. Setting those modules aside first (`gc.freeze`) makes a look through the rest take about 10 ms.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def loaded_objects_set_aside() -> Iterator[Callable[[], int]]:
    """Exempt everything that exists now from the search for cycles; yields a function that frees the cycles made since."""
    gc.collect()
    gc.freeze()
    try:
        yield gc.collect
    finally:
        gc.unfreeze()
