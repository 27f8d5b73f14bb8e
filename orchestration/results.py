"""Stores results, including failures, as readable JSON instead of pickles.

Prefect stores the error of a failed task or run as its result. Its own JSON keeps only the error's text, and cannot restore one whose
constructor takes more arguments. Here our own errors keep all their fields, and any other error its type's name and its text.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect.serializers import JSONSerializer

from beatporter import errors
from beatporter.control_characters import without_control_characters
from beatporter.errors import BeatporterError
from orchestration.redaction import without_secrets

RESULT_SERIALIZER: JSONSerializer[Any] = JSONSerializer(
    object_encoder="orchestration.results.encode_error", object_decoder="orchestration.results.decode_error"
)
_ERROR = "__error__"
_MOMENT = "__moment__"


class GenresFailed(Exception):
    """Some genres of a parent run failed. Prefect requires an exception as the result of a failed run.

    Attributes:
        document: the whole run, as `beatporter sync --json` prints it.
    """

    def __init__(self, message: str, document: dict[str, Any]) -> None:
        super().__init__(message, document)
        self.document = document

    def __str__(self) -> str:
        return str(self.args[0])


class UnexpectedError(Exception):
    """A foreign error, as its type's name and its text: in a stored result, or in place of an error that held a secret."""


def in_words(error: BaseException) -> str:
    """The type and the text of a foreign error, without secrets."""
    said = str(error) if isinstance(error, UnexpectedError) else f"{type(error).__name__}: {error}"
    return without_control_characters(without_secrets(said))


def encode_error(value: object) -> dict[str, Any]:
    """Encode an error for JSON; `json` calls this for values that it cannot write itself.

    Raises:
        TypeError: the value is not an error. Tasks return ids, flows return figures.
    """
    if isinstance(value, BeatporterError):
        known = {name: _plain(one) for name, one in vars(value).items()}
        return {_ERROR: type(value).__name__, "known": known}
    if isinstance(value, GenresFailed):
        return {_ERROR: type(value).__name__, "message": str(value), "document": value.document}
    if isinstance(value, BaseException):
        return {_ERROR: UnexpectedError.__name__, "message": in_words(value)}
    raise TypeError(f"A result holds a {type(value).__name__}, which is not stored.")


def decode_error(document: dict[str, Any]) -> Any:
    """Decode what `encode_error` wrote; any other part of a result stays unchanged."""
    if _MOMENT in document:
        return datetime.fromisoformat(document[_MOMENT])
    if _ERROR not in document:
        return document
    name = document[_ERROR]
    if name == GenresFailed.__name__:
        return GenresFailed(document["message"], document["document"])
    kind = getattr(errors, name, None)
    if isinstance(kind, type) and issubclass(kind, BeatporterError):
        return _made_again(kind, document["known"])
    return UnexpectedError(document["message"])


def _made_again(kind: type[BeatporterError], known: dict[str, Any]) -> BeatporterError:
    """Restore one of our errors without its constructor, since each class has different arguments."""
    error = kind.__new__(kind, known["what"], known["remedy"])
    vars(error).update(known)
    return error


def _plain(value: object) -> object:
    return {_MOMENT: value.isoformat()} if isinstance(value, datetime) else value
