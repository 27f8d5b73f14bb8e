"""All block types of Beatporter. Prefect finds them by the entry point `prefect.collections`, so server and UI know them.

Importing this imports Prefect.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from prefect.blocks.core import Block
from prefect.blocks.notifications import AppriseNotificationBlock
from pydantic import Field, SecretStr

from orchestration.sign_in_block import BeatportAccount, SpotifySignIn

if TYPE_CHECKING:
    from beatporter.spotify.client import SpotifyClient


class SpotifyApp(Block):
    """A Spotify app and a person's sign-in to it; the secrets are masked on every page."""

    _block_type_name = "Spotify App"
    _block_type_slug = "spotify-app"
    _description = "A Spotify app with a person's sign-in. Name it in BEATPORTER_SPOTIFY_APP; `beatporter login` fills the sign-in in."

    client_id: str = Field(default="", title="Client ID", description="As developer.spotify.com/dashboard shows it.")
    client_secret: SecretStr = Field(default=SecretStr(""), title="Client secret", description="From the same page.")
    refresh_token: SecretStr | None = Field(default=None, description="`beatporter login` writes it; it ends six months after the sign-in.")
    signed_in_at: datetime | None = Field(default=None, description="When the person signed in, in UTC.")
    scopes: list[str] = Field(default_factory=list, description="What the person allowed.")

    @contextmanager
    def get_client(self) -> Iterator[SpotifyClient]:
        """A client signed in with this block, for flows of your own; its calls count in the ledger's budget like all others.

        Raises:
            SettingsError: the block was never saved, or nobody has signed in with it.
        """
        from orchestration.workspace import open_app_workspace

        with open_app_workspace(self._block_document_name or "") as workspace:
            yield workspace.spotify


class AppriseAlerts(AppriseNotificationBlock):
    """Where Beatporter's alerts go; any address that Apprise knows."""

    _block_type_name = "Apprise Alerts"
    _block_type_slug = "apprise-alerts"
    _description = "Where alerts go: any Apprise address (mail, chat, a webhook). `beatporter up --notify ADDRESS` writes it."

    url: SecretStr = Field(title="Apprise address", description="E.g. mailto://user:password@example.org or json://host/path.")


BLOCK_TYPES: tuple[type[Any], ...] = (SpotifyApp, SpotifySignIn, BeatportAccount, AppriseAlerts)
