"""A background task that fails or ends is told once per kind and started again, for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from api_stub.background import MAX_REASON, Troubles, keep_running, woken


def run_until_cancelled(work: Callable[[], Awaitable[object]], troubles: Troubles) -> None:
    """Run `work` under keep_running until it raises CancelledError by itself."""

    async def main() -> None:
        await asyncio.wait_for(keep_running("part", work, troubles, first_pause_s=0, longest_pause_s=0), 10)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())


def test_a_failing_task_goes_on_and_is_told_once_per_kind(caplog: pytest.LogCaptureFixture) -> None:
    troubles = Troubles()
    failures: list[Exception | None] = [OSError("full"), OSError("full"), ValueError("odd"), None]
    tries = iter(failures)

    async def work() -> None:
        failure = next(tries, asyncio.CancelledError())
        if failure is not None:
            raise failure

    with caplog.at_level(logging.ERROR):
        run_until_cancelled(work, troubles)
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "part failed; it is tried again: OSError: full",
        "part failed; it is tried again",
        "part ended unasked; it is started again",
    ]
    assert [record.exc_info is not None for record in caplog.records] == [False, True, False]
    assert troubles.sentences == ["part: it ended unasked; it is started again"]


def test_a_reason_is_one_bounded_line() -> None:
    troubles = Troubles()

    async def work() -> None:
        if troubles.sentences:
            raise asyncio.CancelledError
        raise OSError("two\nlines" + "x" * 10_000)

    run_until_cancelled(work, troubles)
    (sentence,) = troubles.sentences
    assert "\n" not in sentence
    assert len(sentence) <= MAX_REASON + len("part: ")


def test_a_part_that_works_again_is_no_trouble() -> None:
    troubles = Troubles()
    assert troubles.tell("disk", "full")
    assert not troubles.tell("disk", "full")
    troubles.clear("disk")
    assert troubles.sentences == []


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("limit_s", [None, 100.0])
def test_who_waits_for_an_event_hears_that_it_is_cancelled_also_when_the_event_comes(
    steps: int, limit_s: float | None
) -> None:
    async def main() -> None:
        event = asyncio.Event()

        async def wait_for_ever() -> None:
            while True:
                event.clear()
                await woken(event, limit_s)

        waiting = asyncio.create_task(wait_for_ever())
        for _ in range(3):
            await asyncio.sleep(0)
        event.set()
        for _ in range(steps):  # the loop's turns between the event and the cancellation
            await asyncio.sleep(0)
        waiting.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        assert waiting.cancelled()

    asyncio.run(main())


def test_an_event_that_does_not_come_is_not_waited_for_any_longer() -> None:
    async def main() -> None:
        event = asyncio.Event()
        assert not await woken(event, 0.0)
        event.set()
        assert await woken(event, 0.0) and await woken(event, None)

    asyncio.run(main())
