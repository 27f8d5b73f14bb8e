"""The pages are true: every setting is in the README's table, and every command, target and page that they name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from beatporter.ledger.tables import metadata
from beatporter.settings import Settings
from beatporter.settings_sources import PREFIX
from cli.commands import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def test_the_table_of_settings_is_complete_and_has_no_others() -> None:
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", README, re.MULTILINE)
    named = {name.lower() for row in rows for name in re.findall(r"[A-Z_]+", row)} - {PREFIX.lower()}
    assert named == set(Settings.model_fields)


def test_the_page_about_the_ledger_names_every_table_and_column() -> None:
    page = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([a-z_]+) \| ([^|]+) \|", page, re.MULTILINE)
    named = {table: re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", columns)) for table, columns in rows if table != "table"}
    assert named == {table.name: [column.name for column in table.columns] for table in metadata.tables.values()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_page_or_picture_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    for name, sub in re.findall(r"`(?:\.venv/bin/)?beatporter ([a-z-]+)(?: ([a-z]+)\b)?", page.read_text(encoding="utf-8")):
        assert name in COMMANDS, f"beatporter {name}"
        below = getattr(COMMANDS[name].load(name), "commands", None)
        assert below is None or not sub or sub in below, f"beatporter {name} {sub}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")))
    assert named <= targets
