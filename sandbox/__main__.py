"""`python -m sandbox`: run a sandbox until SIGTERM or SIGINT.

Prints its addresses and the environment that points Beatporter at it. `--env-file` gets the same as KEY=VALUE lines once
everything answers, so a process that waits for the file can start at once.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from beatporter.errors import UnknownGenre
from sandbox.state import StateUnreadable, write_whole
from sandbox.world import Options, Sandbox

_PARENT_POLL_S = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; returns the exit code: 0 after a signal, 2 for invalid options."""
    chosen = _parser().parse_args(arguments)
    stop, is_made = _stop_on_signals(), threading.Event()
    if chosen.until_parent_ends:
        threading.Thread(target=_end_with_parent, args=(chosen.until_parent_ends, stop, is_made), daemon=True).start()
    try:
        sandbox = Sandbox(_options(chosen))
        if chosen.next_day:
            sandbox.next_day()
        with sandbox:
            is_made.set()
            _announce(sandbox, chosen)
            stop.wait()
    except (UnknownGenre, StateUnreadable, OSError) as error:
        print(f"sandbox: {error}", file=sys.stderr)  # noqa: T201 - this is a command
        return 2
    return 0


def _end_with_parent(parent: int, stop: threading.Event, is_made: threading.Event) -> None:
    """Set `stop` when the parent has ended; while the catalogue is being made, which takes seconds, end at once."""
    while os.getppid() == parent:
        if stop.wait(_PARENT_POLL_S):
            return
    stop.set()
    if not is_made.is_set():
        os._exit(0)


def _stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    return stop


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sandbox", description="Local stand-ins for Beatport and Spotify.")
    parser.add_argument("--seed", type=int, default=1, help="seed of the invented catalogue")
    parser.add_argument("--state", type=Path, help="file that keeps the day, the playlists and the calls between runs")
    parser.add_argument("--next-day", action="store_true", help="begin with the morning after the one in --state")
    parser.add_argument("--latency-ms", type=float, default=0, help="delay before each answer of both services")
    parser.add_argument("--quota", type=int, help="Spotify calls in any rolling 24 hours")
    parser.add_argument("--rate", type=int, help="Spotify calls in any rolling 30 seconds")
    parser.add_argument("--genres", help="comma-separated slugs; default: all")
    parser.add_argument("--spotify-shape", choices=("new", "old"), default="new", help="Web API for new apps or the older cohort")
    parser.add_argument("--port", type=int, default=0, help="Beatport's port; Spotify and the control take the next two; 0: any free ones")
    parser.add_argument("--ports-file", type=Path, help="gets the addresses as JSON once they answer")
    parser.add_argument("--env-file", type=Path, help="gets the environment as KEY=VALUE lines once they answer")
    parser.add_argument("--until-parent-ends", type=int, metavar="PID", help="stop when the parent process, which has this id, has ended")
    return parser


def _options(chosen: argparse.Namespace) -> Options:
    return Options(
        seed=chosen.seed,
        latency_ms=chosen.latency_ms,
        state_file=chosen.state,
        spotify_shape=chosen.spotify_shape,
        daily_quota=chosen.quota,
        rate_per_30s=chosen.rate,
        genres=tuple(chosen.genres.split(",")) if chosen.genres else None,
        ports=(chosen.port, chosen.port + 1, chosen.port + 2) if chosen.port else (0, 0, 0),
    )


def _announce(sandbox: Sandbox, chosen: argparse.Namespace) -> None:
    environment = sandbox.environment()
    lines = [
        f"Day {sandbox.world.day} ({sandbox.world.date:%A, %d %B %Y}), {len(sandbox.world.genre_ids)} genres.",
        f"Beatport  {sandbox.beatport_url}",
        f"Spotify   {sandbox.spotify_api_url}",
        f"Control   {sandbox.control_url}/state",
        *(f"export {key}={value}" for key, value in environment.items()),
    ]
    print("\n".join(lines), flush=True)  # noqa: T201 - this is a command
    if chosen.ports_file:
        write_whole(chosen.ports_file, json.dumps(sandbox.describe()["urls"]) + "\n")
    if chosen.env_file:
        write_whole(chosen.env_file, "".join(f"{key}={value}\n" for key, value in environment.items()))


if __name__ == "__main__":
    sys.exit(main())
