"""The files in the state directory; names only, for those who must know them before anything is loaded."""

LEDGER = "ledger.txt"
LEDGER_LOCK = "ledger.lock"
RECEIPTS = "receipts.jsonl"
ALL = (LEDGER, LEDGER_LOCK, "ledger.new", RECEIPTS, "receipts.new")
