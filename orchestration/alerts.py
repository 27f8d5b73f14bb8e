"""The automations that Beatporter ships, in `automations.yaml`, and where their alerts go.

Each is identified by its name. An existing one is updated, and stays off if a person has switched it off.
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
"""The type of an action in the file that becomes a notification, or is dropped if no block is set."""
BLOCK = "beatporter-alerts"


def notification_block(client: SyncPrefectClient, notify: str) -> UUID | None:
    """The block that sends alerts; None if nobody has ever named one.

    Args:
        notify: an Apprise address such as `mailto://…` or `json://host/path`, a block as `type/name`, or the name of one of our blocks.

    Raises:
        SettingsError: there is no such block, or Apprise does not know the address.
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
        raise SettingsError(
            "Apprise does not know the address given to --notify.", "Examples: mailto://…, slack://…, tgram://…, json://host/path."
        )
    saved: Any = AppriseAlerts(url=SecretStr(address)).save(BLOCK, overwrite=True)
    return UUID(str(saved))


def _find_block(client: SyncPrefectClient, kind: str, name: str) -> UUID | None:
    try:
        return client.read_block_document_by_name(name, kind).id
    except ObjectNotFound:
        return None


def put_automations(client: SyncPrefectClient, file: Path, block: UUID | None) -> int:
    """Create or update every automation of the file; returns their number.

    Args:
        block: sends the alerts; None shows them only in the UI's event feed.
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
