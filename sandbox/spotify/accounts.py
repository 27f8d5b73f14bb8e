"""Sign-in: the app's credentials, consent, authorization codes, expiring access tokens and refresh tokens.

Implements OAuth's rules on the sandbox's clock, without HTTP. All its tokens are invented and recognisable by their prefix.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.spotify.exceptions import AccountsRefusal, SpotifyRefusal, bad_request

ACCESS_LIFE: Final = timedelta(hours=1)
REFRESH_LIFE: Final = timedelta(days=182)
"""Six months from the person's consent; refreshing does not extend it (rule of 2026)."""
CODE_LIFE: Final = timedelta(minutes=10)
CLIENT_ID: Final = "sandbox-client"
CLIENT_SECRET: Final = "sandbox-client-secret"
SCOPES: Final = ("playlist-read-private", "playlist-modify-private", "playlist-modify-public")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code, an access token or a refresh token grants."""

    scopes: tuple[str, ...]
    until: datetime
    redirect_uri: str = ""
    challenge: str = ""
    signed_in_at: datetime | None = None
    """None for client credentials, which act for no person."""


class Accounts:
    """The accounts service for one app and one person.

    Attributes:
        client_id, client_secret: of the app.
        consents: whether the person in the browser agrees.
        allowed: False revokes the app's right (Premium lapsed): every call gets a 403.
    """

    def __init__(self, clock: Callable[[], datetime], client_id: str = CLIENT_ID, client_secret: str = CLIENT_SECRET) -> None:
        self._clock = clock
        self.client_id = client_id
        self.client_secret = client_secret
        self.consents = True
        self.allowed = True
        self._codes: dict[str, Grant] = {}
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}

    def sign_in(self, scopes: tuple[str, ...] = SCOPES) -> str:
        """The person signs in now; returns a refresh token."""
        now = self._clock()
        return self._give(self._refresh, "AQsandboxrefresh", Grant(scopes, now + REFRESH_LIFE, signed_in_at=now))

    def adopt(self, refresh_token: str, signed_in_at: datetime, scopes: tuple[str, ...] = SCOPES) -> None:
        """Accept this refresh token, as if the person had signed in at that time."""
        self._refresh[refresh_token] = Grant(scopes, signed_in_at + REFRESH_LIFE, signed_in_at=signed_in_at)

    def revoke(self) -> None:
        """The person removes the app's access: refresh tokens expire at once, access tokens stay valid."""
        self._refresh.clear()

    def expire_access(self) -> None:
        """Expire all access tokens."""
        self._access = {token: Grant(grant.scopes, self._clock()) for token, grant in self._access.items()}

    def authorize(self, client_id: str, redirect_uri: str, response_type: str, scope: str, challenge: str = "") -> str:
        """The outcome of the consent page: a code.

        Raises:
            SpotifyRefusal: 400, shown to the person: unknown client, or a redirect that is not allowed.
            AccountsRefusal: "access_denied", sent to the redirect address.
        """
        if client_id != self.client_id:
            raise bad_request("INVALID_CLIENT: Invalid client")
        if response_type != "code":
            raise bad_request("response_type must be code")  # the implicit grant no longer exists
        address = urlsplit(redirect_uri)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in ("127.0.0.1", "::1")):
            raise bad_request("INVALID_CLIENT: Insecure redirect URI")
        if not self.consents:
            raise AccountsRefusal("access_denied", "The user denied the request")
        until = self._clock() + CODE_LIFE
        return self._give(self._codes, "AQsandboxcode", Grant(tuple(scope.split()), until, redirect_uri, challenge))

    def exchange(self, code: str, redirect_uri: str, verifier: str, secret: str | None) -> dict[str, Any]:
        """Exchange a code for tokens; a code works once.

        Raises:
            AccountsRefusal: invalid_grant, invalid_client.
        """
        now = self._clock()
        grant = self._codes.pop(code, None)
        if grant is None or grant.until <= now:
            raise AccountsRefusal("invalid_grant", "Invalid authorization code")
        if grant.redirect_uri != redirect_uri:
            raise AccountsRefusal("invalid_grant", "Invalid redirect URI")
        if grant.challenge:
            digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
            if digest != grant.challenge:
                raise AccountsRefusal("invalid_grant", "code_verifier was incorrect")
        if secret is not None or not grant.challenge:
            self.check_secret(secret)
        refresh = self._give(self._refresh, "AQsandboxrefresh", Grant(grant.scopes, now + REFRESH_LIFE, signed_in_at=now))
        return {**self._tokens(grant.scopes, now), "refresh_token": refresh}

    def refresh(self, refresh_token: str) -> dict[str, Any]:
        """Exchange a refresh token for an access token.

        Raises:
            AccountsRefusal: invalid_grant, when the person signed in more than six months ago or removed the access.
        """
        grant = self._refresh.get(refresh_token)
        now = self._clock()
        if grant is None:
            raise AccountsRefusal("invalid_grant", "Refresh token revoked")
        if grant.until <= now:
            raise AccountsRefusal("invalid_grant", "Refresh token expired")
        return self._tokens(grant.scopes, grant.signed_in_at)

    def client_credentials(self) -> dict[str, Any]:
        """An access token that acts for no person."""
        tokens = self._tokens((), None)
        del tokens["scope"]
        return tokens

    def check_secret(self, secret: str | None) -> None:
        if secret != self.client_secret:
            raise AccountsRefusal("invalid_client", "Invalid client secret")

    def check_client(self, client_id: str | None) -> None:
        if client_id != self.client_id:
            raise AccountsRefusal("invalid_client", "Invalid client")

    def check_access(self, token: str | None) -> Grant:
        """What an access token allows.

        Raises:
            SpotifyRefusal: 401 for a missing, unknown or expired token; 403 when the app may not be used.
        """
        if token is None:
            raise SpotifyRefusal(401, "No token provided")
        grant = self._access.get(token)
        if grant is None:
            raise SpotifyRefusal(401, "Invalid access token")
        if grant.until <= self._clock():
            raise SpotifyRefusal(401, "The access token expired")
        if not self.allowed:
            raise SpotifyRefusal(403, "Active premium subscription required for the owner of the app.")
        return grant

    def to_json(self) -> dict[str, Any]:
        """Refresh tokens with their dates; codes and access tokens do not outlive a process."""
        return {token: [grant.signed_in_at.isoformat(), list(grant.scopes)] for token, grant in self._refresh.items() if grant.signed_in_at}

    def restore(self, data: dict[str, Any]) -> None:
        self._refresh.clear()
        for token, (signed_in_at, scopes) in data.items():
            self.adopt(token, datetime.fromisoformat(signed_in_at), tuple(scopes))

    def _tokens(self, scopes: tuple[str, ...], signed_in_at: datetime | None) -> dict[str, Any]:
        grant = Grant(scopes, self._clock() + ACCESS_LIFE, signed_in_at=signed_in_at)
        access = self._give(self._access, "BQsandboxaccess", grant)
        return {"access_token": access, "token_type": "Bearer", "expires_in": int(ACCESS_LIFE.total_seconds()), "scope": " ".join(scopes)}

    def _give(self, kept: dict[str, Grant], prefix: str, grant: Grant) -> str:
        token = f"{prefix}-{secrets.token_urlsafe(48)}"
        kept[token] = grant
        return token
