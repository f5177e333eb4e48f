"""The verdict on every order of the ledger, and where it is from; only what changed is judged anew."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import TypeVar

from api_stub.records.audit import Verdict, verdict
from api_stub.records.balance import Unlisted
from api_stub.records.ledger_lines import Contents, Ended
from api_stub.records.listed_runs import ListedRuns
from api_stub.records.source import ListedRun, State

T = TypeVar("T")


def seconds_passed() -> float:
    """A clock that nobody sets, and that goes on while the machine sleeps where the system has one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class OrderVerdicts:
    """Follows ledger and listing. Call `follow`, have `missing` and `undone` asked for, then `judge`."""

    def __init__(
        self,
        listed: ListedRuns,
        wall: Callable[[], float] = time.time,
        passed: Callable[[], float] = seconds_passed,
    ) -> None:
        self._listed = listed
        self._wall = wall
        self._passed = passed
        self._unplaced: dict[str, None] = {}
        self._pending: dict[str, None] = {}
        self._born: dict[str, float] = {}
        """When each open order began, by the clock that nobody sets."""
        self._began = False
        self._judged_at: float | None = None
        self.verdicts: dict[str, Verdict] = {}
        """Workflow id → what became of it; the ledger's order."""
        self.unlisted: dict[str, Unlisted] = {}
        """Those whose verdict is not what the listing says, and why."""
        self.rows: dict[str, ListedRun] = {}
        """Each order's newest run, where Temporal lists it."""
        self.others: dict[str, tuple[State, ...]] = {}
        """Listed runs that stand for no order of the ledger, by workflow id."""
        self.to_note: dict[str, ListedRun] = {}
        """Orders that ended, and whose end the ledger does not have yet."""
        self.missing: dict[str, str] = {}
        """Orders (with their runs) that are not listed and were never seen to end: to be asked for by id."""
        self.gone: dict[str, str] = {}
        """Of them: those that are not there."""
        self.found: dict[str, Verdict] = {}
        """Of them: those that are there, the one that was asked for longest ago first."""
        self.undone: dict[str, ListedRun] = {}
        """Orders that failed or were terminated: why is to be asked."""
        self.meant: dict[str, bool] = {}
        """Of them, by run id: whether somebody meant that."""

    @property
    def forgotten(self) -> list[str]:
        """Orders that ended as the ledger says, and that Temporal does not list any more."""
        return [key for key, why in self.unlisted.items() if why == "forgotten"]

    @property
    def unexamined(self) -> list[str]:
        """Of the missing: those that were not asked for yet."""
        return [key for key in self.missing if key not in self.gone and key not in self.found]

    def oldest_open_s(self) -> float | None:
        """The age of the oldest open order, seconds; None: there is none. It only grows, whatever is done
        to the clock; what was open when this API began is as old as the clock said then."""
        return max(0.0, self._passed() - min(self._born.values())) if self._born else None

    async def follow(self, contents: Contents, portion: int) -> None:
        """Take in what changed in ledger and listing; others have their turn after each portion."""
        keys = [*contents.changes(), *self._listed.changes()]
        if not self._began:
            keys = [*contents.entries, *keys]
            self._began = True
        self._unplaced.update(dict.fromkeys(keys))
        for place, key in enumerate(list(self._unplaced)):
            if place and place % portion == 0:
                await asyncio.sleep(0)  # who is cancelled here leaves the rest for the next count
            self._place(key, contents)
            self._unplaced.pop(key, None)

    def _place(self, key: str, contents: Contents) -> None:
        """Find out where this order's verdict is to be from."""
        self._pending[key] = None
        entry, row = contents.entries.get(key), self._listed.row(key)
        kept = row if entry is not None else None
        others = tuple(run.state for run in self._listed.runs(key) if run is not kept)
        _set(self.others, key, others or None)
        _set(self.rows, key, kept)
        ended_badly = kept is not None and kept.state in ("failed", "terminated")
        before = self.undone.get(key)
        if before is not None and (not ended_badly or kept is None or before.run_id != kept.run_id):
            self.meant.pop(before.run_id, None)
        _set(self.undone, key, kept if ended_badly else None)
        is_missing = entry is not None and row is None and key not in contents.ends
        run_id = entry.run_id if entry is not None and is_missing else None
        _set(self.missing, key, run_id)
        if self.gone.get(key) != run_id:
            self.gone.pop(key, None)
        if run_id is None:
            self.found.pop(key, None)

    async def judge(self, contents: Contents, portion: int) -> None:
        """Have every verdict as things are now, at once: no reader sees half of it."""
        unknown = [key for key, why in self.unlisted.items() if why == "reason unknown"]
        decided: dict[str, tuple[Verdict, Unlisted | None] | None] = {}
        for place, key in enumerate([*self._pending, *self.missing, *unknown]):
            if place and place % portion == 0:
                await asyncio.sleep(0)
            decided[key] = self._judge_one(key, contents)
        # From here on nobody else has a turn, and what came into the ledger meanwhile is in it, too.
        late = contents.changes()
        for key in late:
            self._place(key, contents)
        for key in late:
            decided[key] = self._judge_one(key, contents)
        self._pending = {}
        self._apply(decided, contents)

    def _judge_one(self, key: str, contents: Contents) -> tuple[Verdict, Unlisted | None] | None:
        if key not in contents.entries:
            return None
        row = self.rows.get(key)
        if row is None:
            end = contents.ends.get(key)
            if end is not None:
                return end.outcome, "forgotten"
            if key in self.gone:
                return "lost", "gone"
            # Found by its id although it is not listed, or not asked for yet: it came in just now.
            return self.found.get(key, "in_flight"), "not listed yet"
        if key in self.undone and row.run_id not in self.meant:
            # Nobody knows yet whether it was meant to: neither lost nor accounted for on a guess.
            return self.verdicts.get(key, "in_flight"), "reason unknown"
        return verdict(row, self.meant.get(row.run_id, False)), None

    def _apply(self, decided: dict[str, tuple[Verdict, Unlisted | None] | None], contents: Contents) -> None:
        passed, wall = self._passed(), self._wall()
        since = passed - self._judged_at if self._judged_at is not None else math.inf
        self._judged_at = passed
        for key, found in decided.items():
            if found is None:
                self.verdicts.pop(key, None)
                self.unlisted.pop(key, None)
                self.to_note.pop(key, None)
                self._born.pop(key, None)
                continue
            is_new = key not in self.verdicts
            self.verdicts[key], why = found
            _set(self.unlisted, key, why)
            row = self.rows.get(key)
            if found[0] != "in_flight":
                self._born.pop(key, None)
            elif key not in self._born:
                started = row.started if row is not None else contents.entries[key].at.timestamp()
                age = max(0.0, wall - started)
                # A new one was not there at the last count, whatever the clocks say.
                self._born[key] = passed - (min(age, since) if is_new else age)
            _set(self.to_note, key, row if is_news(found, row, contents.ends.get(key)) else None)


def is_news(found: tuple[Verdict, Unlisted | None], row: ListedRun | None, end: Ended | None) -> bool:
    """Whether an order ended, by the listing, and not as the ledger has noted it."""
    if row is None or found[1] is not None or found[0] in ("in_flight", "lost"):
        return False
    return end is None or (end.run_id, end.outcome) != (row.run_id, found[0])


def _set(kept: dict[str, T], key: str, value: T | None) -> None:
    if value is None:
        kept.pop(key, None)
    else:
        kept[key] = value
