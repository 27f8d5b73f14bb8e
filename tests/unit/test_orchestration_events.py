"""Which client sends Prefect's events, and how often it has them confirmed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prefect.events.clients import PrefectEventsClient
from prefect.events.worker import EventsWorker
from prefect.settings import PREFECT_API_URL, PREFECT_CLOUD_API_URL, temporary_settings

from orchestration.events import CONFIRMED_AFTER, confirm_events_often


@pytest.fixture(autouse=True)
def _as_prefect_chooses() -> Iterator[None]:
    before = EventsWorker._client_override
    EventsWorker.set_client_override(None)
    yield
    EventsWorker._client_override = before


def test_a_server_confirms_events_by_the_genre() -> None:
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:4200/api"}):
        confirm_events_often()
    assert EventsWorker._client_override == (PrefectEventsClient, (("checkpoint_every", CONFIRMED_AFTER),))


@pytest.mark.parametrize("address", ["cloud", None])
def test_prefects_cloud_and_its_own_temporary_server_keep_their_client(address: str | None) -> None:
    with temporary_settings({PREFECT_API_URL: PREFECT_CLOUD_API_URL.value() if address else None}):
        confirm_events_often()
    assert EventsWorker._client_override is None
