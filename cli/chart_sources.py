"""How each source of charts stands, for `status` and `doctor`: does it rest after a challenge, and is somebody signed in to Beatport."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from beatporter.beatport.sign_in import account_warning, open_account, uses_account
from beatporter.errors import SettingsError
from beatporter.sync.workspace import Workspace

SIGN_IN = "Run `beatporter login beatport`."


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source of charts stands.

    Attributes:
        rests_until: left alone until then, after a challenge.
        challenges: in a row.
        said: about the sign-in, for the API; empty for others.
        signed_in: False when nobody is signed in, or the sign-in has ended or is about to; True for sources that need no sign-in.
    """

    rests_until: datetime | None
    challenges: int
    said: str = ""
    signed_in: bool = True

    @property
    def is_ready(self) -> bool:
        """Whether a run asks it, with nothing for the person to do."""
        return self.rests_until is None and self.signed_in

    @property
    def words(self) -> str:
        """A warning about it; empty while it is ready and needs no sign-in."""
        said = [self.said] if self.said else []
        if self.rests_until is not None:
            times = "once" if self.challenges == 1 else f"{self.challenges} times in a row"
            said.append(f"left alone until {self.rests_until:%Y-%m-%d %H:%M} UTC: Beatport asked for proof of a human {times}.")
        return " ".join(said)


def read_source(workspace: Workspace, name: str) -> SourceStatus:
    """What ledger and sign-in say about a source; Beatport is not asked."""
    latest = workspace.ledger.challenges.latest(name)
    until = workspace.ledger.challenges.rests_until(name, workspace.now())
    said, signed_in = _beatport_sign_in(workspace) if name == "api" else ("", True)
    return SourceStatus(until, latest.in_a_row if latest else 0, said, signed_in)


def _beatport_sign_in(workspace: Workspace) -> tuple[str, bool]:
    """A sentence about it, and whether it stays valid for some time."""
    settings, now = workspace.settings, workspace.now()
    if not uses_account(settings):
        return "by BEATPORTER_BEATPORT_TOKEN; nothing says when it ends.", True
    try:
        sign_in = open_account(settings, workspace.account_store)
    except SettingsError as error:
        return str(error), False
    if sign_in is None:
        return "nobody is signed in to Beatport (`beatporter login beatport`).", False
    if warning := account_warning(sign_in, now):
        return warning, False
    renewed = f", renewed {sign_in.renewed_at:%Y-%m-%d %H:%M} UTC" if sign_in.renewed_at else ""
    return f"signed in {sign_in.signed_in_at:%Y-%m-%d}{renewed}; runs renew it.", True
