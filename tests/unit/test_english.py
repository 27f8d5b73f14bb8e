"""Phrases that are never right stay out of docstrings, comments, messages and pages; the rest is a reader's work (CONTRIBUTING)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("beatporter", "bench", "cli", "docs", "flows", "orchestration", "sandbox", "tasks", "tests")
BETTER = {
    r"\banew\b": "again, from the start",
    r"\b[Ww]hoever\b": "the caller, the reader, a process that …",
    r"\bits like\b": "the same kind",
    r"\b[Nn]othing is lost by\b": "it is safe to",
    r"\b([Aa]s|[Ww]here) (it|they) lies?\b": "unchanged; as stored; where it is",
    r"\b(lies|lay) (in|at|beside|under|there) (a|an|the|its|our)\b": "is in, is at, is beside …",
    r"\bnone of ours\b": "not ours, foreign",
    r"(?<!there )(?<!it )\bis none[.,;:)]": "is not one; there is none",
    r"\btells (of|that)\b": "says, shows",
    r"\bis to be said\b": "must be said",
    r"\b(come|comes|came) to nothing\b": "is wasted, has no result",
    r"\bperson's words?\b": "an override, a decision",
    r"\bworth (its|the) while\b": "worthwhile",
    r"\bNone: at once\b": "None when it may run at once",
    r"\b(be|is|are) had whole\b": "is complete",
    r"\bof (them|which) none\b": "none of them",
    r"\bwhat (is|was) no [a-z]+\b": "anything that is not a …",
}


@cache
def files() -> list[Path]:
    own = Path(__file__)
    found = [path for folder in FOLDERS for kind in ("py", "md") for path in (ROOT / folder).rglob(f"*.{kind}")]
    return sorted(path for path in [*ROOT.glob("*.md"), *found] if path != own)


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("phrase", BETTER)
def test_no_file_uses_a_phrase_that_is_never_right(phrase: str) -> None:
    pattern = re.compile(phrase)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in files()
        if pattern.search(text_of(path))
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, f"better: {BETTER[phrase]}\n" + "\n".join(found)
