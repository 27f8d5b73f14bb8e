"""The result of one request, as a value and not an exception, so that the retry code sees every case.

After `Down(unknown=True)` on a write, read before you send it again: the write may have been carried out. Errors are built from a
result outside any exception handler, so they carry no chained exception that holds the request and its token.
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
        headers: case-insensitive.
        body: decompressed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Good(Generic[T]):
    """The request was carried out: a 2xx answer, or what was read from it."""

    value: T


@dataclass(frozen=True, slots=True)
class Wait:
    """Not carried out: the service asks us to wait (429).

    Attributes:
        seconds: how long; None when the answer does not say.
        quota: the daily quota is spent, so waiting here does not help.
    """

    seconds: float | None
    quota: bool = False


@dataclass(frozen=True, slots=True)
class Down:
    """No usable answer. unknown: the request may have been carried out anyway."""

    why: str
    unknown: bool


@dataclass(frozen=True, slots=True)
class TooLarge(Down):
    """The answer exceeds a cap, and a second try would too."""


@dataclass(frozen=True, slots=True)
class BadAddress(Down):
    """The address, or that of a proxy, is not valid; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not carried out, and repeating it will not help: any other 4xx."""

    status: int
    message: str = ""


HttpResult = Good[T] | Wait | Down | Refused


def classify(answer: Answer, at: datetime) -> HttpResult[Answer]:
    """Classify an answer by its status.

    Args:
        at: when it arrived, aware, for a Retry-After that gives a date.
    """
    status = answer.status
    if 200 <= status < 300:
        return Good(answer)
    if status == 429:
        return Wait(retry_after_s(answer.headers.get("Retry-After"), at))
    if 400 <= status < 500:
        return Refused(status)
    return Down(f"it answered {status}", unknown=True)
