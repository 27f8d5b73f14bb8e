"""The person's sign-in: where it is kept and how old it is.

`login` signs in, `tokens` exchanges the sign-in for access tokens. The refresh token is in the settings or in a store:
`<home>/spotify.json` (mode 0600), or a Prefect block named by the settings (`spotify-sign-in/<block>` or `secret/<block>`), which a caller
that knows Prefect passes in. It expires six months after the person signed in, and refreshing does not extend it (developer.spotify.com,
2026), so we keep its date and warn from day 150.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from beatporter.errors import SettingsError
from beatporter.private_file import write_private
from beatporter.settings import BLOCK_PREFIX, Settings
from beatporter.settings_sources import PREFIX

SCOPES = ("playlist-read-private", "playlist-modify-private", "playlist-modify-public")
COVER_SCOPE = "ugc-image-upload"
"""Asked for only when the person wants cover images."""
FILE = "spotify.json"
LIFETIME = timedelta(days=180)
WARN_FROM = timedelta(days=150)
SIGN_IN_AGAIN = "Run `beatporter login` and sign in once more."
SIGN_IN_PREFIX = "spotify-sign-in/"
"""A refresh token's setting that begins with this names the Prefect block of that type."""


def scopes_for(settings: Settings) -> tuple[str, ...]:
    """What a sign-in must allow for what the person wants."""
    return (*SCOPES, COVER_SCOPE) if settings.draws_covers else SCOPES


def allows_covers(sign_in: SignIn) -> bool:
    """Whether the sign-in may set cover images; of a token from the settings nobody knows, so that trying shows it."""
    return COVER_SCOPE in sign_in.scopes or sign_in.signed_in_at is None


class SignInStore(Protocol):
    """A place that keeps one sign-in."""

    def load(self) -> SignIn | None:
        """The sign-in; None when there is none yet.

        Raises:
            SettingsError: the content is not a sign-in, or cannot be read.
        """

    def save(self, sign_in: SignIn) -> str:
        """Replace the stored sign-in; returns its location, in words.

        Raises:
            SettingsError: it could not be written.
        """


@dataclass(frozen=True, slots=True)
class SignIn:
    """A stored sign-in."""

    refresh_token: SecretStr
    signed_in_at: datetime | None
    """Aware, UTC; None when a refresh token was set without its date."""
    scopes: tuple[str, ...] = SCOPES
    store: SignInStore | None = field(default=None, compare=False, repr=False)
    """Where it came from, and where a renewed one is saved; None: the settings, which we do not write."""


def sign_in_path(settings: Settings) -> Path:
    return settings.home / FILE


def block_name(settings: Settings) -> str | None:
    """The Prefect block that the settings name for the sign-in; None when they name none."""
    given = settings.spotify_refresh_token
    text = given.get_secret_value() if given is not None else ""
    return next((text.removeprefix(prefix) for prefix in (SIGN_IN_PREFIX, BLOCK_PREFIX) if text.startswith(prefix)), None)


def load_sign_in(settings: Settings, store: SignInStore | None = None) -> SignIn:
    """The sign-in to use: the settings' refresh token, or else the store's.

    Args:
        settings: the app's credentials and possibly a refresh token.
        store: the block that the settings name; None: the file.

    Raises:
        SettingsError: naming every missing credential and where to get it; or the store cannot be read.
    """
    block = block_name(settings)
    if block is not None and store is None:
        raise SettingsError(f"{PREFIX}SPOTIFY_REFRESH_TOKEN names the Prefect block {block}, which is not available here.")
    store = store or FileStore(sign_in_path(settings))
    stored = store.load()
    given = settings.spotify_refresh_token
    if block is None and given is not None and given.get_secret_value():
        same = stored is not None and stored.refresh_token == given
        return stored if same and stored is not None else SignIn(given, None)
    if stored is None and block is not None:
        raise SettingsError(f"The Prefect block {block} holds no sign-in.", f"Run `beatporter login --block {block}`.")
    missing = _missing(settings) + ([] if stored else [f"{PREFIX}SPOTIFY_REFRESH_TOKEN"])
    if stored is None:
        raise SettingsError(
            f"Spotify credentials are missing: {', '.join(missing)}.",
            "Make an app at https://developer.spotify.com/dashboard for the id and secret, then run `beatporter login`.",
        )
    return stored


def require_client(settings: Settings) -> tuple[str, SecretStr]:
    """The app's id and secret.

    Raises:
        SettingsError: naming what is missing and where to get it.
    """
    missing = _missing(settings)
    if missing or settings.spotify_client_secret is None:
        raise SettingsError(
            f"Spotify credentials are missing: {', '.join(missing)}.",
            "Make an app at https://developer.spotify.com/dashboard; it shows both.",
        )
    if settings.spotify_client_secret.get_secret_value().startswith(BLOCK_PREFIX):
        raise SettingsError(f"{PREFIX}SPOTIFY_CLIENT_SECRET names a Prefect block, which is not available here.")
    return settings.spotify_client_id, settings.spotify_client_secret


class FileStore:
    """A sign-in in a file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> SignIn | None:
        """The file's sign-in; None when there is no file."""
        try:
            return read_document(json.loads(self._path.read_text(encoding="utf-8")), self)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            problem = error.strerror if isinstance(error, OSError) else "it is not a sign-in"
        raise SettingsError(f"The sign-in in {self._path} cannot be read: {problem}.", SIGN_IN_AGAIN)

    def save(self, sign_in: SignIn) -> str:
        """Write the file with mode 0600, completely or not at all; returns its path."""
        try:
            write_private(self._path, json.dumps(document_of(sign_in), indent=2) + "\n")
        except OSError as error:
            raise SettingsError(
                f"The sign-in could not be written to {self._path}: {error.strerror}.", "Make BEATPORTER_HOME a writable folder."
            ) from None
        return str(self._path)


def document_of(sign_in: SignIn) -> dict[str, Any]:
    """A sign-in as stores keep it; it holds the secret."""
    return {
        "refresh_token": sign_in.refresh_token.get_secret_value(),
        "signed_in_at": sign_in.signed_in_at.isoformat() if sign_in.signed_in_at else None,
        "scopes": list(sign_in.scopes),
    }


def read_document(document: object, store: SignInStore) -> SignIn:
    """Parse the document of a store.

    Raises:
        ValueError: it is not a sign-in; the text quotes nothing from it.
    """
    if isinstance(document, Mapping) and isinstance(token := document.get("refresh_token"), str) and token:
        moment, scopes = document.get("signed_in_at"), document.get("scopes", SCOPES)
        try:
            signed_in_at = datetime.fromisoformat(moment).astimezone(UTC) if moment else None
            return SignIn(SecretStr(token), signed_in_at, tuple(map(str, scopes)), store)
        except (ValueError, TypeError):
            pass
    raise ValueError("not a sign-in")


def sign_in_age(sign_in: SignIn, at: datetime) -> timedelta | None:
    """Time since the person signed in; None when the date is unknown."""
    return None if sign_in.signed_in_at is None else at - sign_in.signed_in_at


def sign_in_warning(sign_in: SignIn, at: datetime) -> str | None:
    """From day 150, a sentence that says when the sign-in ends and what to do; otherwise None."""
    age = sign_in_age(sign_in, at)
    if age is None or age < WARN_FROM or sign_in.signed_in_at is None:
        return None
    return f"The Spotify sign-in is {age.days} days old and ends about {sign_in.signed_in_at + LIFETIME:%Y-%m-%d}. {SIGN_IN_AGAIN}"


def sign_in_words(sign_in: SignIn, now: datetime) -> str:
    """A sign-in's age, and until when it is good."""
    age = sign_in_age(sign_in, now)
    if age is None or sign_in.signed_in_at is None:
        return "by a refresh token of unknown age; it ends six months after you signed in."
    warning = sign_in_warning(sign_in, now)
    return warning or f"{age.days} days old, good until about {sign_in.signed_in_at + LIFETIME:%Y-%m-%d}."


def _missing(settings: Settings) -> list[str]:
    keys = ("spotify_client_id", "spotify_client_secret")
    return [PREFIX + key.upper() for key in keys if not getattr(settings, key)]
