"""What a person reads about a run: figures, reasons, times with their zone, and names from outside as plain text."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from beatporter.errors import ChallengeShown
from beatporter.markdown import escape
from beatporter.records.chart import ChartEntry
from beatporter.records.match import Match
from beatporter.sync.outcome import EntryOutcome, Outcome
from beatporter.sync.report import failure_report, summary_report, sync_report

AT = datetime(2026, 11, 20, 7, 5, tzinfo=UTC)
HOSTILE = ["|<img src=x onerror=alert(1)>[a](javascript:x)", "a\\|b", "*x* _y_ `z` ~~s~~ $m$", "&lt;b&gt; &#38;", "line\nbreak\u2028here"]
BARE = re.compile(r"(?<!\\)(?:\\\\)*[|<>*_`\[\]&~$]")


def _match(track_id: str | None, name: str | None, artists: tuple[str, ...]) -> Match:
    version = "same" if track_id else None
    return Match(1, None, track_id, "isrc", 99.0, version, "1", AT, None, ("ISRC agrees",), name, artists)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_is_shown_literally(text: str) -> None:
    escaped = escape(text)
    assert not BARE.search(escaped), "a character of Markdown or HTML is left"
    assert re.sub(r"\\(.)", r"\1", escaped) == " ".join(text.split())


@pytest.mark.parametrize("address", ["https://evil.example/x", "www.evil.example", "a@evil.example"])
def test_an_address_in_a_name_makes_no_link(address: str) -> None:
    assert "\\" in escape(address)


def test_a_hostile_name_makes_no_column_and_no_link() -> None:
    entry = ChartEntry(1, 1, HOSTILE[0], (HOSTILE[0],), HOSTILE[0])
    item = EntryOutcome(entry, _match("abc)[x](y", HOSTILE[0], (HOSTILE[0],)), added=True)
    (row,) = [line for line in sync_report("house", [item], Outcome("completed", 1, 1, 1), AT).splitlines() if line.startswith("| 1 |")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
    assert re.findall(r"(?<!\\)\]\(([^)]*)\)", row) == ["https://open.spotify.com/track/abc%29%5Bx%5D%28y"]
    assert set(re.findall(r"(?<!\\)<(\w+)", row)) == {"br"}


def test_times_name_their_zone_and_notes_are_shown() -> None:
    text = sync_report("house", [], Outcome("deferred", deferred=3), AT, notes=["3 entries wait"])
    assert "(chart of 2026-11-20 07:05 UTC)" in text
    assert "> 3 entries wait" in text
    assert "2026-11-20 07:05 UTC" in summary_report({}, spotify_calls=0, budget_left=1, ended_at=AT)


def test_failures_are_above_the_table_with_their_reason() -> None:
    outcomes = {"house": Outcome("completed", added=2), "techno": Outcome("failed", spotify_calls=7, error="no chart")}
    text = summary_report(outcomes, spotify_calls=9, budget_left=791, ended_at=AT, notes=["The sign-in ends soon"])
    assert text.index("- **techno**: no chart") < text.index("| house | – | 2 |")
    assert "| techno **failed** | – | – | – | 7 calls |" in text
    assert "> The sign-in ends soon" in text


def test_a_failure_says_what_to_do_and_names_its_run() -> None:
    text = failure_report("house", ChallengeShown("Beatport asked for a human.", "Use files."), "run-1")
    assert all(part in text for part in ("# house: failed", "Beatport asked", "Use files", "run-1"))


def test_a_dry_run_never_says_that_something_was_added() -> None:
    item = EntryOutcome(ChartEntry(1, 1, "Strobe", ("deadmau5",)), _match("abc", "Strobe", ("deadmau5",)), added=True)
    outcome = Outcome("completed", 1, 1, 1)
    page = sync_report("house", [item], outcome, AT, dry_run=True)
    assert page.startswith("# house: dry run, nothing was changed")
    assert "**1** would be added" in page
    assert "**would be added**" in page
    assert "**added**" not in page
    summary = summary_report({"house": outcome}, spotify_calls=1, budget_left=1, ended_at=AT, dry_run=True)
    assert summary.startswith("# 1 genre, 1 track would be added")
    assert "| To add |" in summary
