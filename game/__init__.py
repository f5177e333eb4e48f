"""The window: a pizzeria that shows what Temporal and the operating system say, and nothing else."""
