"""The ledger's lines and what they add up to; pure, no file.

One line a fact, words between spaces, the kind first, so that `grep` and `tail -f` are enough to read it:

    carried 2026-01-01T12:00:00.000000Z started=40 delivered=39 failed=1 retries=12 cancelled=0
    taken 2026-01-01T12:00:00.000000Z manual-1--0f… 0199c0de-…
    ended 2026-01-01T12:00:09.000000Z manual-1--0f… 0199c0de-… delivered retries=2
    settled 2026-01-01T13:00:01.000000Z manual-1--0f… 0199c0de-… delivered retries=2
    leaving 2026-01-01T13:00:02.000000Z manual-1--0f… 0199c0de-…

`taken`: an order that somebody was told is placed. `ended`: Temporal has told how it ended, and may forget it
from here on. `settled`: it ended long ago, is counted in the totals from here on, and is about to be deleted
in Temporal; written before that, so that no crash in between can make it look lost. `carried` and `leaving`
are a rewritten ledger's way to say what settled lines said. Ledgers of before have no `ended` lines, and no
`cancelled=`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

Outcome = Literal["delivered", "failed", "cancelled"]
"""How an order ended. `cancelled`: somebody cancelled or terminated it."""

MAX_LINE = 4096
"""Bytes; a workflow id has 1,000 at the most."""
MAX_PROBLEMS = 5
"""So many damaged lines are told one by one."""
BEGINNINGS = (b"carried ", b"taken ")
YEARS = range(1970, 2201)


class BadLine(ValueError):
    """A line that is none of the ledger's kinds; the message says what was found."""


@dataclass(frozen=True)
class Totals:
    """Orders that are no longer kept one by one."""

    started: int = 0
    delivered: int = 0
    failed: int = 0
    retries: int = 0
    cancelled: int = 0
    """Of `failed`: those that somebody cancelled or terminated."""

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.started + other.started,
            self.delivered + other.delivered,
            self.failed + other.failed,
            self.retries + other.retries,
            self.cancelled + other.cancelled,
        )


@dataclass(frozen=True)
class Carried:
    """The totals so far; the first line of a rewritten ledger."""

    at: datetime
    totals: Totals


@dataclass(frozen=True)
class Taken:
    """An order was taken: Temporal has it, under this workflow id and run id."""

    at: datetime
    workflow_id: str
    run_id: str


@dataclass(frozen=True)
class Ended:
    """How an order ended, as Temporal told it; from now on nobody needs Temporal to know it."""

    at: datetime
    workflow_id: str
    run_id: str
    """The run that ended: another one than was taken where somebody reset the order."""
    outcome: Outcome
    retries: int
    """As far as they were known; a later line of the same order knows better."""


@dataclass(frozen=True)
class Settled:
    """An order ended long ago and is counted in the totals from now on."""

    at: datetime
    workflow_id: str
    run_id: str
    outcome: Outcome
    retries: int


@dataclass(frozen=True)
class Leaving:
    """A settled order whose workflow may still be in Temporal."""

    at: datetime
    workflow_id: str
    run_id: str


Record = Carried | Taken | Ended | Settled | Leaving


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def write_line(record: Record) -> str:
    """One record as a line, with its line feed. No field may contain a space."""
    match record:
        case Carried(at, t):
            rest = " ".join(f"{name}={getattr(t, name)}" for name in Totals.__annotations__)
        case Taken(at, workflow_id, run_id) | Leaving(at, workflow_id, run_id):
            rest = f"{workflow_id} {run_id}"
        case Ended(at, workflow_id, run_id, outcome, retries) | Settled(
            at, workflow_id, run_id, outcome, retries
        ):
            rest = f"{workflow_id} {run_id} {outcome} retries={retries}"
    return f"{type(record).__name__.lower()} {_stamp(at)} {rest}\n"


def read_line(line: str) -> Record:
    """A line without its line feed. Raises BadLine."""
    try:
        kind, stamp, *rest = line.split(" ")
        at = datetime.fromisoformat(stamp)
        if at.year not in YEARS:
            raise ValueError(f"the year {at.year}")
        at = at.astimezone(UTC)
        match kind, rest:
            case "carried", [_, _, _, _] | [_, _, _, _, _]:
                names = list(Totals.__annotations__)[: len(rest)]
                return Carried(at, Totals(**{name: _number(rest, name) for name in names}))
            case "taken", [workflow_id, run_id] if workflow_id and run_id:
                return Taken(at, workflow_id, run_id)
            case "leaving", [workflow_id, run_id] if workflow_id and run_id:
                return Leaving(at, workflow_id, run_id)
            case "ended", [workflow_id, run_id, ("delivered" | "failed" | "cancelled") as outcome, _] if (
                workflow_id and run_id
            ):
                return Ended(at, workflow_id, run_id, outcome, _number(rest, "retries"))
            case "settled", [workflow_id, run_id, ("delivered" | "failed" | "cancelled") as outcome, _]:
                return Settled(at, workflow_id, run_id, outcome, _number(rest, "retries"))
    except ValueError as error:
        raise BadLine(f"{line[:80]!r}: {error}") from error
    raise BadLine(f"{line[:80]!r}: not a line of a ledger")


def _number(words: list[str], name: str) -> int:
    for word in words:
        key, _, value = word.partition("=")
        if key == name and value.isascii() and value.isdigit():
            return int(value)
    raise ValueError(f"no {name}=<number>")


@dataclass
class Contents:
    """What a ledger's lines add up to, in the order they are applied."""

    entries: dict[str, Taken] = field(default_factory=dict)
    """Orders that are kept one by one, by workflow id, oldest first."""
    ends: dict[str, Ended] = field(default_factory=dict)
    """How those of them ended that were seen to end, by workflow id."""
    carried: Totals = Totals()
    leaving: dict[str, str] = field(default_factory=dict)
    """Runs that are to be deleted in Temporal: run id → workflow id."""
    dead_lines: int = 0
    """Lines that a rewritten ledger would not have."""
    touched: dict[str, None] = field(default_factory=dict)
    """Workflow ids of which something changed since `changes` was asked, in that order."""

    @property
    def started(self) -> int:
        """Every order ever taken."""
        return self.carried.started + len(self.entries)

    def open_since(self, at: datetime) -> list[str]:
        """Workflow ids of the orders that were not known to have ended at that time, the oldest first."""
        return [key for key in self.entries if key not in self.ends or self.ends[key].at >= at]

    def changes(self) -> list[str]:
        """The workflow ids of which something changed since this was asked last: one reader's alone."""
        found, self.touched = self.touched, {}
        return list(found)

    def apply(self, record: Record) -> None:
        """Take one record. The same order twice counts once; an order that is not there cannot settle."""
        if isinstance(record, Taken | Ended | Settled):
            self.touched[record.workflow_id] = None
        match record:
            case Carried():
                self.carried = record.totals
            case Taken():
                before = self.entries.get(record.workflow_id)
                self.dead_lines += before is not None
                if before is not None and before.run_id != record.run_id:
                    # The id was free again in Temporal, and was ordered anew: that has not ended yet.
                    self.dead_lines += self.ends.pop(record.workflow_id, None) is not None
                self.entries[record.workflow_id] = record
            case Ended():
                self.dead_lines += record.workflow_id in self.ends or record.workflow_id not in self.entries
                if record.workflow_id in self.entries:
                    self.ends[record.workflow_id] = record
            case Settled():
                self.dead_lines += 1
                if self.entries.pop(record.workflow_id, None) is not None:
                    self.dead_lines += 1 + (self.ends.pop(record.workflow_id, None) is not None)
                    delivered, cancelled = record.outcome == "delivered", record.outcome == "cancelled"
                    self.carried += Totals(
                        1, int(delivered), int(not delivered), record.retries, int(cancelled)
                    )
                    self.leaving[record.run_id] = record.workflow_id
            case Leaving():
                self.leaving[record.run_id] = record.workflow_id

    def records(self, at: datetime) -> Iterator[Record]:
        """The fewest records that add up to the same."""
        yield Carried(at, self.carried)
        # A copy: a run may turn out to be deleted while a thread writes these.
        yield from (Leaving(at, workflow_id, run_id) for run_id, workflow_id in list(self.leaving.items()))
        for workflow_id, entry in self.entries.items():
            yield entry
            if (end := self.ends.get(workflow_id)) is not None:
                yield end


@dataclass(frozen=True)
class LoadedLedger:
    """A ledger as it was read: its contents, how many bytes of it are whole lines, and what was wrong."""

    contents: Contents
    whole: int
    problems: tuple[str, ...] = ()


def load(data: bytes) -> LoadedLedger:
    """Read a ledger's bytes. A last line without its line feed is torn: nobody was answered for it.

    A damaged line costs only itself. Raises BadLine for what is not a ledger at all: a first line of
    something else, more lines that cannot be read than others, or an end that is longer than any line.
    """
    contents = Contents()
    problems: list[str] = []
    good = bad = 0
    whole = data.rfind(b"\n") + 1
    for number, line in enumerate(data[:whole].split(b"\n")[:-1], 1):
        try:
            if len(line) > MAX_LINE:
                raise BadLine(f"{line[:80]!r}: a line of {len(line)} bytes")
            contents.apply(read_line(line.decode(errors="replace")))
            good += 1
        except BadLine as error:
            if number == 1:
                raise BadLine(f"line 1: {error}") from error
            contents.dead_lines += 1
            bad += 1
            if bad <= MAX_PROBLEMS:
                problems.append(f"line {number}: {error}")
    if bad > good:
        raise BadLine(f"{bad} of {bad + good} lines are not a ledger's; {problems[0]}")
    if bad > MAX_PROBLEMS:
        problems.append(f"{bad - MAX_PROBLEMS} more lines like these")
    # A power cut may leave zeros where something was about to be written.
    torn = data[whole:].rstrip(b"\0")
    begins = any(torn[: len(start)] == start[: len(torn)] for start in BEGINNINGS)
    if len(torn) > MAX_LINE or not (whole or begins):
        raise BadLine(f"line {good + bad + 1}: {torn[:80]!r}: not a line of a ledger")
    if whole < len(data):
        problems.append(f"the last line is torn and is cut off: {torn[:80]!r}")
    return LoadedLedger(contents, whole, tuple(problems))
