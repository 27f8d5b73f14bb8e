"""Where settings come from: the environment and beatporter.toml. Refuses what neither knows, and explains what is wrong."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from beatporter.errors import SettingsError

PREFIX = "BEATPORTER_"
FILE = "beatporter.toml"
MAX_ECHO_CHARACTERS = 80
"""How much of a wrong value an error repeats, in characters."""
_USER = re.compile(r"(?<=://)[^@]*@")


def given() -> tuple[tuple[tuple[str, str], ...], bytes | int]:
    """What both sources hold now: our variables of the environment, and the file's content or why it cannot be read (errno)."""
    environment = tuple((name, value) for name, value in os.environ.items() if name.upper().startswith(PREFIX))
    try:
        return environment, Path(FILE).read_bytes()
    except OSError as error:
        return environment, error.errno or 0


def check_file() -> None:
    """Read the file once before pydantic does: pydantic ignores a folder, and reports anything else without our explanations."""
    try:
        with Path(FILE).open("rb") as file:
            tomllib.load(file)
    except FileNotFoundError:
        return
    except OSError as error:
        problem = SettingsError(f"{FILE} cannot be read: {error.strerror}.", "Make it a readable file, or move it away.")
    except UnicodeDecodeError as error:
        problem = SettingsError(f"{FILE} is not UTF-8: byte {error.start + 1} is not part of a character.", "Save it as UTF-8.")
    except tomllib.TOMLDecodeError as error:
        problem = SettingsError(f"{FILE} is not valid TOML: {error}.", "Correct that line.")
    except (ValueError, RecursionError):  # a number with thousands of digits, or deeply nested arrays
        problem = SettingsError(f"{FILE} holds a number with thousands of digits, or nests too deep.", "Correct it.")
    else:
        return
    raise problem


def refuse_unknown(fields: Collection[str]) -> None:
    """Otherwise a misspelt name would silently leave its setting at the default."""
    known = {f"{PREFIX}{name.upper()}" for name in fields}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            near = difflib.get_close_matches(name.upper()[: 2 * MAX_ECHO_CHARACTERS], known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "Unset it; the README lists the settings."
            raise SettingsError(f"{shortened(name)[1:-1]} in the environment is not a setting.", hint)


def refuse_gone() -> None:
    """Explain what replaced a removed setting, instead of ignoring it."""
    if os.environ.get(f"{PREFIX}STORAGE"):
        raise SettingsError(
            f"{PREFIX}STORAGE was removed: the ledger is now a database, not a folder of files.",
            f"Unset it. {PREFIX}DATABASE names the database (default: beatporter.db in the home folder), {PREFIX}ARCHIVE a folder "
            "or bucket for its archive. Import the old files with `beatporter ledger import FOLDER`.",
        )


def explain(error: ValidationError, fields: Collection[str], tables: Mapping[str, Collection[str]]) -> str:
    """What is wrong with the settings, in sentences.

    Args:
        fields: the names of all settings.
        tables: the keys of the entries of a table such as [charts], by its name.
    """
    return " ".join(_explain_one(dict(problem), fields, tables) for problem in error.errors(include_context=True, include_input=True))


def shortened(value: object) -> str:
    """A value as errors repeat it: quoted, shortened, without the user and password of an address."""
    text = repr(value[: 2 * MAX_ECHO_CHARACTERS] if isinstance(value, str) else _plain(value))
    text = _USER.sub("********@", text)
    return text if len(text) <= MAX_ECHO_CHARACTERS else f"{text[: MAX_ECHO_CHARACTERS - 1]}…"


def _plain(value: object) -> object:
    """The value, without the digits of a number that Python refuses to print."""
    return "a number with thousands of digits" if isinstance(value, int) and value.bit_length() > 10_000 else value


def _explain_one(problem: dict[str, Any], fields: Collection[str], tables: Mapping[str, Collection[str]]) -> str:
    location = [str(part) for part in problem["loc"]]
    said = problem["msg"].removeprefix("Value error, ").rstrip(".")
    if not location:  # it concerns several keys
        return f"{said}."
    key = location[0]
    if problem["type"] == "extra_forbidden":
        known = tables.get(key, fields) if location[1:] else fields
        near = difflib.get_close_matches(location[-1][: 2 * MAX_ECHO_CHARACTERS], known, n=1)
        where = f"[{'.'.join(location[:-1])}] of {FILE}" if location[1:] else FILE
        return f"{where} has an unknown key {shortened(location[-1])}" + (f"; did you mean {near[0]!r}?" if near else ".")
    secret = "token" in key or "secret" in key or key == "database"
    got = "" if secret or isinstance(problem["input"], Mapping) else f", got {shortened(problem['input'])}"
    inner = f" of {shortened('.'.join(location[1:]))}" if location[1:] else ""
    return f"{PREFIX}{key.upper()} ({key} in {FILE}){inner}: {said}{got}."
