"""The automations that Beatporter ships, in `automations.yaml`, and where their alerts go.

Each is known by its name: one that is there is brought up to date, and stays off where a person has switched it off.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.schemas.automations import AutomationCore
from prefect.exceptions import ObjectNotFound
from pydantic import SecretStr

from beatporter.errors import SettingsError
from orchestration.block_types import AppriseAlerts
from orchestration.code_version import ROOT

AUTOMATIONS = ROOT / "automations.yaml"
ALERT = "alert"
"""The type of an action in the file that becomes a notification, or nothing while there is nowhere to send it."""
BLOCK = "beatporter-alerts"


def notification_block(client: SyncPrefectClient, notify: str) -> UUID | None:
    """The block that alerts are sent by; None when none was ever named.

    Args:
        notify: an Apprise address such as `mailto://…` or `json://host/path`, the name of a block as `type/name`, or of one of ours.

    Raises:
        SettingsError: there is no such block, or Apprise does not know such an address.
    """
    if "://" in notify:
        return _save_address(notify)
    if not notify:
        return _find_block(client, AppriseAlerts.get_block_type_slug(), BLOCK)
    kind, _, name = notify.rpartition("/")
    found = _find_block(client, kind or AppriseAlerts.get_block_type_slug(), name)
    if found is None:
        raise SettingsError(
            f"There is no Prefect block {notify}.", "Name one as type/name, e.g. slack-webhook/mine, or an Apprise address."
        )
    return found


def _save_address(address: str) -> UUID:
    from apprise import Apprise  # slow to import, and needed only here

    if not Apprise().add(address):
        raise SettingsError("--notify got no address that Apprise knows.", "Examples: mailto://…, slack://…, tgram://…, json://host/path.")
    saved: Any = AppriseAlerts(url=SecretStr(address)).save(BLOCK, overwrite=True)
    return UUID(str(saved))


def _find_block(client: SyncPrefectClient, kind: str, name: str) -> UUID | None:
    try:
        return client.read_block_document_by_name(name, kind).id
    except ObjectNotFound:
        return None


def put_automations(client: SyncPrefectClient, file: Path, block: UUID | None) -> int:
    """Make or renew every automation of the file; returns how many there are.

    Args:
        block: what sends the alerts; None: they only show in the UI's event feed.
    """
    wanted = yaml.safe_load(file.read_text(encoding="utf-8"))
    for document in wanted:
        automation = AutomationCore.model_validate({**document, "actions": [_action(action, block) for action in document["actions"]]})
        there = client.read_automations_by_name(automation.name)
        if there:
            automation.enabled = there[0].enabled
            client.update_automation(there[0].id, automation)
        else:
            client.create_automation(automation)
    return len(wanted)


def _action(action: dict[str, Any], block: UUID | None) -> dict[str, Any]:
    if action["type"] != ALERT:
        return action
    if block is None:
        return {"type": "do-nothing"}
    return {**action, "type": "send-notification", "block_document_id": str(block)}


def shipped_names(file: Path) -> list[str]:
    """The names of the file's automations."""
    return [str(document["name"]) for document in yaml.safe_load(file.read_text(encoding="utf-8"))]
