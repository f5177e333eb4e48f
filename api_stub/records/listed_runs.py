"""A copy of Temporal's listing, kept true by asking only for what changed; pure.

A deletion cannot be asked for: it shows in the count, and then the whole listing is read again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from api_stub.records.source import ListedRun

LAG_S = 5.0
"""A listing may lag behind the server's own state; so far back changes are asked for again."""


class ListedRuns:
    """The runs that Temporal lists, and the newest run of each order."""

    def __init__(self) -> None:
        self._rows: dict[str, ListedRun] = {}
        self._orders: dict[str, dict[str, ListedRun]] = {}
        """Workflow id → run id → row; more than one run only where somebody reset an order by hand."""
        self._changed = 0.0
        self._touched: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._rows

    @property
    def ask_after(self) -> float | None:
        """Changes after this time (Temporal's clock) may be new here; None: nothing was read yet."""
        return self._changed - LAG_S if self._rows else None

    def row(self, workflow_id: str) -> ListedRun | None:
        """The newest run of this order."""
        runs = self._orders.get(workflow_id)
        if runs is None:
            return None
        if len(runs) == 1:
            return next(iter(runs.values()))
        return max(runs.values(), key=lambda row: (row.started, row.closed is None))

    def runs(self, workflow_id: str) -> Collection[ListedRun]:
        """Every listed run of this order."""
        return self._orders.get(workflow_id, {}).values()

    def run(self, run_id: str) -> ListedRun | None:
        """This run as it was last listed."""
        return self._rows.get(run_id)

    def changes(self) -> list[str]:
        """The workflow ids of which something changed since this was asked last: one reader's alone."""
        found, self._touched = self._touched, {}
        return list(found)

    def update(self, rows: Iterable[ListedRun]) -> None:
        """Take in rows that were just listed. A closed run never opens again."""
        for row in rows:
            known = self._rows.get(row.run_id)
            if known == row or (known is not None and known.closed is not None and row.closed is None):
                continue
            self._rows[row.run_id] = row
            self._orders.setdefault(row.workflow_id, {})[row.run_id] = row
            self._changed = max(self._changed, row.started, row.closed or 0.0)
            self._touched[row.workflow_id] = None

    def keep_only(self, run_ids: Collection[str]) -> None:
        """Forget every run that is not among these: the whole listing was read, and is taken in already."""
        for run_id in [run_id for run_id in self._rows if run_id not in run_ids]:
            self.drop(run_id)

    def drop(self, run_id: str) -> None:
        """Forget a run that is gone from Temporal."""
        gone = self._rows.pop(run_id, None)
        if gone is None:
            return
        self._touched[gone.workflow_id] = None
        runs = self._orders[gone.workflow_id]
        del runs[run_id]
        if not runs:
            del self._orders[gone.workflow_id]
