"""How long a test waits for what must come: too long for a slow machine to be taken for a fault, and never waited out in vain."""

TIMEOUT_S = 300
"""For an answer, a process or a page. A test may need it several times: pytest's own limit, in pyproject.toml, is longer."""
