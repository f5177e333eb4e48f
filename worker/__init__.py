"""The demo's Temporal code: one workflow, three activities, one worker process."""
