"""The names of the environment variables that a worker in a Pod is told its settings by."""

from __future__ import annotations

POD, STARTS_FILE = "GOPHERPIZZA_POD", "GOPHERPIZZA_STARTS_FILE"
"""The Pod's name; the file in which starts are counted."""
CONCURRENCY, LIFESPAN, DRAIN = "GOPHERPIZZA_CONCURRENCY", "GOPHERPIZZA_LIFESPAN_S", "GOPHERPIZZA_DRAIN_S"
"""Pizzas at once; two times between which its life is drawn (empty: none); how long it drains. In seconds."""
