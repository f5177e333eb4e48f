"""`python -m api_stub.stack`, which run_all.sh hands over to."""

from __future__ import annotations

import asyncio
import sys

from api_stub.stack.options import StartError, read
from api_stub.stack.run import Stack, say


def main() -> int:
    """Run the stack; the exit status: 0 for a clean stop, 1 for a start that failed or a part that did."""
    try:
        return asyncio.run(Stack(read(sys.argv[1:])).run())
    except StartError as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
