"""The block types for sign-ins: the token is masked on every page and in every answer of Prefect's API.

A Secret block masks only plain text; a document with token and date in it was shown unmasked. Importing this
imports Prefect.
"""

from __future__ import annotations

from datetime import datetime

from prefect.blocks.core import Block
from pydantic import Field, SecretStr


class SpotifySignIn(Block):
    """A person's sign-in to Spotify, as `beatporter login --block` keeps it."""

    _block_type_name = "Spotify Sign-In"
    _block_type_slug = "spotify-sign-in"
    _description = "A person's sign-in to Spotify. `beatporter login --block NAME` makes and renews it."

    refresh_token: SecretStr = Field(description="Spotify's refresh token; it ends six months after the sign-in.")
    signed_in_at: datetime | None = Field(default=None, description="When the person signed in, in UTC; without it nothing warns in time.")
    scopes: list[str] = Field(default_factory=list, description="What the person allowed.")


class BeatportAccount(Block):
    """A person's sign-in to Beatport's API, as `beatporter login beatport --block` keeps it."""

    _block_type_name = "Beatport Account"
    _block_type_slug = "beatport-account"
    _description = "A person's sign-in to Beatport's API. `beatporter login beatport --block NAME` makes it; runs renew it."

    access_token: SecretStr = Field(description="Lasts about ten hours.")
    refresh_token: SecretStr = Field(default=SecretStr(""), description="Renews the other; Beatport may replace it each time.")
    client_id: str = Field(default="", description="The client id that both were issued to.")
    ends_at: datetime = Field(description="End of the access token, in UTC.")
    signed_in_at: datetime = Field(description="When the person signed in, in UTC.")
    renewed_at: datetime | None = Field(default=None, description="When a run renewed it last, in UTC.")
    refused_at: datetime | None = Field(default=None, description="When Beatport refused to renew it, in UTC; sign in again then.")
