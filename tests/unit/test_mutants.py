"""The named mistakes of `make mutants` match the code that they are made in."""

from __future__ import annotations

import pytest

from tests.mutants import MUTANTS, ROOT


@pytest.mark.parametrize(("name", "file", "there", "mistake", "tests"), MUTANTS, ids=[mutant[0] for mutant in MUTANTS])
def test_a_mistake_changes_a_line_that_is_there_and_names_tests_that_are(
    name: str, file: str, there: str, mistake: str, tests: str
) -> None:
    assert there in (ROOT / "beatporter" / file).read_text(encoding="utf-8"), f"{name}: {file} has no such text any more"
    assert there != mistake
    assert not [path for path in tests.split() if not (ROOT / path.partition("::")[0]).exists()]
