"""The worker fleet: pure rules (rules.py), a host that makes processes (host.py), and what joins them."""
