"""What the demonstration adds to a plain Temporal worker: dice, code that a visitor edits, processes."""
