"""The sandbox's refusals, in the form of Beatport's API."""

from __future__ import annotations


class BeatportRefusal(Exception):
    """A refused request.

    Attributes:
        status: HTTP status.
        detail: the API's `detail`.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


def not_found(detail: str = "Not found.") -> BeatportRefusal:
    return BeatportRefusal(404, detail)


def unauthorized() -> BeatportRefusal:
    return BeatportRefusal(401, "Authentication credentials were not provided.")
