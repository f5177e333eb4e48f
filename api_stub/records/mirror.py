"""A copy of Temporal's listing, kept true by asking only for what changed; pure.

A deletion cannot be asked for: it shows in the count, and then the whole listing is read again.
"""

from __future__ import annotations

from collections.abc import Iterable

from api_stub.records.source import Row

LAG_S = 5.0
"""A listing may lag behind the server's own state; so far back changes are asked for again."""


class Mirror:
    """The runs that Temporal lists, and the newest run of each order."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._orders: dict[str, dict[str, Row]] = {}
        """Workflow id → run id → row; more than one run only where somebody reset an order by hand."""
        self._changed = 0.0

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def ask_after(self) -> float | None:
        """Changes after this time (Temporal's clock) may be new here; None: nothing was read yet."""
        return self._changed - LAG_S if self._rows else None

    def row(self, workflow_id: str) -> Row | None:
        """The newest run of this order."""
        runs = self._orders.get(workflow_id)
        if runs is None:
            return None
        return max(runs.values(), key=lambda row: (row.started, row.closed is None))

    def update(self, rows: Iterable[Row]) -> None:
        """Take in rows that were just listed. A closed run never opens again."""
        for row in rows:
            known = self._rows.get(row.run_id)
            if known is not None and known.closed is not None and row.closed is None:
                continue
            self._rows[row.run_id] = row
            self._orders.setdefault(row.workflow_id, {})[row.run_id] = row
            self._changed = max(self._changed, row.started, row.closed or 0.0)

    def replace(self, rows: Iterable[Row]) -> None:
        """Take in the whole listing, read after everything that is known here: what is not in it is gone."""
        listed = {row.run_id: row for row in rows}
        for run_id in [run_id for run_id in self._rows if run_id not in listed]:
            self.drop(run_id)
        self.update(listed.values())

    def drop(self, run_id: str) -> None:
        """Forget a run that is gone from Temporal."""
        gone = self._rows.pop(run_id, None)
        if gone is None:
            return
        runs = self._orders[gone.workflow_id]
        del runs[run_id]
        if not runs:
            del self._orders[gone.workflow_id]
