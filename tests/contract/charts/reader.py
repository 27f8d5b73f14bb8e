"""Reads charts and labels from the sandbox, with a clock of its own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from beatporter.beatport.sign_in import AccountFile, account_path, read_pasted
from beatporter.ledger.ledger import Ledger, open_ledger
from beatporter.progress import Progress, listening
from beatporter.settings import Settings, load_settings
from beatporter.sync.scrape import scrape_chart
from beatporter.sync.workspace import Workspace
from sandbox.beatport.account import CLIENT_ID
from sandbox.world import Sandbox

SLUG, GENRE_ID = "dubstep", 18
START = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)


class Reader:
    """Reads the sandbox's charts, with its own clock.

    Attributes:
        said: notes of the last read.
    """

    def __init__(self, sandbox: Sandbox, home: Path) -> None:
        self.sandbox, self.home, self.now = sandbox, home, START
        self.said: list[str] = []
        self.steps: list[str] = []

    def settings(self, **more: Any) -> Settings:
        values: dict[str, Any] = {
            "home": self.home,
            "beatport_url": self.sandbox.beatport_url,
            "beatport_api_url": self.sandbox.beatport_api_url,
            "beatport_interval_s": 0,
        }
        return load_settings(**{**values, **more})

    @property
    def ledger(self) -> Ledger:
        return open_ledger(self.home / "beatporter.db")

    def __call__(self, slug: str = SLUG, **more: Any) -> list[int]:
        settings = self.settings(**more)
        told: list[Progress] = []
        with (
            listening(told.append),
            Workspace(settings, self.ledger, run_key=f"{self.now}", slug=slug, now=lambda: self.now, sleep=lambda _: None) as workspace,
        ):
            try:
                return scrape_chart(workspace, settings.find_list(slug).slug)
            finally:
                self.said = [one.note for one in told if one.note]
                self.steps = [one.step for one in told if one.note]

    def sign_in(self) -> None:
        """The person signs in at the documentation page, and pastes what it received."""
        pasted = self.sandbox.beatport.account.sign_in()
        sign_in = read_pasted(json.dumps(pasted), CLIENT_ID, self.now)
        AccountFile(account_path(self.settings())).save(sign_in)

    def asked(self, kind: str) -> int:
        return self.sandbox.requests.count(kind=kind)
