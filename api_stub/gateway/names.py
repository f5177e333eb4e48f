"""Names that are needed before the SDK is loaded; loading it takes longer than anything else at a start."""

DATABASE = "temporal.db"
SETUP = "temporal.setup"
"""Beside the database: its first server has not served yet."""
ENDINGS = ("-wal", "-shm", "-journal")
"""Of the files that SQLite keeps beside a database."""
DATABASE_FILES = (DATABASE, *(DATABASE + ending for ending in ENDINGS), SETUP)
"""All of them: what is removed to forget every order."""
