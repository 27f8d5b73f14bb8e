"""How our decorator turns a step into a task, and what the forms show."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.cache_policies import NO_CACHE
from prefect.states import Failed
from prefect.utilities.callables import parameter_schema

from beatporter.errors import LedgerUnavailable, SettingsError, SignInExpired, UpstreamDown
from flows.archive_ledger import archive_ledger
from flows.maintain_ledger import maintain_ledger
from flows.sync_chart import sync_chart
from flows.sync_genre import sync_genre
from flows.sync_genres import sync_genres
from flows.sync_label import sync_label
from orchestration.cache_policy import SameRunSameCode
from orchestration.failure import report_genre_failure, report_ledger_failure, report_run_failure
from orchestration.parent import update_parent
from orchestration.results import RESULT_SERIALIZER, UnexpectedError
from orchestration.task import house_task, is_transient, telling_no_secret
from tasks.archive import archive_new_rows
from tasks.backup import back_up_playlist
from tasks.history import append_history
from tasks.listing import list_playlists
from tasks.maintain import maintain_all
from tasks.match import match_tracks
from tasks.playlist import update_playlist
from tasks.scrape import scrape_chart

SECRET = "client-s3cret"
TASKS = (scrape_chart, match_tracks, update_playlist, append_history, back_up_playlist, list_playlists)


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEATPORTER_SPOTIFY_CLIENT_SECRET", SECRET)


@pytest.mark.parametrize("step", TASKS, ids=lambda step: step.name)
def test_every_step_is_cached_by_our_policy_and_stored_as_json(step: Any) -> None:
    assert isinstance(step.cache_policy, SameRunSameCode)
    assert step.result_serializer is RESULT_SERIALIZER
    assert step.persist_result
    assert step.retries == 2
    assert "run_key" not in parameter_schema(step.fn).properties


@pytest.mark.parametrize("step", [archive_new_rows, maintain_all], ids=lambda step: step.name)
def test_what_grows_is_worked_on_again_by_a_retry(step: Any) -> None:
    assert step.cache_policy == NO_CACHE
    assert step.result_serializer is RESULT_SERIALIZER


@pytest.mark.parametrize(
    ("flow", "hook"),
    [
        (sync_genre, report_genre_failure),
        (sync_genres, report_run_failure),
        (archive_ledger, report_ledger_failure),
        (maintain_ledger, report_ledger_failure),
    ],
    ids=lambda one: one.__name__,
)
def test_every_end_of_a_flow_has_its_hook_and_its_result_is_json(flow: Any, hook: Any) -> None:
    hooks = [hook, update_parent] if flow is sync_genre else [hook]
    assert [flow.on_failure_hooks, flow.on_crashed_hooks, flow.on_cancellation_hooks] == [hooks] * 3
    assert flow.on_completion_hooks == ([update_parent] if flow is sync_genre else [])
    assert flow.result_serializer is RESULT_SERIALIZER
    assert flow.persist_result


@pytest.mark.parametrize(
    ("flow", "shown"),
    [(sync_genre, {"genre", "kinds", "dry_run", "refresh"}), (sync_genres, {"genres", "kinds", "dry_run", "max_concurrent"})],
    ids=["genre", "genres"],
)
def test_a_form_shows_what_a_person_sets(flow: Any, shown: set[str]) -> None:
    schema = flow.parameters.model_dump_for_openapi()
    assert set(schema["properties"]) == shown
    assert all(known.get("description") for known in schema["properties"].values())


def test_a_parameter_that_is_in_no_form_is_still_checked() -> None:
    assert sync_genre.validate_parameters({"genre": "house", "max_searches": 4})["max_searches"] == 4
    for wrong in ({"max_searches": -1}, {"max_searches": "many"}):
        with pytest.raises(Exception, match="max_searches"):
            sync_genre.validate_parameters({"genre": "house", **wrong})
    with pytest.raises(Exception, match="fan_out"):
        sync_genres.validate_parameters({"fan_out": "elsewhere"})


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (UpstreamDown("A happened."), True),
        (LedgerUnavailable("A happened."), True),
        (SignInExpired("A happened."), False),
        (SettingsError("A happened."), False),
        (KeyError("x"), False),
    ],
)
def test_only_what_may_pass_is_tried_again(error: Exception, again: bool) -> None:
    nothing: Any = None
    assert is_transient(nothing, nothing, Failed(data=error)) is again


def test_a_task_keeps_its_functions_name_and_parameters() -> None:
    @house_task("a-step")
    def step(genre: str, max_searches: int | None = None) -> list[str]:
        """What it does."""
        return [genre] * (max_searches or 1)

    assert step.name == "a-step"
    assert step.description == "What it does."
    assert step.fn("house", max_searches=2) == ["house", "house"]
    assert list(parameter_schema(step.fn).properties) == ["genre", "max_searches"]


def raises(error: Exception, cause: Exception | None = None) -> Any:
    @telling_no_secret
    def step() -> None:
        raise error from cause

    return step


@pytest.mark.parametrize("error", [KeyError("x"), UpstreamDown("A happened.", SECRET)], ids=["unexpected", "ours"])
def test_an_error_that_tells_nothing_is_left_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        raises(error)()
    assert raised.value is error


@pytest.mark.parametrize("cause", [None, ValueError(f"refused {SECRET}")])
def test_an_unexpected_error_that_tells_a_secret_is_replaced_with_all_that_it_came_from(cause: Exception | None) -> None:
    error = RuntimeError("refused" if cause else f"refused {SECRET}")
    with pytest.raises(UnexpectedError, match="RuntimeError: refused") as raised:
        raises(error, cause)()
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is raised.value.__context__ is None, "a traceback prints these as well"


def test_an_error_that_is_its_own_cause_ends() -> None:
    error = KeyError("x")
    with pytest.raises(KeyError):
        raises(error, error)()


@pytest.mark.parametrize("flow", [sync_genre, sync_chart, sync_label], ids=["genre", "chart", "label"])
def test_a_form_offers_the_kinds_of_playlist_to_choose_from(flow: Any) -> None:
    several, none = flow.parameters.model_dump_for_openapi()["properties"]["kinds"]["anyOf"]
    assert several["items"]["enum"] == ["collect", "daily", "mirror"]
    assert none == {"type": "null"}
