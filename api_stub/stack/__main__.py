"""`python -m api_stub.stack`, which run_all.sh hands over to."""

from __future__ import annotations

import os
import signal
import sys


def _leave(number: int, frame: object) -> None:
    os._exit(0)


# A stop may come before the rest of us is even loaded; nothing runs yet, so leaving is a clean stop.
for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(_number, _leave)

import asyncio  # noqa: E402

from api_stub.stack.options import StartError, read  # noqa: E402
from api_stub.stack.run import Stack, say  # noqa: E402


def main() -> int:
    """Run the stack; the exit status: 0 for a clean stop, 1 for a start that failed or a part that did."""
    try:
        return asyncio.run(Stack(read(sys.argv[1:])).run())
    except StartError as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
