"""Results are JSON: small and readable; errors keep their type and all their fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from beatporter.errors import BeatporterError, QuotaExceeded, RateLimited, RequestRefused, SignInExpired, UpstreamDown
from orchestration.results import RESULT_SERIALIZER, GenresFailed, UnexpectedError

UNTIL = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
DOCUMENT = {"genres": {"house": {"state": "failed", "error": "It broke.", "peak_memory_mb": 200.5}}, "spotify_calls": 3, "budget_left": 7}


def stored(value: Any) -> Any:
    return RESULT_SERIALIZER.loads(RESULT_SERIALIZER.dumps(value))


@pytest.mark.parametrize("result", [["6rqhFgbbKwnb9MLmUQDhG6"] * 100, list(range(10_000_000, 10_000_100)), "backup", None, DOCUMENT])
def test_a_result_is_plain_json_of_less_than_10_kb(result: Any) -> None:
    blob = RESULT_SERIALIZER.dumps(result)
    assert json.loads(blob) == result
    assert len(blob) < 10_000
    assert stored(result) == result


@pytest.mark.parametrize(
    "error",
    [
        SignInExpired("A happened.", "Do B."),
        BeatporterError("A happened."),
        RateLimited("A happened.", "Do B.", retry_after_s=3.0),
        RateLimited("A happened.", "Do B."),
        UpstreamDown("A happened.", "Do B.", outcome_unknown=False),
        QuotaExceeded("A happened.", "Do B.", until=UNTIL),
        RequestRefused("A happened.", "Do B.", status=403),
    ],
    ids=lambda error: type(error).__name__,
)
def test_our_own_errors_come_back_with_all_their_fields(error: BeatporterError) -> None:
    again = stored(error)
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)
    assert again.args == error.args


def test_a_failed_parents_document_comes_back() -> None:
    again = stored(GenresFailed("1 of 1 genres failed: house", DOCUMENT))
    assert isinstance(again, GenresFailed)
    assert again.document == DOCUMENT
    assert str(again) == "1 of 1 genres failed: house"


def test_any_other_error_comes_back_as_its_kind_and_words_even_a_second_time() -> None:
    again = stored(KeyError("x"))
    assert isinstance(again, UnexpectedError)
    assert str(again) == str(stored(again)) == "KeyError: 'x'"


def test_an_unexpected_errors_secret_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_SPOTIFY_CLIENT_SECRET", "s3cr3t-value")
    assert b"s3cr3t-value" not in RESULT_SERIALIZER.dumps(RuntimeError("refused s3cr3t-value"))


def test_values_that_are_not_json_are_not_stored() -> None:
    with pytest.raises(TypeError, match="set"):
        RESULT_SERIALIZER.dumps({1, 2})


@pytest.mark.parametrize("name", ["BeatporterError", "NoSuchError", "datetime", "__doc__"])
def test_a_stored_name_makes_errors_only(name: str) -> None:
    """A result store is a file that somebody may change; nothing in it is executed."""
    document = {"__error__": name, "message": "m", "known": {"what": "A.", "remedy": ""}}
    assert isinstance(RESULT_SERIALIZER.loads(json.dumps(document).encode()), Exception)
