"""`python -m tests.bench [NAME …]`: each benchmark measures its floor in the same run, on this machine."""
