"""`python -m api_stub.stack`, which run_all.sh hands over to."""

from __future__ import annotations

import os
import sys

from api_stub.stack.signals import begin


def _leave(number: int, frame: object) -> None:
    os._exit(0)


# A stop may come before the rest of us is even loaded; nothing runs yet, so leaving is a clean stop.
begin(_leave)

import asyncio  # noqa: E402
from dataclasses import replace  # noqa: E402

from api_stub.background import reason_of  # noqa: E402
from api_stub.stack.guard import Guard  # noqa: E402
from api_stub.stack.options import StackOptions, StartError, raise_open_files, read  # noqa: E402
from api_stub.stack.ports import is_free  # noqa: E402
from api_stub.stack.run import Stack  # noqa: E402
from api_stub.stack.terminal import Terminal, usable_streams  # noqa: E402


def main() -> int:
    """Run the stack; the exit status: 0 for a clean stop, 1 for a start that failed or a part that did.

    In a kiosk it runs in a child of this process, which starts it again whatever ends it.
    """
    usable_streams()
    if "--kube-manifests" in sys.argv[1:]:
        from api_stub.stack.manifests import main as print_manifests

        return print_manifests(sys.argv[1:])
    try:
        options = read(sys.argv[1:])
        raise_open_files()
    except StartError as error:
        return told(str(error))
    if not options.kiosk:
        return run(options)
    # Its state was forgotten once; whatever ended it, that is not wanted again.
    again = replace(options, fresh=False, again=True)
    held = [options.api_port, *(() if options.external else (options.temporal_port, options.ui_port))]
    return Guard(
        run=lambda first: run(options if first else again),
        is_free=lambda: all(map(is_free, held)),
        say=told,
    ).keep()


def told(text: str) -> int:
    """Say one line to people; 1, the exit status where it was the last."""
    terminal = Terminal(sys.stdout, sys.stderr)
    terminal.say(text)
    terminal.flush()
    return 1


def run(options: StackOptions) -> int:
    """Run one stack, in this process; the exit status."""
    terminal = Terminal(sys.stdout, sys.stderr)
    try:
        return asyncio.run(Stack(options, terminal).run())
    except StartError as error:
        terminal.say(str(error))
    except Exception as error:
        terminal.say(f"the stack failed: {reason_of(error)}")
    finally:
        terminal.flush()
    return 1


if __name__ == "__main__":
    status = main()
    # A thread may hang at a terminal that takes nothing; everything of ours is over by now.
    os._exit(status)
