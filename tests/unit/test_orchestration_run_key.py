"""The run that work belongs to: one key for a parent, its genres and all retries."""

from __future__ import annotations

from uuid import uuid4

import pytest

from orchestration import run_key as module
from orchestration.run_key import inline_runs, is_inline, is_root, run_key, run_key_of
from tests.unit.prefect_fakes import FakeClient, flow_run, within


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    made = FakeClient()
    monkeypatch.setattr(module, "get_client", lambda **_: made)
    return made


def test_a_run_that_a_person_starts_is_its_own_and_asks_nobody(client: FakeClient) -> None:
    with within(flow_run()) as run:
        assert run_key() == str(run.id)
        assert is_root()
    assert client.asked == 0


def test_a_genres_run_belongs_to_the_outermost_run_above_it(client: FakeClient) -> None:
    top, middle, child = flow_run(), flow_run(parent_task_run_id=uuid4()), flow_run(parent_task_run_id=uuid4())
    client.runs = {run.id: run for run in (top, middle)}
    client.parents = {middle.parent_task_run_id: top.id, child.parent_task_run_id: middle.id}
    with within(child):
        assert run_key() == str(top.id)
        assert not is_root()


def test_the_parents_are_looked_up_once_a_run(client: FakeClient) -> None:
    top, child = flow_run(), flow_run(parent_task_run_id=uuid4())
    client.runs, client.parents = {top.id: top}, {child.parent_task_run_id: top.id}
    assert run_key_of(child) == str(top.id)
    asked = client.asked
    assert run_key_of(child) == str(top.id)
    assert client.asked == asked


def test_a_run_in_its_parents_process_asks_nobody_for_its_key(client: FakeClient) -> None:
    parent, child = flow_run(), flow_run(parent_task_run_id=uuid4())
    with within(parent), inline_runs():
        assert is_inline()
        with within(child):
            assert run_key() == run_key_of(child) == str(parent.id)
            assert run_key_of(child.model_copy(update={"parameters": {"refresh": True}})) == f"{child.id}-refreshed"
    assert client.asked == 0
    assert not is_inline()
    assert run_key_of(child) == str(child.id), "its parent is known only while it is at work"


def test_a_run_whose_parent_was_deleted_is_its_own(client: FakeClient) -> None:
    child = flow_run(parent_task_run_id=uuid4())
    assert run_key_of(child) == str(child.id)


def test_a_task_that_belongs_to_no_run_ends_the_way_up(client: FakeClient) -> None:
    child = flow_run(parent_task_run_id=uuid4())
    client.parents = {child.parent_task_run_id: None}
    assert run_key_of(child) == str(child.id)


def test_a_refreshed_run_has_a_key_that_nothing_was_done_under(client: FakeClient) -> None:
    run = flow_run(parameters={"genre": "house", "refresh": True})
    assert run_key_of(run) not in (str(run.id), run_key_of(run.model_copy(update={"id": uuid4()})))
    assert run_key_of(run) == run_key_of(run), "a retry has to find what the refreshed run had finished"
    assert run_key_of(run.model_copy(update={"parameters": {"refresh": False}})) == str(run.id)


def test_outside_a_run_there_is_none() -> None:
    with pytest.raises(RuntimeError, match="inside a flow run"):
        run_key()
