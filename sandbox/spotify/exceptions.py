"""Refusals in Spotify's words. The models raise these; the responses turn them into the vendor's two error formats.

Texts marked (ours) are not known from a recording or a report; nothing may depend on them.
"""

from __future__ import annotations


class SpotifyRefusal(Exception):
    """The Web API refuses: `{"error": {"status": ..., "message": ..., "reason": ...}}`."""

    def __init__(self, status: int, message: str, *, reason: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.reason = reason
        self.retry_after_s = retry_after_s


class AccountsRefusal(Exception):
    """The accounts service refuses: `{"error": ..., "error_description": ...}`."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(error, description)
        self.status = status
        self.error = error
        self.description = description


def bad_request(message: str) -> SpotifyRefusal:
    return SpotifyRefusal(400, message)


def not_found() -> SpotifyRefusal:
    return SpotifyRefusal(404, "Resource not found")


def forbidden(message: str = "Forbidden") -> SpotifyRefusal:
    return SpotifyRefusal(403, message)


def rate_limited(retry_after_s: float) -> SpotifyRefusal:
    """The rolling 30 s limit, with the recorded text."""
    return SpotifyRefusal(429, "API rate limit exceeded", retry_after_s=retry_after_s)


def quota_exceeded(retry_after_s: float) -> SpotifyRefusal:
    """The development quota over a rolling 24 h, with the text reported since July 2026."""
    return SpotifyRefusal(429, "Too many requests", reason="QUOTA_EXCEEDED", retry_after_s=retry_after_s)
