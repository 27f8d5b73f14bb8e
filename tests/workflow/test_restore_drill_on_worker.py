"""The monthly restore drill as a person starts it: by its deployment, on a worker."""

from __future__ import annotations

from pathlib import Path

from tests.prefect_api import artifact, ask, start_run, wait_for_success


def test_the_drill_runs_on_a_worker_and_leaves_its_page(server: str, worker: Path) -> None:
    wait_for_success(server, start_run(server, "drill-restore/drill-restore", {}), worker)
    assert artifact(server, "drill-restore")
    schedules = ask(server, "/deployments/name/drill-restore/drill-restore")["schedules"]
    assert [one["schedule"]["cron"] for one in schedules] == ["0 13 1 * *"]


def test_the_forms_show_only_what_a_person_may_set(server: str, worker: Path) -> None:
    def fields(name: str) -> set[str]:
        return set(ask(server, f"/deployments/name/{name}/{name}")["parameter_openapi_schema"]["properties"])

    assert fields("dedupe-playlists") == {"playlists", "dry_run", "any_cut", "keep_dates"}
    assert fields("restore-playlist") == {"playlist", "on", "into", "dry_run", "keep_dates"}
    assert fields("back-up-playlists") == {"playlists", "dry_run"}
    assert fields("refresh-history") == {"max_calls", "dry_run"}
    assert fields("drill-restore") == set()
