"""When Python's garbage collector runs: after each genre of a process, and not while a trace begins.

See docs/decisions/memory-of-many-genres.md and memory-capture.md there.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

_earlier_runs = count()


@contextmanager
def loaded_objects_set_aside() -> Iterator[Callable[[], int]]:
    """Exempt everything that exists now from the search for cycles; yields a function that frees the cycles made since.

    By itself Python looks through its oldest objects only once their number has grown by a quarter. Prefect's modules alone are 190,000
    objects, so what twenty genres left in cycles used to stay.

    What an earlier run of this process left is freed before. The first run does not search: that takes 0.14 s and finds little.
    """
    if next(_earlier_runs):
        gc.collect()  # an exempt cycle stays for good: 1 MB a run
    gc.freeze()
    try:
        yield gc.collect
    finally:
        gc.unfreeze()


@contextmanager
def no_collection() -> Iterator[None]:
    """No garbage collection inside.

    memray allocates while it walks through the frames of other threads, and up to Python 3.11 an allocation may run the collector: a
    finalizer then lets those threads continue, the frames are gone, and the process dies of a segmentation fault.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
