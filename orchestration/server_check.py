"""Checks that Prefect's server has what the daily run needs: deployments, a schedule, alerts, and a live worker."""

from __future__ import annotations

from typing import Literal

from httpx import HTTPError
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import ObjectNotFound

from orchestration.alerts import AUTOMATIONS, shipped_names
from orchestration.register import POOL, deployments_changed

Found = tuple[str, Literal["good", "note", "bad"], str, str]
REGISTER = "Run `beatporter up`, or `beatporter up --register` where the server runs elsewhere."


def check_server(api: str) -> list[Found]:
    """Check the server; yields check, verdict, words and remedy.

    Args:
        api: its address, for the messages.
    """
    with get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
        if problem is not None:
            return [("Prefect's server", "bad", f"{api} does not answer: {type(problem).__name__}.", "Start `beatporter up`.")]
        found: list[Found] = [("Prefect's server", "good", api, "")]
        try:
            return [*found, *_deployments(client), _worker(client), _automations(client)]
        except HTTPError as error:
            return [*found, ("Prefect's server", "bad", f"It stopped answering: {type(error).__name__}.", "Read its log.")]


def _deployments(client: SyncPrefectClient) -> list[Found]:
    try:
        daily = client.read_deployment_by_name("sync-genres/daily")
    except ObjectNotFound:
        return [("Deployments", "bad", "There are none.", REGISTER)]
    changed = deployments_changed()
    found: list[Found] = [
        ("Deployments", "note", "They are older than this Beatporter.", REGISTER)
        if changed
        else ("Deployments", "good", "as in prefect.yaml", "")
    ]
    active = [str(getattr(one.schedule, "cron", one.schedule)) for one in daily.schedules if one.active]
    if daily.paused or not active:
        return [*found, ("Schedule", "bad", "daily is paused.", "Switch its schedule on: Deployments, daily.")]
    zone = getattr(daily.schedules[0].schedule, "timezone", "") or "UTC"
    return [*found, ("Schedule", "good", f"daily at {', '.join(active)} {zone}", "")]


def _worker(client: SyncPrefectClient) -> Found:
    try:
        pool = client.read_work_pool(POOL)
        workers = client.read_workers_for_work_pool(POOL)
    except ObjectNotFound:
        return ("Worker", "bad", f"There is no work pool {POOL}.", REGISTER)
    online = [worker.name for worker in workers if worker.status and worker.status.value == "ONLINE"]
    if pool.is_paused:
        return ("Worker", "bad", f"The work pool {POOL} is paused.", "Resume it: Work Pools.")
    if not online:
        return ("Worker", "bad", "None is alive, so nothing runs.", "Start `beatporter up`, or `prefect worker start --pool beatporter`.")
    return ("Worker", "good", ", ".join(online), "")


def _automations(client: SyncPrefectClient) -> Found:
    there = {one.name: one.enabled for one in client.read_automations()}
    missing = [name for name in shipped_names(AUTOMATIONS) if name not in there]
    off = [name for name in shipped_names(AUTOMATIONS) if there.get(name) is False]
    if missing:
        return ("Alerts", "bad", f"Missing: {'; '.join(missing)}", REGISTER)
    if off:
        return ("Alerts", "note", f"Switched off: {'; '.join(off)}", "Automations, if that is not what you want.")
    return ("Alerts", "good", f"{len(there)} automations", "")
