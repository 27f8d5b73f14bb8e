"""Cycles are freed when asked, and nothing stays exempt afterwards."""

from __future__ import annotations

import gc
import weakref

from beatporter.memory.garbage import loaded_objects_set_aside


class _Node:
    other: _Node


def _cycle() -> weakref.ref[_Node]:
    one, two = _Node(), _Node()
    one.other, two.other = two, one
    return weakref.ref(one)


def test_a_cycle_made_since_is_freed_when_asked_and_only_then() -> None:
    gc.disable()
    try:
        with loaded_objects_set_aside() as free_cycles:
            made = _cycle()
            assert made() is not None
            free_cycles()
            assert made() is None
    finally:
        gc.enable()


def test_what_was_loaded_is_exempt_and_returns_at_the_end() -> None:
    with loaded_objects_set_aside():
        assert gc.get_freeze_count() > 1_000
    assert gc.get_freeze_count() == 0


def test_what_an_earlier_run_left_is_freed_before_the_next_sets_it_aside() -> None:
    gc.disable()
    try:
        with loaded_objects_set_aside():
            left = _cycle()
        with loaded_objects_set_aside():
            assert left() is None
    finally:
        gc.enable()
