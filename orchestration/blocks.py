"""Reads settings from Prefect's blocks: the sign-ins, which are renewed there, other secrets, and a bucket of prefect-gcp.

Imports Prefect only when a block is opened: most people keep their sign-in in a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr

from beatporter.beatport.sign_in import BLOCK_TYPE, SIGN_IN_AGAIN, BeatportSignIn, account_block, account_document, read_account
from beatporter.errors import SettingsError, UpstreamDown
from beatporter.settings import BLOCK_PREFIX, Settings
from beatporter.settings_sources import PREFIX
from beatporter.spotify.sign_in import SIGN_IN_PREFIX, SignIn, SignInStore, block_name, read_document
from orchestration.redaction import hide

if TYPE_CHECKING:
    from beatporter.ledger.archive_storage import Access
    from orchestration.block_types import SpotifyApp
    from orchestration.sign_in_block import BeatportAccount, SpotifySignIn

Answer = TypeVar("Answer")

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
BUCKET_BLOCK = "gcs-bucket/"
APP_BLOCK = "spotify-app/"
NAMED_SECRETS = ("spotify_client_secret", "beatport_token")
"""Settings that may name a block of type Secret. The refresh token (`open_store`) and the database (`open_ledger_of`) may as well."""
ACCOUNT_DATES = {"ends_at", "signed_in_at", "renewed_at", "refused_at"}
SERVER = "Is Prefect's server up, and PREFECT_API_URL its address?"


class SignInBlock:
    """A sign-in in the block `spotify-sign-in/<name>`. `beatporter login --block` writes it.

    The older block `secret/<name>` is read as well, with what an older `beatporter login --block` wrote or with a
    bare token from Prefect's UI. Prefect's pages showed the former unmasked, so saving a sign-in removes it.

    Args:
        name: of the block; lower-case letters, digits and dashes.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.removed = ""
        """The Secret block that the last `save` removed because it showed a token; empty if there was none."""

    def check(self) -> None:
        """Check that the block can be written, before anybody signs in for it.

        Raises:
            SettingsError: Prefect takes no such name.
            UpstreamDown: Prefect's server does not answer.
        """
        if not _NAME.fullmatch(self._name):
            what = f"A Prefect block cannot be named {self._name!r}."
            raise SettingsError(what, "Use lower-case letters, digits and dashes.")
        _read(f"{SIGN_IN_PREFIX}{self._name}", self._block)

    def load(self) -> SignIn | None:
        """The block's sign-in; None when there is no such block."""
        block = _read(f"{SIGN_IN_PREFIX}{self._name}", self._block)
        if block is not None and block.refresh_token.get_secret_value():
            return SignIn(block.refresh_token, block.signed_in_at, tuple(block.scopes), self)
        value = secret_value(self._name)
        if value is None:
            return None
        try:
            return SignIn(SecretStr(value), None, store=self) if isinstance(value, str) and value else read_document(value, self)
        except ValueError:
            remedy = f"Run `beatporter login --block {self._name}`."
        raise SettingsError(f"The Prefect block {BLOCK_PREFIX}{self._name} holds no sign-in.", remedy)

    def save(self, sign_in: SignIn) -> str:
        """Write the block, or make it, and remove a Secret block of that name that shows a token; returns the block's name in words."""
        from orchestration.sign_in_block import SpotifySignIn

        block = SpotifySignIn(refresh_token=sign_in.refresh_token, signed_in_at=sign_in.signed_in_at, scopes=list(sign_in.scopes))
        _asked(
            lambda: block.save(self._name, overwrite=True),
            f"The sign-in could not be written to the Prefect block {SIGN_IN_PREFIX}{self._name}",
        )
        self._remove_shown()
        return f"the Prefect block {SIGN_IN_PREFIX}{self._name}"

    def _block(self) -> SpotifySignIn | None:
        from orchestration.sign_in_block import SpotifySignIn

        try:
            loaded: Any = SpotifySignIn.load(self._name)
        except ValueError:  # Prefect's word for a block that is not there
            return None
        found: SpotifySignIn = loaded
        return found

    def _remove_shown(self) -> None:
        """Remove a Secret block with a document in it. A plain text is masked, and need not be a sign-in at all."""
        self.removed = ""
        value = secret_value(self._name)
        if isinstance(value, Mapping) and "refresh_token" in value:
            _read(f"{BLOCK_PREFIX}{self._name}", lambda: _secret().delete(self._name))
            self.removed = f"{BLOCK_PREFIX}{self._name}"


class AppBlock:
    """The sign-in in the block `spotify-app/<name>`, beside its app's id and secret.

    Args:
        name: the block's.
        settings: give id and secret to a block that has none yet.
    """

    def __init__(self, name: str, settings: Settings | None = None) -> None:
        self._name, self._settings = name, settings

    def check(self) -> None:
        """See that the block can be read, before anybody signs in for it.

        Raises:
            SettingsError: Prefect takes no such name.
            UpstreamDown: Prefect's server does not answer.
        """
        if not _NAME.fullmatch(self._name):
            raise SettingsError(f"A Prefect block cannot be named {self._name!r}.", "Use lower-case letters, digits and dashes.")
        self.block()

    def block(self) -> SpotifyApp | None:
        """The block; None when there is none.

        Raises:
            UpstreamDown: Prefect's server does not answer.
            SettingsError: it refuses.
        """
        return _read(f"{APP_BLOCK}{self._name}", self._loaded)

    def load(self) -> SignIn | None:
        """The block's sign-in; None when there is none."""
        block = self.block()
        if block is None or block.refresh_token is None or not block.refresh_token.get_secret_value():
            return None
        return SignIn(block.refresh_token, block.signed_in_at, tuple(block.scopes), self)

    def save(self, sign_in: SignIn) -> str:
        """Write the sign-in into the block, or make the block; returns its name in words."""
        from orchestration.block_types import SpotifyApp

        block = self.block() or SpotifyApp()
        if self._settings is not None and not block.client_id and self._settings.spotify_client_secret:
            block.client_id, block.client_secret = self._settings.spotify_client_id, self._settings.spotify_client_secret
        block.refresh_token, block.signed_in_at, block.scopes = sign_in.refresh_token, sign_in.signed_in_at, list(sign_in.scopes)
        _asked(
            lambda: block.save(self._name, overwrite=True),
            f"The sign-in could not be written to the Prefect block {APP_BLOCK}{self._name}",
        )
        return f"the Prefect block {APP_BLOCK}{self._name}"

    def _loaded(self) -> SpotifyApp | None:
        from orchestration.block_types import SpotifyApp

        try:
            loaded: Any = SpotifyApp.load(self._name)
        except ValueError:  # Prefect's word for a block that is not there
            return None
        found: SpotifyApp = loaded
        return found


class AccountBlock:
    """A sign-in to Beatport in the block `beatport-account/<name>`, which `beatporter login beatport --block` writes.

    Args:
        name: the block's.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def load(self) -> BeatportSignIn | None:
        """The block's sign-in; None when there is no such block."""
        block = self._block()
        if block is None:
            return None
        document = {**block.model_dump(include=ACCOUNT_DATES), "client_id": block.client_id}
        document |= {key: getattr(block, key).get_secret_value() or None for key in ("access_token", "refresh_token")}
        try:
            return read_account({key: _text(value) for key, value in document.items()}, self)
        except ValueError:
            problem = SettingsError(f"The Prefect block {BLOCK_TYPE}{self._name} holds no sign-in.", SIGN_IN_AGAIN)
        raise problem

    def save(self, sign_in: BeatportSignIn) -> str:
        """Write the block, or make it; returns its name in words."""
        from orchestration.sign_in_block import BeatportAccount

        if not _NAME.fullmatch(self._name):
            raise SettingsError(f"A Prefect block cannot be named {self._name!r}.", "Use lower-case letters, digits and dashes.")
        block = BeatportAccount(**_block_fields(sign_in))
        _asked(
            lambda: block.save(self._name, overwrite=True),
            f"The sign-in could not be written to the Prefect block {BLOCK_TYPE}{self._name}",
        )
        for secret in (sign_in.access_token, sign_in.refresh_token):
            hide(secret.get_secret_value() if secret else "")
        return f"the Prefect block {BLOCK_TYPE}{self._name}"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps the processes of this machine, and in a deployment's run all workers, from renewing it at once."""
        from orchestration.limits import only_renewer

        with only_renewer(self._name):
            yield

    def _block(self) -> BeatportAccount | None:
        found = _read(f"{BLOCK_TYPE}{self._name}", self._loaded)
        if found is None:
            return None
        for secret in (found.access_token, found.refresh_token):
            hide(secret.get_secret_value())
        return found

    def _loaded(self) -> BeatportAccount | None:
        from orchestration.sign_in_block import BeatportAccount

        try:
            loaded: Any = BeatportAccount.load(self._name)
        except ValueError:  # Prefect's word for a block that is not there
            return None
        found: BeatportAccount = loaded
        return found


def open_account_store(settings: Settings) -> AccountBlock | None:
    """The block that the settings name for the sign-in to Beatport; None when it is in the file or the settings' own."""
    name = account_block(settings)
    return None if name is None else AccountBlock(name)


def _block_fields(sign_in: BeatportSignIn) -> dict[str, Any]:
    return {key: "" if key == "refresh_token" and value is None else value for key, value in account_document(sign_in).items()}


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def secret_value(name: str) -> Any:
    """What the Prefect block `secret/<name>` holds; None when there is no such block.

    Raises:
        UpstreamDown: Prefect's server does not answer.
        SettingsError: it refuses.
    """

    def load() -> Any:
        try:
            return _secret().load(name).get()
        except ValueError:  # Prefect's word for a block that is not there
            return None

    return _read(f"{BLOCK_PREFIX}{name}", load)


def with_secrets(settings: Settings) -> Settings:
    """The settings with the secrets in the place of the blocks that they name.

    Raises:
        SettingsError: there is no such block, or it holds no text.
        UpstreamDown: Prefect's server does not answer.
    """
    found: dict[str, Any] = {key: _read_secret(key, block) for key, block in _named(settings).items()}
    found |= _app_of(settings.spotify_app) if settings.spotify_app else {}
    return settings.model_copy(update=found) if found else settings


def _app_of(name: str) -> dict[str, Any]:
    """The app's id and secret in a block; nothing where the block has none yet, which the sign-in's error explains."""
    block = AppBlock(name).block()
    if block is None or not block.client_id:
        return {}
    hide(block.client_secret.get_secret_value())
    if block.refresh_token is not None:
        hide(block.refresh_token.get_secret_value())
    return {"spotify_client_id": block.client_id, "spotify_client_secret": block.client_secret}


def names_a_block(settings: Settings) -> bool:
    """Whether Prefect is needed to read the settings."""
    return (
        bool(settings.spotify_app or _named(settings))
        or block_name(settings) is not None
        or account_block(settings) is not None
        or settings.ledger_address().startswith(BLOCK_PREFIX)
    )


def _named(settings: Settings) -> dict[str, str]:
    """The block of each setting that names one in the place of its secret."""
    given = {key: value.get_secret_value() for key in NAMED_SECRETS if (value := getattr(settings, key)) is not None}
    return {key: text.removeprefix(BLOCK_PREFIX) for key, text in given.items() if text.startswith(BLOCK_PREFIX)}


def _read_secret(key: str, block: str) -> SecretStr:
    value = secret_value(block)
    if isinstance(value, str) and value:
        hide(value)
        return SecretStr(value)
    what = f"{PREFIX}{key.upper()} names the Prefect block {BLOCK_PREFIX}{block}, " + (
        "which is not there." if value is None else "which holds no text."
    )
    raise SettingsError(what, "Make it in Prefect's UI, of type Secret, with the secret as its value.")


def open_store(settings: Settings) -> SignInStore | None:
    """The block that the settings name; None when the sign-in is the settings' own or in the file."""
    if settings.spotify_app:
        return AppBlock(settings.spotify_app)
    name = block_name(settings)
    return None if name is None else SignInBlock(name)


def _read(block: str, ask: Callable[[], Answer]) -> Answer:
    """Ask Prefect's server about a block, see `_asked`."""
    return _asked(ask, f"The Prefect block {block} cannot be read")


def _asked(ask: Callable[[], Answer], problem: str) -> Answer:
    """Ask Prefect's server. A run waits for one that is away, see `patiently`; nobody has to correct anything then.

    Args:
        problem: what could not be done, without its reason.

    Raises:
        UpstreamDown: it does not answer.
        SettingsError: it refuses.
    """
    import httpx  # with Prefect, and not for commands that use no block

    from orchestration.server import is_away, patiently

    try:
        return patiently(ask)
    except (httpx.HTTPError, RuntimeError) as error:  # the latter when Prefect has no address of a server
        kind, away = type(error).__name__, is_away(error)
    # Raised here: what httpx raises holds the request, and that the sign-in to Prefect's server.
    if away:
        raise UpstreamDown(f"{problem}: Prefect's server does not answer ({kind}).", SERVER, outcome_unknown=False)
    raise SettingsError(f"{problem}: {kind}.", SERVER)


def _secret() -> Any:
    from prefect.blocks.system import Secret

    return Secret


def load_bucket(name: str) -> Any:
    """The block `gcs-bucket/<name>` of prefect-gcp.

    Raises:
        SettingsError: there is none.
        UpstreamDown: Prefect's server does not answer.
    """
    from prefect_gcp import GcsBucket  # 155 MB, so only where a bucket block is named

    try:
        return _read(f"{BUCKET_BLOCK}{name}", lambda: GcsBucket.load(name))
    except ValueError:  # Prefect's word for a block that is not there
        remedy = "Make it in Prefect's UI under Blocks, or name a folder or gs://bucket/prefix."
    raise SettingsError(f"BEATPORTER_ARCHIVE names the block {BUCKET_BLOCK}{name}, which is not there.", remedy)


def bucket_access(bucket: Any) -> Access:
    """A token of the block's service account, and when it ends; it is asked for again in time."""
    from google.auth.transport.requests import Request

    from beatporter.ledger.archive_storage import Access, gcs_filesystem

    credentials = bucket.gcp_credentials.get_credentials_from_service_account()
    credentials.refresh(Request())
    ends_at = credentials.expiry.replace(tzinfo=UTC)
    return Access(gcs_filesystem(access_token=credentials.token, token_expires_at=ends_at), ends_at)
