"""How values are stored: compactly, and the same in SQLite and PostgreSQL.

Spotify ids are 16 bytes instead of 22 letters, times are whole seconds, lists are JSON. Values come back as they went in.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from beatporter.records.match import RunnerUp

RowId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows only in an INTEGER primary key
_BASE62 = string.digits + string.ascii_letters
_VALUE = {letter: number for number, letter in enumerate(_BASE62)}
_ID_LETTERS, _ID_BYTES = 22, 16


class PlainText(TypeDecorator[str]):
    """Text from outside: a NUL is left out and half a surrogate pair replaced, since no database accepts them."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


class SpotifyId(TypeDecorator[str]):
    """A Spotify id. 22 letters of base 62 are 128 bits; any other text is stored unchanged, after a NUL."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else packed_id(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else unpacked_id(value)


class Moment(TypeDecorator[datetime]):
    """An aware time as whole seconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else seconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value, UTC)


class Texts(TypeDecorator[tuple[str, ...]]):
    """Several texts as a JSON list; no element is null."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:
        return json.dumps([clean(text) for text in value], ensure_ascii=False) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return tuple(json.loads(value)) if value else ()


class RunnersUp(TypeDecorator[tuple[RunnerUp, ...]]):
    """Candidates that were not chosen, as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[RunnerUp] | None, dialect: Dialect) -> str | None:
        return clean(_runners_up_json(value)) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[RunnerUp, ...]:
        return read_runners_up(value or "[]")


def _runners_up_json(value: Iterable[RunnerUp]) -> str:
    """As JSON, without what is not known."""
    return json.dumps([{name: part for name, part in asdict(one).items() if part is not None} for one in value], ensure_ascii=False)


def read_runners_up(text: str) -> tuple[RunnerUp, ...]:
    """From JSON; what a later version knows besides is left out."""
    known = {field.name for field in fields(RunnerUp)}
    rows = ({name: part for name, part in one.items() if name in known} for one in json.loads(text))
    return tuple(RunnerUp(**row | {"artists": tuple(row["artists"])}) for row in rows)


def clean(text: str) -> str:
    """The text in a form that every database accepts."""
    return text if text.isascii() and "\0" not in text else text.encode("utf-8", "replace").decode().replace("\0", "")


def packed_id(text: str) -> bytes:
    """An id as stored in the database."""
    if len(text) == _ID_LETTERS and text.isascii() and text.isalnum():
        number = 0
        for letter in text:
            number = number * 62 + _VALUE[letter]
        if number < 1 << 128:
            return number.to_bytes(_ID_BYTES, "big")
    data = b"\0" + clean(text).encode()
    return data if len(data) != _ID_BYTES else b"\0" + data


def unpacked_id(data: bytes) -> str:
    """The id that was packed."""
    if len(data) != _ID_BYTES:
        return data.lstrip(b"\0").decode("utf-8", "replace")
    number, letters = int.from_bytes(data, "big"), []
    for _ in range(_ID_LETTERS):
        number, rest = divmod(number, 62)
        letters.append(_BASE62[rest])
    return "".join(reversed(letters))


def key_of(text: str | None) -> int | None:
    """Four bytes of a text's BLAKE2b, for a narrow index; look-ups must compare the text as well. None for None."""
    kept = clean(text or "")
    return int.from_bytes(blake2b(kept.encode(), digest_size=4).digest(), "little", signed=True) if kept else None


def fingerprint(*values: object) -> int:
    """Eight bytes of the values' BLAKE2b: equal values share a row. Among a million rows, the chance of any collision is 3 in 10**8."""
    return int.from_bytes(blake2b(clean(repr(values)).encode(), digest_size=8).digest(), "little", signed=True)


def seconds(at: datetime) -> int:
    """Convert an aware time to whole seconds since 1970.

    Raises:
        ValueError: the time has no zone.
    """
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone; the ledger accepts only aware times.")
    return int(at.timestamp() // 1)


def as_plain(value: Any) -> Any:
    """A value for an archive or a spreadsheet: tuples become lists, records become JSON."""
    if isinstance(value, tuple) and value and isinstance(value[0], RunnerUp):
        return _runners_up_json(value)
    return list(value) if isinstance(value, tuple) else value
