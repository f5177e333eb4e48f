"""A bed for tests on Kubernetes: a real API server, a stand-in for the node, a proxy that breaks things.

Nothing here imports the host that it tests: requests are plain HTTP, as Kubernetes' own reference has them.
"""
