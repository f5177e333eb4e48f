"""`python -m api_stub`: the API and its fleet, without the rest of the stack."""

from __future__ import annotations

import contextlib
import gc
import sys

from api_stub.fleet.launch import Launched, Launcher
from worker.show.outputs import fill_standard_streams


def main() -> None:
    """Start the fork server, then import the API beside it, and hand over."""
    gc.disable()  # what is being imported stays; looking for garbage in it takes a seventh of a start
    fill_standard_streams()
    launcher, launched = Launcher(), None
    if not {"-h", "--help"}.intersection(sys.argv):
        launched = first_of(launcher)
    from api_stub.server import main as serve

    serve(launcher, launched)


def first_of(launcher: Launcher) -> Launched | None:
    """A fork server; None where none can be made yet: the host tries again, and tells why."""
    with contextlib.suppress(OSError):
        return launcher.launch()
    return None


if __name__ == "__main__":
    main()
