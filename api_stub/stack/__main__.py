"""`python -m api_stub.stack`, which run_all.sh hands over to."""

from __future__ import annotations

import os
import signal
import sys


def _leave(number: int, frame: object) -> None:
    os._exit(0)


# A stop may come before the rest of us is even loaded; nothing runs yet, so leaving is a clean stop. What
# nohup, or a shell's background job, has told this process to ignore stays ignored.
for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    if _number == signal.SIGTERM or signal.getsignal(_number) is not signal.SIG_IGN:
        signal.signal(_number, _leave)

import asyncio  # noqa: E402

from api_stub.background import reason_of  # noqa: E402
from api_stub.stack.options import StartError, raise_open_files, read  # noqa: E402
from api_stub.stack.run import Stack  # noqa: E402
from api_stub.stack.terminal import Terminal, usable_streams  # noqa: E402


def main() -> int:
    """Run the stack; the exit status: 0 for a clean stop, 1 for a start that failed or a part that did."""
    usable_streams()
    if "--kube-manifests" in sys.argv[1:]:
        from api_stub.stack.manifests import main as print_manifests

        return print_manifests(sys.argv[1:])
    terminal = Terminal(sys.stdout, sys.stderr)
    try:
        options = read(sys.argv[1:])
        raise_open_files()
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
