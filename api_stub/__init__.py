"""The thin HTTP API, the worker fleet behind it, and the stack that starts everything."""
