"""Text from outside controls no terminal and no page: every command on a ledger full of it, as an older version may have left it."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from beatporter.clock import utc_now
from beatporter.errors import BeatporterError, PermanentError, SettingsError
from beatporter.ledger.export import TABLES
from beatporter.ledger.ledger import open_ledger
from beatporter.markdown import escape
from beatporter.records.chart import Chart, ChartEntry
from beatporter.records.ledger import BackupRow, CallRow, HistoryRow, ListedPlaylist, RememberedPlaylist, RunRow
from beatporter.records.match import Match, RunnerUp
from beatporter.spotify.parsing import read_error
from beatporter.sync.outcome import EntryOutcome, Outcome
from beatporter.sync.report import failure_report, sync_report
from cli.main import app, show_error
from cli.sync import show
from orchestration.results import UnexpectedError, in_words

NASTY = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b31m\u202eevil\u2066\x08\x7f\x85\r\nnext\x00"
OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b\x07]*\x1b\\")
"""What our console writes to a terminal: colours and links."""
TURNS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
TRACK = f"{1:022}"


def hostile_in(text: str) -> set[str]:
    """The characters in an output that no terminal should receive, except line ends."""
    return {one for one in OURS.sub("", text) if (unicodedata.category(one) in ("Cc", "Cs") and one != "\n") or one in TURNS}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder whose ledger has something nasty in every text."""
    monkeypatch.setenv("BEATPORTER_HOME", str(tmp_path))
    monkeypatch.setenv("BEATPORTER_SPOTIFY_CLIENT_ID", NASTY.replace("\x00", ""))
    monkeypatch.chdir(tmp_path)
    ledger, now = open_ledger(tmp_path / "beatporter.db"), utc_now().replace(microsecond=0)
    entry = ChartEntry(1, 11, f"Name {NASTY}", (f"Artist {NASTY}",), f"Mix {NASTY}", (NASTY,), "ISRC1", bpm=128)
    ledger.charts.append(Chart(18, (entry, ChartEntry(2, 12, NASTY, (NASTY,))), now))
    other = RunnerUp(TRACK, f"Other {NASTY}", (NASTY,), 70.0, f"why {NASTY}")
    doubt = Match(11, None, TRACK, "search", 75.0, "same", "1", now, None, (f"reason {NASTY}",), f"Track {NASTY}", (NASTY,))
    ledger.matches.append(
        [doubt, Match(12, None, None, "search", 60.0, None, "1", now, now + timedelta(days=1), (NASTY,), runners_up=(other,))]
    )
    ledger.history.append("P", [HistoryRow(TRACK, "ISRC1", f"a|{NASTY}|", 11, "chart", now)])
    ledger.backups.append("P", "s1", now, [BackupRow(0, TRACK, "ISRC1", NASTY, (NASTY,), now)])
    ledger.playlists.append(RememberedPlaylist(18, "P", f"House {NASTY}", now))
    ledger.listings.append("run", now, [ListedPlaylist("run", "P", NASTY, "s", 2, f"me {NASTY}", now)])
    ledger.calls.append([CallRow(now, "search", 5, "run")])
    ledger.runs.append(RunRow(18, "failed", 1, 2, 3, f"Spotify said {NASTY}", now))
    return tmp_path


COMMANDS = [
    *(("match", "show", "dubstep", *options) for options in ((), ("--doubtful",), ("--json",))),
    *(("status", *options) for options in ((), ("--json",))),
    ("genres",),
    ("match", "never", "11"),
    ("match", "forget", "12"),
    ("ledger", "stats"),
    ("ledger", "check"),
    ("sync", f"house{NASTY}", "--json"),
]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_prints_control_characters(command: tuple[str, ...], terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setattr(Console, "is_terminal", True)
    done = CliRunner().invoke(app, command)
    assert done.exception is None or isinstance(done.exception, SystemExit | BeatporterError), done.exception
    assert done.output
    assert not hostile_in(done.output)
    if "--json" in command:
        json.loads(done.stdout)


@pytest.mark.parametrize("table", TABLES)
def test_no_exported_table_holds_control_characters(home: Path, table: str) -> None:
    file = home / "out.csv"
    done = CliRunner().invoke(app, ["ledger", "export", table, str(file)])
    assert done.exit_code == 0, done.output
    assert not hostile_in(done.output)
    assert not hostile_in(file.read_text(encoding="utf-8-sig"))


def test_a_genres_page_shows_titles_without_it() -> None:
    now = utc_now()
    match = Match(11, None, TRACK, "search", 75.0, "same", "1", now, None, (NASTY,), NASTY, (NASTY,))
    page = sync_report("dubstep", [EntryOutcome(ChartEntry(1, 11, NASTY, (NASTY,), NASTY), match, True)], Outcome("completed"), now)
    assert "evil" in page
    assert not hostile_in(page)


def test_a_failed_run_shows_a_services_text_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = Outcome("failed", error=f"Spotify said {NASTY}")
    show({"genres": {"dubstep": outcome.document()}, "spotify_calls": 1, "budget_left": 2})
    show_error(PermanentError(f"Spotify said {NASTY}", NASTY))
    told = capsys.readouterr()
    assert "Spotify said" in told.out
    assert "Spotify said" in told.err
    assert not hostile_in(told.out + told.err)


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(NASTY))))
def test_any_text_of_a_service_becomes_one_harmless_line(words: str) -> None:
    message, reason = read_error({"error": {"message": words, "reason": words}})
    error = SettingsError(words, words)
    page = failure_report("dubstep", error, "run", notes=[words])
    told = [message, reason, str(error), escape(words), in_words(KeyError(words)), in_words(UnexpectedError(words))]
    assert not hostile_in("".join(told) + page)
    assert not [text for text in told if "\n" in text]
    assert len(page.splitlines()) == len(failure_report("dubstep", SettingsError("a", "b"), "run", notes=["c"]).splitlines())


def test_other_letters_stay_unchanged() -> None:
    assert escape("Žďár – Ünïcode ☃ عربي") == "Žďár – Ünïcode ☃ عربي"
