"""Progress reaches its listeners, and nobody else."""

from __future__ import annotations

from beatporter.progress import Progress, listening, report


def test_a_report_reaches_every_listener_and_only_within() -> None:
    outer: list[str] = []
    inner: list[str] = []
    report(Progress("house", "scrape"))
    with listening(lambda progress: outer.append(progress.step)):
        report(Progress("house", "match"))
        with listening(lambda progress: inner.append(progress.step)):
            report(Progress("house", "playlist"))
    report(Progress("house", "backup"))
    assert (outer, inner) == (["match", "playlist"], ["playlist"])
