"""The sign-in in a Prefect block of type Secret: found by the name that the settings hold, renewed where it lies.

Prefect is imported when a block is opened, not before: most people's sign-in is a file.
"""

from __future__ import annotations

import re
from typing import Any

import httpx
from pydantic import SecretStr

from beatporter.errors import SettingsError
from beatporter.settings import Settings
from beatporter.spotify.sign_in import BLOCK_PREFIX, SignIn, SignInStore, block_name, document_of, read_document

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
SERVER = "Is Prefect's server up, and PREFECT_API_URL its address?"


class SecretBlock:
    """A sign-in in the block `secret/<name>`: as `beatporter login --block` writes it, or a bare refresh token from Prefect's UI.

    Args:
        name: the block's; lower-case letters, digits and dashes.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def check(self) -> None:
        """See that the block can be written, before anybody signs in for it.

        Raises:
            SettingsError: Prefect takes no such name, or its server does not answer.
        """
        if not _NAME.fullmatch(self._name):
            what = f"A Prefect block cannot be named {self._name!r}."
            raise SettingsError(what, "Use lower-case letters, digits and dashes.")
        self._value()

    def load(self) -> SignIn | None:
        """The block's sign-in; None when there is no such block."""
        value = self._value()
        if value is None:
            return None
        try:
            return SignIn(SecretStr(value), None, store=self) if isinstance(value, str) and value else read_document(value, self)
        except ValueError:
            remedy = f"Run `beatporter login --block {self._name}`."
        raise SettingsError(f"The Prefect block {BLOCK_PREFIX}{self._name} holds no sign-in.", remedy)

    def _value(self) -> Any:
        """What the block holds; None when there is no such block."""
        return secret_value(self._name)

    def save(self, sign_in: SignIn) -> str:
        """Write the block, or make it; returns its name in words."""
        try:
            _secret()(value=document_of(sign_in)).save(self._name, overwrite=True)
        except httpx.HTTPError as error:
            problem = type(error).__name__
        else:
            return f"the Prefect block {BLOCK_PREFIX}{self._name}"
        raise SettingsError(f"The sign-in could not be written to the Prefect block {BLOCK_PREFIX}{self._name}: {problem}.", SERVER)


def secret_value(name: str) -> Any:
    """What the Prefect block `secret/<name>` holds; None when there is no such block.

    Raises:
        SettingsError: Prefect's server does not answer.
    """
    try:
        return _secret().load(name).get()
    except ValueError:  # Prefect's word for a block that is not there
        return None
    except httpx.HTTPError as error:
        problem = type(error).__name__
    raise SettingsError(f"The Prefect block {BLOCK_PREFIX}{name} cannot be read: {problem}.", SERVER)


def open_store(settings: Settings) -> SignInStore | None:
    """The block that the settings name; None when the sign-in is the settings' own or in the file."""
    name = block_name(settings)
    return None if name is None else SecretBlock(name)


def _secret() -> Any:
    from prefect.blocks.system import Secret

    return Secret
