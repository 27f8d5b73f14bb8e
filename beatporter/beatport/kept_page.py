"""Saves each genre's last page as its rows, with the validators for a conditional request (RFC 9110, 13.1).

After a 304 the rows come from here. Unreadable or unwritable files are ignored.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from beatporter.records.chart import ChartEntry

logger = logging.getLogger(__name__)

_FORMAT = 2
"""Increase this when the parser reads pages differently, so that older rows are no longer used."""


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page's rows and its validators from Beatport."""

    url: str
    etag: str | None
    last_modified: str | None
    entries: tuple[ChartEntry, ...]

    def conditions(self) -> dict[str, str]:
        """Headers that request the page only if it has changed."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}


def load_page(file: Path, url: str) -> KeptPage | None:
    """The saved page of this address in `file`; None if it is missing or unreadable."""
    try:
        document = json.loads(file.read_bytes())
        if (document["format"], document["url"]) != (_FORMAT, url):
            return None
        return KeptPage(url, document["etag"], document["last_modified"], tuple(_entry(row) for row in document["entries"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_page(file: Path, page: KeptPage) -> None:
    """Save the page atomically in `file`; a page without validators deletes the previous one instead."""
    try:
        if not page.conditions():
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(f"{file.name}.{os.getpid()}.tmp")
        unfinished.write_text(json.dumps({"format": _FORMAT, **asdict(page)}), encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        logger.warning("Cannot save the page in %s (%s); the next run fetches it in full.", file, error.strerror)


def _entry(row: dict[str, object]) -> ChartEntry:
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return ChartEntry(**{**row, **lists})  # type: ignore[arg-type]
