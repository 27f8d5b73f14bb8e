"""Writes beatporter.toml: keys and tables that a command chose, into a new file or into the person's own, whose comments stay."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Item

from beatporter.errors import SettingsError


def settings_text(values: Mapping[str, Any], existing: str = "", *, title: str = "") -> str:
    """The file's text with these settings; keys of the existing text that are not among them stay as they are.

    Args:
        values: plain values, and tables as mappings; a table's entries may be mappings too.
        existing: valid TOML.
        title: a comment for the top of a new file.
    """
    document = tomlkit.parse(existing)
    if title and not existing:
        document.add(tomlkit.comment(title))
    for key, value in values.items():
        if isinstance(value, Mapping):
            document.pop(key, None)
            document.add(key, _table(key, value))
        else:
            document[key] = value
    return tomlkit.dumps(document)


def _table(name: str, entries: Mapping[str, Any]) -> Item:
    """A table whose entries are lines, or for [playlists] tables of their own: they have more keys than a line holds."""
    table = tomlkit.table(is_super_table=name == "playlists")
    for key, entry in entries.items():
        if not isinstance(entry, Mapping):
            table.add(key, entry)
            continue
        made = tomlkit.table() if name == "playlists" else tomlkit.inline_table()
        made.update(entry)
        table.add(key, made)
    return table


def read_settings_text(path: Path) -> str:
    """The file's text; empty when there is no file.

    Raises:
        SettingsError: it cannot be read, or is not TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tomllib.loads(text)
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.", "Correct it, or move it away.") from None
    return text


def write_settings_text(path: Path, text: str) -> None:
    """Write the file completely or not at all.

    Raises:
        SettingsError: it cannot be written; an existing file is unchanged.
    """
    draft = path.with_name(f"{path.name}.new")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}.", "Free disk space, or run this in a folder of your own."
        ) from None
