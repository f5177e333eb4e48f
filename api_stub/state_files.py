"""The files of the state directory and the stack's own environment variable; names only.

It imports nothing: these are needed before the SDK is loaded, the slowest part of a start.
"""

DATABASE = "temporal.db"
SETUP = "temporal.setup"
"""Beside the database: its first server has not served yet."""
ENDINGS = ("-wal", "-shm", "-journal")
"""Of the files that SQLite keeps beside a database."""
DATABASE_FILES = (DATABASE, *(DATABASE + ending for ending in ENDINGS), SETUP)
"""All of them: what is removed to forget every order."""

LEDGER = "ledger.txt"
LEDGER_LOCK = "ledger.lock"
LEDGER_NEW = "ledger.new"
"""What the ledger is written to when it is written anew."""
RECEIPTS = "receipts.jsonl"
DAMAGED = "receipts.jsonl.damaged"
"""Receipts that could not be read, set aside."""
RECORDS = (LEDGER, LEDGER_LOCK, LEDGER_NEW, RECEIPTS, "receipts.new", DAMAGED)
"""Everything about orders and workers; it belongs to one Temporal."""

BOOTH = "booth"
"""The booth's name where one was made up; it stays the same, also when everything else is forgotten."""
BOOTHS = "booths"
"""A directory for each booth that this one was, with its records: they are none of another's."""

FAILURES = "failures.json"
"""What the failure menu has done."""
TOTALS = "kiosk.json"
"""The kiosk's totals of the day, and of all days."""
ROUNDS = "rounds.json"
"""The rounds that visitors played."""
LOSSES = "losses.json"
"""What was set aside as damaged, a sentence each."""
EXHIBIT = tuple(
    name
    for file in (FAILURES, TOTALS, ROUNDS, LOSSES)
    for name in (file, file.replace(".json", ".new"), f"{file}.damaged")
)
"""Everything that the exhibit keeps."""

ROSTER = "roster.json"
"""Who lived when the API last knew of them, where workers live on without it."""
MEMORY = "in-force.json"
"""Remembers which checkpoint is in force."""
RUN_VARIABLE = "GOPHERPIZZA_RUN"
"""The environment variable that names one run of the stack; its API finds it there."""
