"""What the dashboard shows of the SDK's own metrics, and labels that these have. A real worker is asked
whether it is so (test_sdk_metrics.py)."""

SHOWN = {
    "temporal_activity_schedule_to_start_latency_seconds_bucket": {"task_queue", "le"},
    "temporal_worker_task_slots_available": {"task_queue", "worker_type"},
    "temporal_worker_task_slots_used": {"task_queue", "worker_type"},
    "temporal_workflow_task_execution_latency_seconds_bucket": {"task_queue", "workflow_type", "le"},
    "temporal_workflow_task_replay_latency_seconds_bucket": {"task_queue", "workflow_type", "le"},
}
WORKER_TYPES = {"ActivityWorker", "WorkflowWorker", "LocalActivityWorker"}
