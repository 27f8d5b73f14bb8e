"""A workspace on the stand-in of `conftest.SpotifySandbox`, and a way to die in the middle of its work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from beatporter.sync.workspace import Workspace

if TYPE_CHECKING:
    from tests.contract.conftest import SpotifySandbox


class Killed(BaseException):
    """The process died."""


@contextmanager
def workspace_on(spotify: SpotifySandbox, run_key: str = "run", **changes: object) -> Iterator[Workspace]:
    """The workspace of one command."""
    with Workspace(spotify.settings(**changes), spotify.ledger, run_key=run_key, now=spotify.clock, sleep=spotify.sleep) as workspace:
        yield workspace


def dies_at(spotify: SpotifySandbox, nth: int, when: str, work: Callable[[Workspace], object]) -> bool:
    """Do the work, and die at the nth write, before or after Spotify carries it out; False when the work ended before that."""
    seen = 0
    with workspace_on(spotify) as workspace:
        send = workspace.spotify._session.request

        def request(method: str, *arguments: Any, **options: Any) -> Any:
            nonlocal seen
            seen += method != "GET"
            dies = method != "GET" and seen == nth
            if dies and when == "before":
                raise Killed
            answer = send(method, *arguments, **options)
            if dies:
                raise Killed
            return answer

        workspace.spotify._session.request = request  # type: ignore[method-assign, assignment]
        try:
            work(workspace)
        except Killed:
            return True
        return False
