"""A person's sign-in to the sandbox's API: the documentation page's tokens, refreshing, rotation, the site's session. No HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

CLIENT_ID: Final = "sandboxdocsclient0123456789"
LIFE: Final = timedelta(hours=10)
SESSION_LIFE: Final = timedelta(minutes=10)


class BeatportAccount:
    """One person's tokens. Thread-safe.

    Attributes:
        rotates: a refresh issues a new refresh token and ends the old one.
        refuses: a refresh is refused until the person signs in again.
        refreshes: number of refreshes.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0
        self._access: dict[str, datetime] = {}
        self._refresh = ""
        self.rotates = True
        self.refuses = False
        self.refreshes = 0

    def sign_in(self) -> dict[str, Any]:
        """Sign in at the documentation page; returns the JSON that the page receives."""
        with self._lock:
            self.refuses = False
            return self._issue(new_refresh=True)

    def session(self) -> dict[str, Any]:
        """The website's own session; its token expires after ten minutes."""
        with self._lock:
            document = self._issue(new_refresh=True)
            return {**document, "expires_in": int(SESSION_LIFE.total_seconds())}

    def refresh(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and body of a request for a new access token."""
        with self._lock:
            if form.get("grant_type") != "refresh_token":
                return 400, {"error": "unsupported_grant_type"}
            if form.get("client_id") != CLIENT_ID:
                return 401, {"error": "invalid_client"}
            if self.refuses or not self._refresh or form.get("refresh_token") != self._refresh:
                return 400, {"error": "invalid_grant"}
            self.refreshes += 1
            return 200, self._issue(new_refresh=self.rotates)

    def takes(self, authorization: str | None) -> bool:
        """Whether a bearer token is one of these and has not expired."""
        with self._lock:
            ends = self._access.get((authorization or "").removeprefix("Bearer "))
            return ends is not None and self._clock() < ends

    def end_access(self) -> None:
        """Expire all access tokens; refresh tokens stay valid."""
        with self._lock:
            self._access.clear()

    def _issue(self, *, new_refresh: bool) -> dict[str, Any]:
        self._count += 1
        access = f"sandboxaccess{self._count:04d}"
        self._access[access] = self._clock() + LIFE
        if new_refresh:
            self._refresh = f"sandboxrefresh{self._count:04d}"
        return {
            "access_token": access,
            "expires_in": int(LIFE.total_seconds()),
            "token_type": "Bearer",
            "scope": "app:docs user:dj",
            "refresh_token": self._refresh,
        }
