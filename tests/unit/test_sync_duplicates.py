"""What counts as twice, and what changed between two states or two charts."""

from __future__ import annotations

from beatporter.care.changes import changes_between_charts, changes_between_rows
from beatporter.care.duplicates import Duplicate, find_duplicates, suspects, without
from beatporter.records.chart import ChartEntry
from beatporter.records.ledger import BackupRow


def row(position: int, track_id: str | None, name: str = "", isrc: str | None = None) -> BackupRow:
    return BackupRow(position, track_id, isrc, name or f"Title {track_id}", ("Ada",), None)


def found(rows: list[BackupRow], lengths_ms: dict[str, int] | None = None, *, any_cut: bool = False) -> list[tuple[int, int, str]]:
    return [(one.position, one.first, one.why) for one in find_duplicates(rows, lengths_ms or {}, any_cut=any_cut)]


def test_the_same_id_counts_and_the_first_stays() -> None:
    assert found([row(0, "a"), row(1, "b"), row(2, "a"), row(3, "a")]) == [(2, 0, "same id"), (3, 0, "same id")]


def test_the_same_isrc_counts_under_another_id_and_without_one_nothing_does() -> None:
    assert found([row(0, "a", isrc="I1"), row(1, "b", isrc="I1"), row(2, "c", isrc="I2")]) == [(1, 0, "same ISRC")]
    assert found([row(0, "a"), row(1, "b")]) == []


def test_the_same_recording_counts_only_with_the_same_length() -> None:
    rows = [row(0, "a", "Song"), row(1, "b", "Song"), row(2, "c", "Song")]
    assert found(rows, {"a": 200_000, "b": 201_000, "c": 201_001}) == [(1, 0, "same recording and length")]
    assert found(rows, {"a": 200_000}) == [], "an unknown length is another one"
    assert found(rows, any_cut=True) == [(1, 0, "same recording"), (2, 0, "same recording")]


def test_another_remix_is_another_recording() -> None:
    rows = [row(0, "a", "Song"), row(1, "b", "Song - Bo Remix")]
    assert found(rows, {"a": 1, "b": 1}, any_cut=True) == []


def test_what_equals_a_duplicate_equals_the_first() -> None:
    """b is a by ISRC, the second b is b by id: a stays, with the name of neither."""
    assert found([row(0, "a", isrc="I1"), row(1, "b", isrc="I1"), row(2, "b")]) == [(1, 0, "same ISRC"), (2, 0, "same id")]


def test_entries_without_an_id_are_never_duplicates() -> None:
    assert found([row(0, None, "Demo", "I1"), row(1, None, "Demo", "I1"), row(2, "a", "Demo", "I1")], any_cut=True) == []


def test_only_a_recording_under_several_ids_without_a_common_isrc_needs_lengths() -> None:
    rows = [
        row(0, "a", "Song", "I1"),
        row(1, "b", "Song", "I1"),
        row(2, "c", "Other"),
        row(3, "c", "Other"),
        row(4, "d", "Third", "I3"),
        row(5, "e", "Third"),
    ]
    assert sorted(suspects(rows)) == [4, 5]


def test_what_is_left_keeps_its_order() -> None:
    rows = [row(0, "a"), row(1, None), row(2, "a"), row(3, "b")]
    assert without(rows, [Duplicate(2, 0, "same id")]) == ["a", None, "b"]


def test_changes_of_a_playlist() -> None:
    before = [row(place, track_id) for place, track_id in enumerate("abcdd")]
    after = [row(place, track_id) for place, track_id in enumerate("xcabd")]
    changes = changes_between_rows(before, after)
    assert [one.track_id for one in changes.came] == ["x"]
    assert [one.track_id for one in changes.left] == ["d"], "it was there twice"
    assert [one.track_id for one in changes.moved] == ["c"], "as few as possible"
    assert changes.stayed == 4


def entry(position: int, beatport_id: int) -> ChartEntry:
    return ChartEntry(position, beatport_id, f"Track {beatport_id}", ("Ada",))


def test_changes_of_a_chart() -> None:
    before = [entry(1, 11), entry(2, 12), entry(3, 13), entry(4, 14)]
    after = [entry(1, 12), entry(2, 15), entry(3, 13), entry(4, 11)]
    changes = changes_between_charts(before, after)
    assert [one.beatport_id for one in changes.entered] == [15]
    assert [(one.beatport_id, one.position) for one in changes.left] == [(14, 4)]
    assert [(one.beatport_id, was) for one, was in changes.rose] == [(12, 2)]
    assert [(one.beatport_id, was) for one, was in changes.fell] == [(11, 1)]
    assert changes.stayed == 1
