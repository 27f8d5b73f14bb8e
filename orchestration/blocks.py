"""What the settings may keep in Prefect's blocks: the sign-in and an address in blocks of type Secret, a bucket in one of prefect-gcp.

Prefect is imported when a block is opened, not before: most people's sign-in is a file.
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

import httpx
from pydantic import SecretStr

from beatporter.errors import SettingsError
from beatporter.settings import Settings
from beatporter.spotify.sign_in import BLOCK_PREFIX, SignIn, SignInStore, block_name, document_of, read_document

if TYPE_CHECKING:
    from beatporter.ledger.archive_place import Access

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
BUCKET_BLOCK = "gcs-bucket/"
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


def load_bucket(name: str) -> Any:
    """The block `gcs-bucket/<name>` of prefect-gcp.

    Raises:
        SettingsError: there is none, or Prefect's server does not answer.
    """
    from prefect_gcp import GcsBucket  # 155 MB, so only where a bucket block is named

    try:
        return GcsBucket.load(name)
    except ValueError:  # Prefect's word for a block that is not there
        problem, remedy = "there is none of that name", "Make it in Prefect's UI under Blocks, or name a folder or gs://bucket/prefix."
    except (httpx.HTTPError, RuntimeError) as error:  # the latter when a temporary server does not start
        problem, remedy = type(error).__name__, SERVER
    raise SettingsError(f"BEATPORTER_ARCHIVE names the block {BUCKET_BLOCK}{name}, which cannot be loaded: {problem}.", remedy)


def bucket_access(bucket: Any) -> Access:
    """A token of the block's service account, and when it ends; it is asked for again in time."""
    from google.auth.transport.requests import Request

    from beatporter.ledger.archive_place import Access, gcs_filesystem

    credentials = bucket.gcp_credentials.get_credentials_from_service_account()
    credentials.refresh(Request())
    ends_at = credentials.expiry.replace(tzinfo=UTC)
    return Access(gcs_filesystem(access_token=credentials.token, token_expires_at=ends_at), ends_at)
