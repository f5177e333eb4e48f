"""The files in the state directory; names only, for those who must know them before anything is loaded."""

LEDGER = "ledger.txt"
LEDGER_LOCK = "ledger.lock"
RECEIPTS = "receipts.jsonl"
DAMAGED = "receipts.jsonl.damaged"
"""Receipts that could not be read, set aside."""
ALL = (LEDGER, LEDGER_LOCK, "ledger.new", RECEIPTS, "receipts.new", DAMAGED)
