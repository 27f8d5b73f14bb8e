"""Scripted faults: which request is spoilt, and how. Knows nothing about sockets; `sandbox.http` carries them out.

A script is a list of rules. A rule says which requests it matches (`service`, `method`, `kind` of route, `path` as a
regular expression), which of those it spoils (`nth`, `count`, `probability`) and how (`fault` and its parameters).
Every rule counts the requests that it matches; the first rule that is due applies. Rules can be read from and written as JSON:

    [
      {"service": "spotify", "kind": "search", "nth": 3, "fault": "rate_limited", "retry_after_s": 1},
      {"service": "spotify", "nth": 20, "count": null, "fault": "quota_exceeded", "retry_after_s": 50000},
      {"method": "POST", "kind": "playlist-items", "fault": "server_error", "status": 502, "when": "after"},
      {"method": "POST", "kind": "playlist-items", "fault": "drop", "when": "after"},
      {"kind": "search", "fault": "hang", "seconds": 0.5, "count": 2},
      {"kind": "search", "probability": 0.05, "seed": 7, "count": null, "fault": "truncated"},
      {"service": "spotify", "path": "/v1/me$", "fault": "token_expired"},
      {"service": "beatport", "fault": "challenge", "status": 200}
    ]

The third one means: the first POST to a playlist's items is carried out and then answered with 502.

Faults, with their parameters and defaults:
- `rate_limited`: 429 with `retry_after_s` (1); before the handler.
- `quota_exceeded`: 429 with reason QUOTA_EXCEEDED and `retry_after_s` (50,000); before the handler.
- `server_error`: `status` (500), `when` before or after the handler (after: a write has been applied); `retry_after_s` if given.
- `drop`: the connection is closed without an answer, `when` before or after.
- `hang`: nothing is sent for `seconds` (5) of real time, then the connection is closed; `when` before or after.
- `truncated`: the body is cut in half, and Content-Length gives the cut length. `cut_off`: cut, but Content-Length gives the full length.
- `html`: a page of HTML with `status` (200) where JSON is expected; before, or after with `when`. `empty`: no body, the handler's status.
- `oversize`: the answer, followed by megabytes of blanks. `drip`: the answer a byte at a time, until the other side has had enough.
- `token_expired`: 401 as for an access token that is over; before the handler.
- `no_results`: Spotify's search finds nothing. `no_isrc_results`: it finds nothing by ISRC, as in its empty spells.
- `challenge` (`status` 403), `malformed`, `half_page`: Beatport's, made, like the two before, by hooks that its server brings.
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal

When = Literal["before", "after"]

HOOKED: Final = frozenset({"challenge", "malformed", "half_page", "no_results", "no_isrc_results"})
FAULTS: Final = HOOKED | {
    "rate_limited",
    "quota_exceeded",
    "server_error",
    "drop",
    "hang",
    "truncated",
    "cut_off",
    "html",
    "empty",
    "oversize",
    "drip",
    "token_expired",
}
_ONLY_BEFORE: Final = frozenset({"rate_limited", "quota_exceeded", "token_expired"})
_NEEDS_ANSWER: Final = HOOKED | {"truncated", "cut_off", "empty", "oversize", "drip"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a script; the module's docstring has examples."""

    fault: str
    service: str = ""
    """Empty: any. Otherwise "spotify", "accounts", "beatport", ..."""
    method: str = ""
    """Empty: any."""
    kind: str = ""
    """The route's kind, e.g. "search"; empty: any."""
    path: str = ""
    """Regular expression searched for in the path (without query); empty: any."""
    nth: int = 1
    """The first match that may be spoilt, counted from 1."""
    count: int | None = 1
    """How many are spoilt; None: all from nth on."""
    probability: float = 1.0
    """Probability for each due match, derived only from the seed and the match's number."""
    seed: int = 0
    when: When | None = None
    """Before or after the handler runs; None: the fault's default."""
    status: int | None = None
    retry_after_s: float | None = None
    seconds: float = 5.0
    """Length of a hang, in real time."""

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"unknown fault {self.fault!r}; there are {', '.join(sorted(FAULTS))}")
        if self.when not in (None, "before", "after"):
            raise ValueError(f"when must be before or after, got {self.when!r}")
        if self.when == "after" and self.fault in _ONLY_BEFORE:
            raise ValueError(f"{self.fault} is answered before the handler runs")
        if self.when == "before" and self.fault in _NEEDS_ANSWER:
            raise ValueError(f"{self.fault} spoils an answer, so it comes after the handler")
        if self.nth < 1 or (self.count is not None and self.count < 1):
            raise ValueError("nth and count must be at least 1")
        if not 0 <= self.probability <= 1:
            raise ValueError("probability must be between 0 and 1")
        re.compile(self.path)

    @property
    def after(self) -> bool:
        """Whether the handler runs first, so that a write is applied."""
        return self.when == "after" or self.fault in _NEEDS_ANSWER

    @property
    def label(self) -> str:
        """Its name in the request log, e.g. "server_error:502:after"."""
        return ":".join([self.fault, *([str(self.status)] if self.status else []), "after" if self.after else "before"])

    def looks_at(self, service: str, method: str, kind: str, path: str) -> bool:
        return (
            self.service in ("", service)
            and self.method in ("", method)
            and self.kind in ("", kind)
            and (not self.path or re.search(self.path, path) is not None)
        )

    def to_json(self) -> dict[str, Any]:
        """The rule as a JSON object, without default values."""
        defaults = {field.name: field.default for field in fields(self)}
        return {key: value for key, value in asdict(self).items() if value != defaults[key]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Rule:
        """Read a rule.

        Raises:
            ValueError: naming the invalid key or value.
        """
        unknown = sorted(set(data) - {field.name for field in fields(cls)})
        if unknown or "fault" not in data:
            raise ValueError(f"a rule has no {', '.join(unknown)}" if unknown else "a rule needs a fault")
        return cls(**data)


class FaultScript:
    """Rules with their counters; thread-safe."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._seen: list[int] = []
        self._fired: list[int] = []
        for rule in rules:
            self.add(rule)

    def add(self, rule: Rule | None = None, /, **fields_: Any) -> Rule:
        """Append a rule, given as an object or by its fields: `script.add(fault="drop", kind="search")`."""
        rule = rule if rule is not None else Rule.from_json(fields_)
        with self._lock:
            self._rules.append(rule)
            self._seen.append(0)
            self._fired.append(0)
        return rule

    def clear(self) -> None:
        """Remove all rules: nothing is spoilt from now on."""
        with self._lock:
            self._rules, self._seen, self._fired = [], [], []

    def load(self, data: Iterable[Mapping[str, Any]] | str) -> None:
        """Replace the script by one in JSON (text or parsed); nothing changes when one of its rules is wrong."""
        parsed = json.loads(data) if isinstance(data, str) else data
        rules = [Rule.from_json(item) for item in parsed]
        self.clear()
        for rule in rules:
            self.add(rule)

    def to_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [rule.to_json() for rule in self._rules]

    @property
    def fired(self) -> int:
        """How many requests were spoilt so far."""
        with self._lock:
            return sum(self._fired)

    def pick(self, service: str, method: str, kind: str, path: str) -> Rule | None:
        """The rule that spoils this request, or None. Counts the request for every rule that matches it."""
        with self._lock:
            looking = self._looking(service, method, kind, path)
            due = next(filter(self._is_due, looking), None)
            for index in looking:
                self._seen[index] += 1
            if due is None:
                return None
            self._fired[due] += 1
            return self._rules[due]

    def foresee(self, service: str, method: str, kind: str, path: str) -> Rule | None:
        """The rule that would spoil this request if it came now; counts nothing."""
        with self._lock:
            due = filter(self._is_due, self._looking(service, method, kind, path))
            return next((self._rules[index] for index in due), None)

    def _looking(self, service: str, method: str, kind: str, path: str) -> list[int]:
        return [index for index, rule in enumerate(self._rules) if rule.looks_at(service, method, kind, path)]

    def _is_due(self, index: int) -> bool:
        """Whether this rule would spoil the next request that it matches."""
        rule = self._rules[index]
        seen = self._seen[index] + 1
        if seen < rule.nth or (rule.count is not None and self._fired[index] >= rule.count):
            return False
        # Derived from the match's number, not from a shared generator: other rules and threads cannot shift it.
        return rule.probability >= 1 or random.Random(f"{rule.seed}/{index}/{seen}").random() < rule.probability
