"""Checking a ledger: every file is read whole and held against its name; what is damaged or foreign is named.

Nothing is changed unless `set_aside` is called: going on without a damaged file is a person's decision, since a track whose
history is gone may be added again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from beatporter.errors import LedgerCorrupt
from beatporter.ledger.backups import snapshot_digest
from beatporter.ledger.digest import Digest
from beatporter.ledger.files import LedgerFile, about_words, replaced_by
from beatporter.ledger.ledger import Ledger
from beatporter.ledger.paths import HIDDEN, parse_name, partition_values
from beatporter.ledger.tables import BACKUPS, TABLES, Table

DAMAGED = "damaged"
"""Folder under the root that damaged files are moved to."""


@dataclass(slots=True)
class TableCheck:
    """What one table holds. Rows that stand in several files count in each."""

    table: str
    files: int = 0
    rows: int = 0
    bytes: int = 0


@dataclass(slots=True)
class CheckReport:
    """What a ledger holds, and what is wrong with it."""

    tables: list[TableCheck] = field(default_factory=list)
    damaged: dict[str, str] = field(default_factory=dict)
    """Path under the root: what is wrong."""
    replaced: list[str] = field(default_factory=list)
    """Files that a merged one stands for; compaction removes them after its grace period."""
    unfinished: list[str] = field(default_factory=list)
    """Left by a process that died while writing, or being written now; compaction removes them after its grace period."""
    foreign: list[str] = field(default_factory=list)
    """Files that are none of the ledger's; never read, never removed."""

    @property
    def sound(self) -> bool:
        return not self.damaged


def check(ledger: Ledger, progress: Callable[[str, int, int], None] | None = None) -> CheckReport:
    """Read everything there is.

    Args:
        progress: called with a table's name, files done, and files in all.
    """
    report = CheckReport()
    for table in TABLES.values():
        _check_table(ledger, table, report, progress)
    known = tuple(f"{name}/" for name in (*TABLES, DAMAGED))
    report.foreign += [file.path for file in ledger.home.files("") if not file.path.startswith(known)]
    return report


def verify(file: LedgerFile) -> int:
    """Read a file whole and hold it against its name.

    Returns:
        Its rows.

    Raises:
        LedgerCorrupt: it cannot be read, or does not hold what its name says.
    """
    digest, rows = Digest(file.table, about_words(file.about)), 0
    for batch in file.batches():
        digest.update(batch)
        rows += batch.num_rows
    found = digest.hexdigest()
    if file.table is BACKUPS:
        found = snapshot_digest(str(file.about.get("playlist_id")), str(file.about.get("snapshot_id")))
    if found != file.name.digest or rows != file.rows:
        raise LedgerCorrupt(
            f"The ledger file {file.stored.path} does not hold the rows that its name stands for.", "Put it back from a backup."
        )
    return rows


def set_aside(ledger: Ledger, paths: Iterable[str]) -> list[str]:
    """Move files out of the ledger, to `damaged/` under its root; from then on it does without their rows.

    Where a damaged file was merged from others that are still there, those count again.

    Args:
        paths: as in a report's `damaged`.

    Returns:
        Where they are now.

    Raises:
        LedgerUnwritable: a file could not be moved.
    """
    moved = []
    for path in paths:
        target = f"{DAMAGED}/{path}"
        ledger.home.move(path, target)
        moved.append(target)
    return moved


def _check_table(ledger: Ledger, table: Table, report: CheckReport, progress: Callable[[str, int, int], None] | None) -> None:
    stored = ledger.home.files(table.name)
    counts = TableCheck(table.name)
    report.tables.append(counts)
    for done, item in enumerate(stored, 1):
        if item.name.startswith(HIDDEN):
            report.unfinished.append(item.path)
        elif parse_name(item.name) is None or partition_values(table, item.folder) is None:
            report.foreign.append(item.path)
        else:
            file = LedgerFile(table, ledger.home, item)
            try:
                counts.rows += verify(file)
                report.replaced += replaced_by(file)
            except LedgerCorrupt as error:
                report.damaged[item.path] = error.what
            except FileNotFoundError:
                continue  # compaction removed it since it was listed
            counts.files += 1
            counts.bytes += item.size
        if progress is not None:
            progress(table.name, done, len(stored))
    there = {item.path for item in stored}
    report.replaced = [path for path in report.replaced if not path.startswith(f"{table.name}/") or path in there]
