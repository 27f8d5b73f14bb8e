"""The inbox: charts that the person provides, from the browser or as files, kept in the ledger for that day's runs.

Files go into `<home>/inbox`: pages saved from the browser, or answers of the API as JSON. An accepted one moves to `done/`; for a
rejected one, a text beside it says why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from beatporter.beatport.challenge import is_challenge
from beatporter.beatport.handed_page import HandedChart, read_handed
from beatporter.beatport.parser import CutOff, next_data
from beatporter.errors import BeatporterError, ChartUnavailable, PageShapeChanged
from beatporter.genres import Genre
from beatporter.home import make_home
from beatporter.http.content import decode_json
from beatporter.http.limits import MAX_BODY_BYTES
from beatporter.ledger.ledger import Ledger
from beatporter.records.chart import Chart
from beatporter.records.ledger import ChartReadRow
from beatporter.settings import Settings
from beatporter.subscriptions import Subscription

logger = logging.getLogger(__name__)

INBOX = "inbox"
FOLDER = "inbox"
DONE = "done"
LASTS = timedelta(hours=20)
"""How long a chart is used: by all runs of its day, and not by the next morning's."""
WHY = ".why.txt"
_PAGES = frozenset({".html", ".htm"})
_KINDS = _PAGES | {".json"}
_STILL_WRITTEN = timedelta(seconds=30)
"""How long an incomplete file is checked again: a browser may still be saving it."""


@dataclass(frozen=True, slots=True)
class InboxResult:
    """What happened to something that was provided.

    Attributes:
        name: of the file; empty for a page from the browser.
        message: for the person: what was read, or why it was rejected.
    """

    name: str
    message: str
    accepted: bool


class Inbox:
    """What the person has provided, in one ledger.

    Args:
        settings: the home folder, and the person's subscriptions.
        now: the clock.
    """

    def __init__(self, settings: Settings, ledger: Ledger, *, now: Callable[[], datetime]) -> None:
        self._settings, self._ledger, self._now = settings, ledger, now

    @property
    def folder(self) -> Path:
        return self._settings.home / FOLDER

    def latest(self, chart: Genre, now: datetime) -> Chart | None:
        """Today's chart from the inbox; None when there is none. Reads new files first."""
        self.take_files()
        number = chart.whole.genre_id if isinstance(chart, Subscription) else chart.genre_id
        if self._ledger.chart_reads.latest(number, INBOX, now - LASTS) is None:
            return None
        return self._ledger.charts.latest(number)

    def take_page(self, text: str, address: str) -> InboxResult:
        """Accept the `__NEXT_DATA__` of the page that the browser shows.

        Args:
            address: of that page.
        """
        try:
            document = decode_json(text)
        except ValueError:
            return InboxResult("", "The page's data is not JSON. Reload the page and send it again.", accepted=False)
        try:
            return InboxResult(
                "", self._keep(read_handed(document, self._settings, self._now().date(), address=address), self._now()), accepted=True
            )
        except BeatporterError as error:
            return InboxResult("", str(error), accepted=False)

    def take_files(self) -> list[InboxResult]:
        """Read every new file in the folder; returns what happened to each."""
        try:
            files = sorted(path for path in self.folder.iterdir() if path.suffix.lower() in _KINDS and path.is_file())
        except OSError:  # there is no inbox, or we may not read it
            return []
        return [taken for path in files if not _refused_before(path) and (taken := self._take_file(path)) is not None]

    def _take_file(self, path: Path) -> InboxResult | None:
        try:
            saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)
            handed = read_handed(_load(path), self._settings, self._now().date(), file_name=path.name)
            said = self._keep(handed, min(saved_at, self._now()))
            done = self.folder / DONE
            done.mkdir(exist_ok=True)
            path.replace(done / path.name)
        except FileNotFoundError:  # another process took it first
            return None
        except OSError as error:
            return InboxResult(path.name, f"{path.name} cannot be read or moved: {error.strerror}.", accepted=False)
        except BeatporterError as error:
            if isinstance(error, CutOff) and datetime.now(UTC) - saved_at < _STILL_WRITTEN:
                return None
            logger.warning("%s in the inbox was rejected: %s", path.name, error)
            _say_why(path, error)
            return InboxResult(path.name, str(error), accepted=False)
        return InboxResult(path.name, said, accepted=True)

    def _keep(self, handed: HandedChart, at: datetime) -> str:
        """Save the chart; returns a sentence about what was read."""
        number = handed.chart.genre_id
        with self._ledger.transaction():
            self._ledger.charts.append(Chart(number, handed.entries, at))
            self._ledger.chart_reads.append(ChartReadRow(number, INBOX, at, len(handed.entries)))
        day = "today" if at.date() == self._now().date() else f"{at:%Y-%m-%d}"
        late = "" if self._now() - at < LASTS else " It is too old to be used as today's."
        return " ".join([f"{_title(handed.chart)}, {len(handed.entries)} entries, {day}.{late}", *handed.notes])


def _title(chart: Genre) -> str:
    if not isinstance(chart, Subscription):
        return chart.name
    return chart.playlist_name().removeprefix("Beatport: ")


def _load(path: Path) -> object:
    """The decoded JSON of a file, or of the data in a page.

    Raises:
        PageShapeChanged, ChartUnavailable: it has none.
    """
    if path.stat().st_size > MAX_BODY_BYTES:
        raise PageShapeChanged(f"{path.name} has more than {MAX_BODY_BYTES:,} bytes, more than any chart.")
    content = path.read_bytes()
    if path.suffix.lower() in _PAGES:
        if is_challenge(200, {}, content.decode("utf-8", "replace")):
            raise ChartUnavailable(
                f"{path.name} holds Beatport's challenge, not the chart.",
                "Wait in the browser until the chart appears, then save again.",
            )
        return next_data(content)
    try:
        return decode_json(content)
    except ValueError as error:
        raise CutOff(f"{path.name} holds no valid JSON, or is incomplete ({error}).", "Save the complete answer again.") from None


def _refused_before(path: Path) -> bool:
    """Whether the text beside the file says why it was rejected, and the file has not changed since."""
    try:
        return path.with_name(path.name + WHY).stat().st_mtime >= path.stat().st_mtime
    except OSError:
        return False


def _say_why(path: Path, error: BeatporterError) -> None:
    try:
        path.with_name(path.name + WHY).write_text(f"{error}\n", encoding="utf-8")
    except OSError as problem:
        logger.warning("Could not write beside %s why it was rejected: %s", path.name, problem.strerror)


def make_inbox(settings: Settings) -> Path:
    """Make the folder in which the person puts files."""
    make_home(settings.home)
    folder = settings.home / FOLDER
    folder.mkdir(exist_ok=True)
    return folder
