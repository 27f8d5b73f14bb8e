"""The deployments for Cloud Run: their job template is rendered by prefect-gcp's own, and nothing secret is in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.utilities.templating import apply_values

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy" / "cloud-run.yaml"
KNOWN = {
    "CLOUD_IMAGE": "europe-docker.pkg.dev/project/beatporter/beatporter:1",
    "CLOUD_REGION": "europe-west1",
    "CLOUD_ARCHIVE": "gs://bucket/archive",
}


@pytest.fixture(scope="module")
def deployments() -> list[dict[str, Any]]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KNOWN.items():
            patch.setenv(name, value)
        document = apply_values(yaml.safe_load(FILE.read_text()), {}, remove_notset=False)
    found: list[dict[str, Any]] = document["deployments"]
    return found


def test_each_deployment_loads_a_flow_of_ours_by_its_module(deployments: list[dict[str, Any]]) -> None:
    local = {one["entrypoint"] for one in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]}
    assert {one["name"] for one in deployments} == {"daily", "sync-genre"}
    assert {one["entrypoint"] for one in deployments} <= local


def test_the_job_is_rendered_with_image_memory_and_environment(deployments: list[dict[str, Any]]) -> None:
    from prefect_gcp.workers.cloud_run_v2 import CloudRunWorkerV2  # its import takes seconds

    template = CloudRunWorkerV2.get_default_base_job_template()
    for deployment in deployments:
        values = deployment["work_pool"]["job_variables"]
        unknown = set(values) - set(template["variables"]["properties"])
        assert not unknown, f"{unknown} are no variables of the work pool, which would drop them silently"
        defaults = {name: known.get("default") for name, known in template["variables"]["properties"].items()}
        filled = apply_values(template["job_configuration"], {**defaults, **values, "credentials": None})
        job = filled["job_body"]["template"]["template"]
        (container,) = job["containers"]
        assert container["image"] == KNOWN["CLOUD_IMAGE"]
        assert container["resources"]["limits"] == {"cpu": "1000m", "memory": "1Gi"}
        assert job["maxRetries"] == 0, "Prefect retries a run; Cloud Run must not as well"
        assert filled["region"] == "europe-west1"
        assert filled["env"]["BEATPORTER_ARCHIVE"] == "gs://bucket/archive"
        assert filled["env"]["BEATPORTER_DATABASE"].startswith("secret/"), "an address with a password does not belong in a job"
