"""A version of the workflow that somebody has got wrong; the sandbox imports this module by its name."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from worker.shared import WORKFLOW_TYPE, OrderProgress, PizzaOrder
    from worker.workflow import PizzaWorkflow


@workflow.defn(name=WORKFLOW_TYPE)
class Mistaken(PizzaWorkflow):
    """Takes no order through anything."""

    @workflow.run
    async def run(self, order: PizzaOrder | None = None) -> OrderProgress:
        """Raise what a mistake raises."""
        raise KeyError("a mistake of ours")
