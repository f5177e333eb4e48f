"""Log lines that begin with the order they are about: the SDK's own end with a dictionary of ten entries."""

from __future__ import annotations

import logging

from temporalio import activity, workflow

from worker.ids import asked_id


class NameTheOrder(logging.Filter):
    """Puts `ORDER, attempt N:` before what an activity logs, and `ORDER:` before what a workflow does."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; it is always logged."""
        about = getattr(record, "temporal_activity", None) or getattr(record, "temporal_workflow", None)
        if isinstance(about, dict):
            named = asked_id(str(about.get("workflow_id", "")))
            if "activity_type" in about:
                named += f", attempt {about.get('attempt')}"
            record.msg = f"{named.replace('%', '%%') if record.args else named}: {record.msg}"
        return True


def name_orders() -> None:
    """Have every handler of this process do that."""
    activity.logger.activity_info_on_message = False
    workflow.logger.workflow_info_on_message = False
    for handler in logging.getLogger().handlers:
        handler.addFilter(NameTheOrder())
