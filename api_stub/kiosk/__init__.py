"""An exhibit that nobody looks after: what it does by itself, its reset, its totals, and rounds."""
