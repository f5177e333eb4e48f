"""Names that the stack and its API share; it imports nothing, so that a start does not wait for it."""

RUN_VARIABLE = "GOPHERPIZZA_RUN"
"""Names one run of the stack; its API finds it in the environment."""
MEMORY = "in-force.json"
"""The file that remembers which checkpoint is in force."""
