"""A change of the rules needs a new version."""

from __future__ import annotations

import io
import tokenize
from hashlib import blake2b
from pathlib import Path

from beatporter.matching import RULES, weights

PINNED = {"2026-11-3": "ba62da1210cd2d2f"}
DECIDING = ("words", "weights", "normalise", "version", "title", "compare", "credits", "judge", "decide", "find")


def test_rules_that_decide_otherwise_carry_a_new_version() -> None:
    folder = Path(str(weights.__file__)).parent
    found = blake2b("".join(_code(folder / f"{name}.py") for name in DECIDING).encode(), digest_size=8).hexdigest()
    assert PINNED.get(RULES) == found, (
        f"The words, weights or code of matching changed (now {found}). If decisions can change, give weights.RULES a new version, "
        f"so that old misses are tried again; then pin it in {Path(__file__).name}."
    )


def _code(path: Path) -> str:
    """The module's code without comments, docstrings and layout, alike under every Python."""
    kept: list[str] = []
    statement_starts = True
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE):
            statement_starts = statement_starts or token.type == tokenize.NEWLINE
            continue
        if token.line.startswith(("from ", "import ")):  # the place of a name decides nothing
            continue
        is_docstring = statement_starts and token.type == tokenize.STRING
        if not is_docstring and "RULES: Final" not in token.line:
            kept.append("".join(token.string.split()))
        statement_starts = False
    return "".join(kept)
