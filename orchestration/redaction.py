"""Removes secrets from the messages of foreign errors before a run shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import SecretStr

from beatporter.beatport.sign_in import AccountFile, account_path
from beatporter.errors import BeatporterError
from beatporter.settings import load_settings
from beatporter.spotify.sign_in import FileStore, sign_in_path

HIDDEN = "********"
_SEEN: set[str] = set()
"""Secrets that this process has read from blocks; the settings hold only the blocks' names."""
MIN_SECRET_CHARACTERS = 6
"""Shorter values are not searched for; hiding every "a" would hide the message."""
_BY_SHAPE = re.compile(
    r"(?P<address>(?<=://)[^/\s@]+(?=@))"  # user and password of an address
    r"|(?P<header>(?<=bearer )\S+|(?<=basic )\S+)"
    r"|(?P<named>(?<=token=)[^\s&'\"]+|(?<=secret=)[^\s&'\"]+|(?<=password=)[^\s&'\"]+|(?<=[?&]code=)[^\s&'\"]+)",
    re.IGNORECASE,
)


def hide(secret: str) -> None:
    """Hide this text everywhere from now on."""
    _SEEN.add(secret)


def without_secrets(text: str) -> str:
    """The text without our secrets and anything that looks like one: an address's password, a bearer token, `token=…`."""
    for secret in sorted(set(_secrets()), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _BY_SHAPE.sub(HIDDEN, text)


def _secrets() -> Iterator[str]:
    """All secrets in blocks, settings and the sign-in's file; only those in blocks if the others cannot be read, which another
    error reports."""
    yield from (value for value in _SEEN if len(value) >= MIN_SECRET_CHARACTERS)
    try:
        settings = load_settings()
        given = [getattr(settings, name) for name in type(settings).model_fields]
        values = [value.get_secret_value() for value in given if isinstance(value, SecretStr)]
        values.append(urlsplit(settings.database).password or "")
        sign_in = FileStore(sign_in_path(settings)).load()
        values.append(sign_in.refresh_token.get_secret_value() if sign_in else "")
        account = AccountFile(account_path(settings)).load()
        tokens = (account.access_token, account.refresh_token) if account else ()
        values += [token.get_secret_value() for token in tokens if token is not None]
    except (BeatporterError, ValueError):
        return
    yield from (value for value in values if len(value) >= MIN_SECRET_CHARACTERS)
