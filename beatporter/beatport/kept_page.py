"""The last page of each genre, kept as its rows with the marks for a conditional request (RFC 9110, 13.1).

A 304 is then answered from here. It is a convenience: a file that cannot be read or written is as if there were none.
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
"""Raised when the parser reads pages differently, so that rows read the old way are not used any more."""


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page's rows and what Beatport said of its version."""

    url: str
    etag: str | None
    last_modified: str | None
    entries: tuple[ChartEntry, ...]

    def conditions(self) -> dict[str, str]:
        """Headers that ask for the page only if it is another one now."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value}


def load_page(file: Path, url: str) -> KeptPage | None:
    """The page kept in `file`, None when there is none of that address that can be read."""
    try:
        document = json.loads(file.read_bytes())
        if (document["format"], document["url"]) != (_FORMAT, url):
            return None
        return KeptPage(url, document["etag"], document["last_modified"], tuple(_entry(row) for row in document["entries"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_page(file: Path, page: KeptPage) -> None:
    """Keep the page in `file`, whole or not at all; a page without marks is not worth keeping and voids the one before."""
    try:
        if not page.conditions():
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_name(f"{file.name}.{os.getpid()}.tmp")
        unfinished.write_text(json.dumps({"format": _FORMAT, **asdict(page)}), encoding="utf-8")
        unfinished.replace(file)
    except OSError as error:
        logger.warning("Cannot keep the page in %s (%s); it is fetched whole next time.", file, error.strerror)


def _entry(row: dict[str, object]) -> ChartEntry:
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return ChartEntry(**{**row, **lists})  # type: ignore[arg-type]
