"""`beatporter report-bug`: writes one file for a bug report: charts that could not be read, versions, the last run's log."""

from __future__ import annotations

import json
import platform
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from beatporter.beatport.sources import BAD_COPIES
from beatporter.clock import utc_now
from beatporter.errors import SettingsError
from beatporter.settings import Settings, load_settings
from cli.embedded_prefect import use_embedded_prefect
from cli.terminal import Terminal
from orchestration.redaction import without_secrets

PACKAGES = ("beatporter", "prefect", "sqlalchemy", "requests", "memray", "pydantic")
_MOST_COPIES = 20


def report_bug(
    to: Annotated[Path | None, typer.Option(help="The file to write. Default: a zip in this folder.", show_default=False)] = None,
    log: Annotated[bool, typer.Option("--log/--no-log", help="With the log of the last run, which Prefect keeps.")] = True,
) -> None:
    """Bundle what a bug report needs: copies of charts that could not be read, versions, the last run's log. Secrets are taken out."""
    settings = load_settings()
    target = to or Path(f"beatporter-report-{utc_now():%Y%m%d-%H%M%S}.zip")
    if target.exists():
        raise SettingsError(f"{target} exists already.", "Name another file with --to.")
    parts = {"versions.txt": versions(settings), **_copies(settings), **({"log.txt": _last_log(settings)} if log else {})}
    try:
        with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in parts.items():
                bundle.writestr(name, shown(text, settings))
    except OSError as error:
        raise SettingsError(f"{target} cannot be written: {error.strerror}.", "Name another file with --to.") from None
    console = Terminal()
    copies = sum(name.startswith(BAD_COPIES) for name in parts)
    console.print(
        f"{target}: versions, {copies} copies of charts" + (", the last run's log." if log else "."), markup=False, highlight=False
    )
    console.print("Look into it before you send it: Beatporter takes out what it knows to be secret.", markup=False, highlight=False)


def versions(settings: Settings) -> str:
    """Installed versions, and the settings for the chart sources."""
    lines = [f"{package} {_version(package)}" for package in PACKAGES]
    lines += [f"python {platform.python_version()}", f"system {platform.system()} {platform.machine()}"]
    lines += [f"chart_source {','.join(settings.chart_source)}", f"lists {', '.join(settings.enabled_lists())}"]
    return "\n".join(lines) + "\n"


def shown(text: str, settings: Settings) -> str:
    """The text without secrets, and without the names of this machine's folders."""
    text = without_secrets(text)
    for folder in (settings.home.resolve(), Path.cwd(), Path.home()):
        if len(str(folder)) > 1:
            text = text.replace(str(folder), "~")
    return text


def _copies(settings: Settings) -> dict[str, str]:
    found = sorted((settings.home / BAD_COPIES).glob("*.json"))[-_MOST_COPIES:]
    copies = {}
    for path in found:
        try:
            copies[f"{BAD_COPIES}/{path.name}"] = json.dumps(json.loads(path.read_text(encoding="utf-8")), indent=1)
        except (OSError, ValueError) as error:
            copies[f"{BAD_COPIES}/{path.name}"] = f"cannot be read: {type(error).__name__}"
    return copies


def _last_log(settings: Settings) -> str:
    use_embedded_prefect(settings.home, verbose=False)
    from orchestration.run_log import last_log  # imports Prefect, which then reads its environment

    return last_log()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
