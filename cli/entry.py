"""Where the `beatporter` command begins. Nothing that takes time is imported before Ctrl-C ends the process without a word."""

import signal

# At import, which nothing else in this project does: what comes next is the import of everything.
_AS_BEFORE = signal.signal(signal.SIGINT, signal.SIG_DFL)


def main() -> None:
    """Import the commands, and run the one that was asked for."""
    from cli.main import main as run

    signal.signal(signal.SIGINT, _AS_BEFORE)
    run()
