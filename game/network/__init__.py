"""Threads and requests: what is asked of the API, and how often."""
