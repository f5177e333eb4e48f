"""The only place of the API that speaks Temporal: a client for orders, and the embedded server.

It imports nothing itself: some of its modules are needed before the SDK is loaded.
"""
