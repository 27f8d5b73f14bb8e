"""The person's sign-in to Beatport: reads what they paste, stores it, and knows its end.

The person signs in at Beatport's API documentation page and copies the JSON that the page received. Together with its client id it
is stored in `<home>/beatport.json` (mode 0600) or in a Prefect block. `tokens` renews it. No client id is embedded or fetched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from beatporter.errors import SettingsError
from beatporter.home import make_home
from beatporter.http.content import decode_json
from beatporter.private_file import write_private
from beatporter.settings import Settings

FILE = "beatport.json"
BLOCK_TYPE = "beatport-account/"
"""A `beatport_token` with this prefix names the Prefect block that holds the sign-in."""
SIGN_IN_AGAIN = "Sign in once more with `beatporter login beatport`; docs/beatport-sign-in.md has the steps."
SHORTEST_LIFE_S = 900
"""A token with a shorter life is a page's session: the site's own tokens last ten minutes, the documentation page's ten hours."""
USUAL_LIFE_S = 36_000
_LONGEST_LIFE_S = 400 * 86_400
WARN_BEFORE = timedelta(hours=2)
"""Warn this long before the end of a sign-in that cannot be renewed."""
UNUSED_FOR = timedelta(days=14)
"""Beatport may refuse a sign-in that was not renewed for this long; it does not publish the life of a refresh token."""
_SESSION_KEYS = frozenset({"accessToken", "refreshToken", "accessTokenExpires", "accessTokenExpiresIn", "user", "expires", "anon"})
"""Field names of the site's own session."""
_LARGEST_PASTE = 100_000


class AccountStore(Protocol):
    """A store for one sign-in to Beatport."""

    def load(self) -> BeatportSignIn | None:
        """The sign-in, if there is one.

        Raises:
            SettingsError: the content is not a sign-in, or cannot be read.
        """

    def save(self, sign_in: BeatportSignIn) -> str:
        """Replace the stored sign-in; returns its place in words.

        Raises:
            SettingsError: it could not be written.
        """

    def alone(self) -> AbstractContextManager[object]:
        """Keep other processes from renewing this sign-in in the block.

        Raises:
            SettingsError: the lock cannot be taken.
        """


@dataclass(frozen=True, slots=True)
class BeatportSignIn:
    """A stored sign-in.

    Attributes:
        refresh_token: None if it cannot be renewed.
        client_id: the id that the tokens were issued to; empty if it cannot be renewed.
        ends_at: end of the access token, aware UTC.
        signed_in_at: when the person pasted it.
        renewed_at: when it was last renewed.
        refused_at: when Beatport refused to renew it; we do not ask again until the person signs in.
    """

    access_token: SecretStr
    refresh_token: SecretStr | None
    client_id: str
    ends_at: datetime
    signed_in_at: datetime
    renewed_at: datetime | None = None
    refused_at: datetime | None = None
    store: AccountStore | None = field(default=None, compare=False, repr=False)

    @property
    def can_be_renewed(self) -> bool:
        return self.refresh_token is not None and bool(self.client_id)


def account_path(settings: Settings) -> Path:
    return settings.home / FILE


def account_block(settings: Settings) -> str | None:
    """The Prefect block of type Beatport Account that the settings name, if any."""
    given = settings.beatport_token.get_secret_value() if settings.beatport_token else ""
    return given.removeprefix(BLOCK_TYPE) if given.startswith(BLOCK_TYPE) else None


def read_pasted(text: str, client_id: str, now: datetime) -> BeatportSignIn:
    """Read the sign-in that a person copied from Beatport's API documentation page.

    Args:
        text: JSON with access_token, refresh_token and expires_in.
        client_id: the id that it was issued to.
        now: the time of pasting.

    Raises:
        SettingsError: it is not JSON, something else, or a session of the site; the message says what to copy, without the text.
    """
    document = _decode(text)
    _refuse_session(document)
    access, refresh, life = document.get("access_token"), document.get("refresh_token"), document.get("expires_in")
    if not _is_token(access):
        raise SettingsError("What was pasted has no access_token.", _COPY)
    if refresh is not None and not _is_token(refresh):
        raise SettingsError("The refresh_token in what was pasted is not valid.", _COPY)
    life_s = life if isinstance(life, int | float) and not isinstance(life, bool) and 0 < life <= _LONGEST_LIFE_S else USUAL_LIFE_S
    if life_s <= SHORTEST_LIFE_S:
        raise SettingsError(
            f"What was pasted is a session token of Beatport's website: it expires {life_s / 60:.0f} minutes after it was made.",
            f"Beatporter needs the one that the API's documentation page gets, which lasts ten hours and can be renewed. {_COPY}",
        )
    _refuse_others(document, str(access))
    client_id = client_id.strip()
    if not client_id or not client_id.isascii() or not client_id.isalnum() or len(client_id) > 200:
        raise SettingsError("The client id is missing, or has invalid characters.", "Copy it from the same request as the token. " + _COPY)
    ends_at = now + timedelta(seconds=life_s)
    stated = document.get("expires_at")
    if isinstance(stated, int | float) and not isinstance(stated, bool) and 0 < stated < 2**33:
        ends_at = min(ends_at, datetime.fromtimestamp(stated, UTC))
    if ends_at <= now and refresh is None:
        raise SettingsError(f"What was pasted ended at {ends_at:%Y-%m-%d %H:%M} UTC.", _COPY)
    return BeatportSignIn(SecretStr(str(access)), SecretStr(refresh) if refresh else None, client_id, ends_at, now)


_COPY = "docs/beatport-sign-in.md shows step by step what to copy."


def _decode(text: str) -> Mapping[str, Any]:
    text = text.strip()
    if not text:
        raise SettingsError("Nothing was pasted.", _COPY)
    try:
        document = decode_json(text) if len(text) <= _LARGEST_PASTE else None
    except ValueError:
        document = None
    if isinstance(document, Mapping):
        return document
    if _is_token(text.removeprefix("Bearer ").strip('"')):
        raise SettingsError("What was pasted is a bare token, which cannot be renewed.", f"Copy the whole answer, from {{ to }}. {_COPY}")
    raise SettingsError("What was pasted is not a JSON object.", f"Copy the whole answer, from {{ to }}. {_COPY}")


def _refuse_session(document: Mapping[str, Any]) -> None:
    inner = document.get("token")
    if "access_token" not in document and (document.keys() & _SESSION_KEYS or isinstance(inner, Mapping)):
        raise SettingsError(
            "What was pasted is the session of Beatport's website, whose token ends after ten minutes.",
            f"Beatporter needs the one that the API's documentation page gets, which lasts ten hours and can be renewed. {_COPY}",
        )


def _refuse_others(document: Mapping[str, Any], access: str) -> None:
    kind, scope = str(document.get("token_type", "Bearer")), str(document.get("scope", ""))
    if kind.lower() != "bearer" or "playlist" in scope or "user-read" in scope or access.startswith(("BQ", "AQ")):
        raise SettingsError("What was pasted is a token of another service.", f"Beatport's is wanted here. {_COPY}")


def _is_token(value: object) -> bool:
    return (
        isinstance(value, str) and 8 <= len(value) <= 8_000 and value.isascii() and value.isprintable() and not set(value) & set(" \"'{}<>")
    )


class AccountFile:
    """A sign-in in a file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> BeatportSignIn | None:
        """The file's sign-in; None without a file."""
        try:
            return read_account(json.loads(self._path.read_text(encoding="utf-8")), self)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            problem = error.strerror if isinstance(error, OSError) else "it is not a sign-in"
        raise SettingsError(f"The sign-in in {self._path} cannot be read: {problem}.", SIGN_IN_AGAIN)

    def save(self, sign_in: BeatportSignIn) -> str:
        """Write the file atomically, mode 0600; returns its path."""
        try:
            write_private(self._path, json.dumps(account_document(sign_in), indent=2) + "\n")
        except OSError as error:
            problem = error.strerror
        else:
            return str(self._path)
        raise SettingsError(f"The sign-in could not be written to {self._path}: {problem}.", "Make BEATPORTER_HOME a writable folder.")

    def alone(self) -> AbstractContextManager[object]:
        """Hold the file's lock; the system releases a dead process's lock."""
        from filelock import FileLock  # `beatporter status` only reads the file, and does not wait for 21 modules

        try:
            make_home(self._path.parent)
            return FileLock(f"{self._path}.lock", mode=0o600, poll_interval=0.05).acquire()
        except OSError as error:
            raise SettingsError(f"{self._path} cannot be locked: {error.strerror}.", "Make BEATPORTER_HOME a writable folder.") from None


def account_document(sign_in: BeatportSignIn) -> dict[str, Any]:
    """Encode a sign-in for a store, with its secrets."""
    return {
        "access_token": sign_in.access_token.get_secret_value(),
        "refresh_token": sign_in.refresh_token.get_secret_value() if sign_in.refresh_token else None,
        "client_id": sign_in.client_id,
        "ends_at": sign_in.ends_at.isoformat(),
        "signed_in_at": sign_in.signed_in_at.isoformat(),
        "renewed_at": sign_in.renewed_at.isoformat() if sign_in.renewed_at else None,
        "refused_at": sign_in.refused_at.isoformat() if sign_in.refused_at else None,
    }


def read_account(document: object, store: AccountStore) -> BeatportSignIn:
    """Decode a store's content.

    Raises:
        ValueError: it is not a sign-in; the message does not repeat the content.
    """
    try:
        if isinstance(document, Mapping) and _is_token(document["access_token"]):
            refresh, renewed, refused = (document.get(key) for key in ("refresh_token", "renewed_at", "refused_at"))
            return BeatportSignIn(
                SecretStr(document["access_token"]),
                SecretStr(refresh) if isinstance(refresh, str) and refresh else None,
                str(document.get("client_id") or ""),
                datetime.fromisoformat(document["ends_at"]).astimezone(UTC),
                datetime.fromisoformat(document["signed_in_at"]).astimezone(UTC),
                datetime.fromisoformat(renewed).astimezone(UTC) if renewed else None,
                datetime.fromisoformat(refused).astimezone(UTC) if refused else None,
                store,
            )
    except (KeyError, TypeError, ValueError):
        pass
    raise ValueError("no sign-in")


def open_account(settings: Settings, store: AccountStore | None = None) -> BeatportSignIn | None:
    """The sign-in that runs use, if any.

    Args:
        store: the block that the settings name; None for the file.

    Raises:
        SettingsError: it cannot be read.
    """
    if account_block(settings) is not None and store is None:
        raise SettingsError(
            f"BEATPORTER_BEATPORT_TOKEN names the Prefect block {BLOCK_TYPE}{account_block(settings)}, which is not open here."
        )
    return (store or AccountFile(account_path(settings))).load()


def uses_account(settings: Settings) -> bool:
    """Whether the API's token comes from a sign-in, not from the settings themselves."""
    given = settings.beatport_token.get_secret_value().strip() if settings.beatport_token else ""
    return not given or given.startswith(BLOCK_TYPE)


def account_warning(sign_in: BeatportSignIn, now: datetime) -> str | None:
    """The warning before or after the sign-in's end; None while it is not needed."""
    if sign_in.refused_at is not None:
        return f"Beatport refused to renew the sign-in at {sign_in.refused_at:%Y-%m-%d %H:%M} UTC. {SIGN_IN_AGAIN}"
    if sign_in.can_be_renewed:
        last = sign_in.renewed_at or sign_in.signed_in_at
        if now - last > UNUSED_FOR:
            days = (now - last).days
            return f"The Beatport sign-in was not renewed for {days} days and may be refused now. {SIGN_IN_AGAIN}"
        return None
    if now >= sign_in.ends_at:
        return f"The Beatport sign-in ended at {sign_in.ends_at:%Y-%m-%d %H:%M} UTC and cannot be renewed. {SIGN_IN_AGAIN}"
    if sign_in.ends_at - now <= WARN_BEFORE or now - sign_in.signed_in_at < timedelta(days=1):
        until = f"{sign_in.ends_at:%Y-%m-%d %H:%M} UTC"
        return f"The Beatport sign-in ends at {until} and cannot be renewed: it has no refresh token. {SIGN_IN_AGAIN}"
    return None
