"""The person's sign-in: where it is kept and how old it is.

Signing in is `login`'s, exchanging the sign-in for access tokens is `tokens`'. The refresh token comes from the settings
or from `<home>/spotify.json` (mode 0600). It dies six months after the person signed in, and refreshing does not extend
it (developer.spotify.com, 2026), so its date is kept and warnings start at day 150.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from beatporter.errors import SettingsError
from beatporter.settings import PREFIX, Settings

SCOPES = ("playlist-read-private", "playlist-modify-private", "playlist-modify-public")
FILE = "spotify.json"
LIFETIME = timedelta(days=180)
WARN_FROM = timedelta(days=150)
AGAIN = "Run `beatporter login` and sign in once more."


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in as it is kept."""

    refresh_token: SecretStr
    signed_in_at: datetime | None
    """Aware, UTC; None when a refresh token was set without its date."""
    scopes: tuple[str, ...] = SCOPES
    kept_in_file: bool = True


def sign_in_path(settings: Settings) -> Path:
    return settings.home / FILE


def load_sign_in(settings: Settings) -> SignIn:
    """The sign-in to use: the settings' refresh token, else the file's.

    Raises:
        SettingsError: naming every missing credential and where to get it, or a file that cannot be read.
    """
    stored = _read_file(sign_in_path(settings))
    given = settings.spotify_refresh_token
    if given is not None and given.get_secret_value():
        same = stored is not None and stored.refresh_token == given
        return stored if same and stored is not None else SignIn(given, None, kept_in_file=False)
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
    return settings.spotify_client_id, settings.spotify_client_secret


def save_sign_in(settings: Settings, sign_in: SignIn) -> Path:
    """Write the sign-in to `<home>/spotify.json`, mode 0600, whole or not at all.

    Raises:
        SettingsError: the folder cannot be written.
    """
    path = sign_in_path(settings)
    document = {
        "refresh_token": sign_in.refresh_token.get_secret_value(),
        "signed_in_at": sign_in.signed_in_at.isoformat() if sign_in.signed_in_at else None,
        "scopes": list(sign_in.scopes),
    }
    draft = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600, exist_ok=False)  # before the secret is in it, not after
        draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise SettingsError(
            f"The sign-in could not be written to {path}: {error.strerror}.", "Make BEATPORTER_HOME a writable folder."
        ) from None
    return path


def sign_in_age(sign_in: SignIn, at: datetime) -> timedelta | None:
    """Time since the person signed in; None when the date is not known."""
    return None if sign_in.signed_in_at is None else at - sign_in.signed_in_at


def sign_in_warning(sign_in: SignIn, at: datetime) -> str | None:
    """From day 150 on a sentence that says when the sign-in ends and what to do; else None."""
    age = sign_in_age(sign_in, at)
    if age is None or age < WARN_FROM or sign_in.signed_in_at is None:
        return None
    return f"The Spotify sign-in is {age.days} days old and ends about {sign_in.signed_in_at + LIFETIME:%Y-%m-%d}. {AGAIN}"


def _missing(settings: Settings) -> list[str]:
    keys = ("spotify_client_id", "spotify_client_secret")
    return [PREFIX + key.upper() for key in keys if not getattr(settings, key)]


def _read_file(path: Path) -> SignIn | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        moment = document["signed_in_at"]
        signed_in_at = datetime.fromisoformat(moment).astimezone(UTC) if moment else None
        return SignIn(SecretStr(document["refresh_token"]), signed_in_at, tuple(document.get("scopes", SCOPES)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = error.strerror if isinstance(error, OSError) else "it is no sign-in"
    raise SettingsError(f"The sign-in in {path} cannot be read: {problem}.", AGAIN)
