"""How long a test waits for something: long enough for slow machines, since the wait ends as soon as it happens."""

TIMEOUT_S = 300
"""For an answer, a process or a page. A test may need it several times: pytest's own limit, in pyproject.toml, is longer."""
