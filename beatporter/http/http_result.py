"""What became of one request: values, not exceptions, so that whoever decides on another try sees them all.

`Down(unknown=True)` of a write must not be sent again before somebody has read: it may have been carried out. An error that goes up is
made of a result outside of any handler, so it drags no exception along that holds the request and with it a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from beatporter.http.retry_after import retry_after_s

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read to its end.

    Attributes:
        headers: found by name in any case.
        body: decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Good(Generic[T]):
    """The request was carried out: a 2xx, or what was read from it."""

    value: T


@dataclass(frozen=True, slots=True)
class Wait:
    """Not carried out: asked to wait (429). seconds is None where the answer names none; quota: the day's, which no wait here helps."""

    seconds: float | None
    quota: bool = False


@dataclass(frozen=True, slots=True)
class Down:
    """No usable answer. unknown: the request may have been carried out all the same."""

    why: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class TooLarge(Down):
    """The answer goes beyond a cap, and would the next time."""


@dataclass(frozen=True, slots=True)
class BadAddress(Down):
    """The address, or that of a proxy, is not valid; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not carried out, and as it is it will not be: another 4xx."""

    status: int
    message: str = ""


HttpResult = Good[T] | Wait | Down | Refused


def classify(answer: Answer, at: datetime) -> HttpResult[Answer]:
    """What an answer means by its status.

    Args:
        at: when it came, aware, for a Retry-After that names a date.
    """
    status = answer.status
    if 200 <= status < 300:
        return Good(answer)
    if status == 429:
        return Wait(retry_after_s(answer.headers.get("Retry-After"), at))
    if 400 <= status < 500:
        return Refused(status)
    return Down(f"it answered {status}", unknown=True)
